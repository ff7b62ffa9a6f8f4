"""A plane with a storage that is attached, an image and offerings: what operations begin from."""

from __future__ import annotations

from pathlib import Path

from sbsim.management import attachment, images, instances
from sbsim.management.entities import (
    Host,
    ImageCache,
    InstanceState,
    Snapshot,
    VmInstance,
    Volume,
    VolumeRef,
)
from sbsim.management.instances import NewInstance
from sbsim.management.management import Management
from sbsim.management.operation import Operation, Progress
from sbsim.sharedblock.volumes import Use

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
    running = world.running()
    with management.store.transaction() as rows:
        assert not rows.all(Operation, progress=Progress.RUNNING)
        needed: dict[str, dict[str, str]] = {}
        hosts = {one.uuid: one.name for one in rows.all(Host)}
        for instance in rows.all(VmInstance):
            host = hosts[instance.host_uuid] if instance.host_uuid else None
            assert running.get(instance.uuid) == host, instance
            up = instance.state in (InstanceState.RUNNING, InstanceState.PAUSED)
            assert (host is not None) == up, instance
            for ref in rows.all(VolumeRef, vm_instance_uuid=instance.uuid):
                volume = rows.one(Volume, uuid=ref.volume_uuid)
                assert volume is not None
                if host is None:
                    continue
                top, *behind = world.chain(f"{volume.primary_storage_uuid}/{volume.lv}")
                use = Use.SHARED if volume.shareable else Use.EXCLUSIVE
                needed.setdefault(top, {})[host] = use.value
                for one in behind:
                    needed.setdefault(one, {})[host] = Use.SHARED.value
        held = {lv: users for lv, users in world.locks.items() if users}
        assert held == needed
        known = {
            *(f"{one.primary_storage_uuid}/{one.lv}" for one in rows.all(Volume) if one.lv),
            *(f"{one.primary_storage_uuid}/{one.lv}" for one in rows.all(Snapshot)),
            *(f"{one.primary_storage_uuid}/{one.image_uuid}" for one in rows.all(ImageCache)),
        }
    assert set(world.lvs) == known
