"""A plane with a storage that is attached, an image and offerings: what operations begin from."""

from __future__ import annotations

from pathlib import Path

from sbsim.checks import Seen, disagreements
from sbsim.management import attachment, images, instances
from sbsim.management.chains import chain_of
from sbsim.management.entities import VmInstance, Volume
from sbsim.management.instances import NewInstance
from sbsim.management.management import Management

from .fake_volumes import FakeWorld
from .plane import added

GUEST = b"a guest".ljust(2**20, b"\0")
MIB = 2**20


def prepared(management: Management, folder: Path) -> Management:
    """PS-1 is attached to cluster-1; the image "guest", the offerings "small" and "disk"."""
    added(management)
    attachment.attach_to_cluster(management, "PS-1", "cluster-1")
    path = folder / "guest.raw"
    path.write_bytes(GUEST)
    images.add_image(management, "guest", path)
    images.add_instance_offering(management, "small", 1, 32 * MIB)
    images.add_disk_offering(management, "disk", 64 * MIB)
    return management


def made(management: Management, name: str = "vm-1", **more: object) -> VmInstance:
    return instances.create(management, NewInstance(name, "guest", "small", **more))  # type: ignore[arg-type]


def agree(management: Management, world: FakeWorld) -> None:
    """The plane's record and the hosts say the same, and nobody holds what nobody needs."""
    assert disagreements(management, seen(world)) == []
    with management.store.transaction() as rows:
        for volume in rows.all(Volume):
            if volume.lv:
                chain = chain_of(rows, volume)
                layers = [f"{chain.vg}/{layer.lv}" for layer in chain.layers]
                assert world.chain(layers[0]) == layers


def seen(world: FakeWorld) -> Seen:
    """What the hosts tell."""
    running = {uuid: [host] for uuid, host in world.running().items()}
    locks = {lv: users for lv, users in world.locks.items() if users}
    return Seen(running, locks, frozenset(world.lvs))
