"""Chapter 4: volumes are made at once, and a shared one serves instances of several hosts."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest

from fixtures.instances import OPERATES, Guests
from sbsim.acceptance.effects import Effects, nothing
from sbsim.acceptance.proof import Proof
from sbsim.kvm.domain import Domain, Drive
from sbsim.kvm.errors import InstanceFailed
from sbsim.kvm.guest import sector_of
from sbsim.machines import Clock
from sbsim.management import instance_inventory, instances, volume_attachment, volumes
from sbsim.management.deployed import Deployed
from sbsim.management.errors import Refused
from sbsim.management.instance_inventory import InstanceInventory
from sbsim.management.inventory import StorageInventory
from sbsim.management.management import Management
from sbsim.management.volumes import NewDataVolume
from sbsim.sharedblock.profiles import profile
from sbsim.sharedblock.sizes import GIB, MIB, exact, volume_size
from sbsim.sharedblock.volumes import Use, path_of

pytestmark = OPERATES

SIZE, GROWN = 64 * MIB, 96 * MIB


@pytest.fixture
def data_volume(operated: Management, storage: StorageInventory) -> Iterator[str]:
    volumes.create(operated, NewDataVolume("data", SIZE, storage.name))
    yield "data"
    volumes.delete(operated, "data")


@pytest.fixture
def shared_gone(operated: Management) -> Iterator[None]:
    """However the test ends, its shared volume stays with no instance."""
    yield
    with contextlib.suppress(Refused):
        left = instance_inventory.volume(operated, "shared")
        for user in left.instances:
            volume_attachment.detach(operated, left.uuid, user)
        volumes.delete(operated, left.uuid)


def wanted_bytes(deployed: Deployed, size: int, raw: bool) -> int:
    """What a volume of that size takes in the pool, in this version of the product."""
    return (
        exact(size) if raw and profile(deployed.deployment.profile).exact_raw else volume_size(size)
    )


@pytest.mark.requirement("R4.5")
def test_volume_exists_at_once_and_follows_its_instance(
    data_volume: str,
    operated: Management,
    deployed: Deployed,
    storage: StorageInventory,
    make_instance: Callable[..., InstanceInventory],
    guests: Guests,
    effects: Effects,
    proves: Proof,
) -> None:
    made = instance_inventory.volume(operated, data_volume)
    proves("R4.5", "ready", None, seen=made.status.value, wanted="Ready")
    raw = made.format == "raw"
    there = effects.volumes(storage.uuid)[made.uuid]
    proves("R4.5", "space", None, seen=there.size, wanted=wanted_bytes(deployed, SIZE, raw))
    proves("R4.5", "unused", None, seen=effects.locks(storage.uuid, made.uuid),
           wanted=nothing(deployed, {}))  # fmt: skip
    vm = make_instance("vm-1")
    volume_attachment.attach(operated, data_volume, "vm-1")
    held = effects.locks(storage.uuid, made.uuid)
    wanted = {**nothing(deployed, {}), vm.host: {made.uuid: "exclusive"}}
    proves("R4.5", "exclusive", None, seen=held, wanted=wanted)
    path = path_of(storage.uuid, made.uuid)
    host = deployed.deployment.host(vm.host)
    drives = deployed.instances(host).drives(vm.uuid)
    proves("R4.5", "attached", None, seen=path in drives.values(), wanted=True)
    volumes.resize(operated, data_volume, GROWN)
    proves("R4.5", "grown", None, seen=effects.volumes(storage.uuid)[made.uuid].size,
           wanted=wanted_bytes(deployed, GROWN, raw))  # fmt: skip
    volume_attachment.detach(operated, data_volume)
    told = guests.next_round("vm-1")
    proves("R4.5", "guest_unharmed", None, seen=[told.errors, told.strangers], wanted=[0, 0])
    proves("R4.5", "let_go", None, seen=effects.locks(storage.uuid, made.uuid),
           wanted=nothing(deployed, {}))  # fmt: skip


@pytest.mark.requirement("R4.5")
def test_thin_volume_takes_its_space_as_it_is_written(
    operated: Management,
    deployed: Deployed,
    storage: StorageInventory,
    make_instance: Callable[..., InstanceInventory],
    guests: Guests,
    effects: Effects,
) -> None:
    rules = profile(deployed.deployment.profile).thin
    new = NewDataVolume("thin", 8 * GIB, storage.name, thin=True)
    if rules is None:
        with pytest.raises(Refused, match="no thin volumes"):
            volumes.create(operated, new)
        return
    made = volumes.create(operated, new)
    try:
        assert effects.volumes(storage.uuid)[made.lv].size == volume_size(rules.begin)
        make_instance("vm-1")
        volume_attachment.attach(operated, "thin", "vm-1")
        extended = volumes.extend(operated, "thin")
        assert extended.actual == effects.volumes(storage.uuid)[made.lv].size
        assert extended.actual == volume_size(rules.begin) + rules.step
        volumes.resize(operated, "thin", 9 * GIB)
        assert effects.volumes(storage.uuid)[made.lv].size == extended.actual
        told = guests.next_round("vm-1")
        assert (told.errors, told.strangers) == (0, 0)
    finally:
        with contextlib.suppress(Refused):
            volume_attachment.detach(operated, "thin")
        volumes.delete(operated, "thin")


@pytest.mark.requirement("R4.6")
def test_shared_volume_serves_instances_of_two_hosts(
    shared_gone: None,
    operated: Management,
    deployed: Deployed,
    storage: StorageInventory,
    make_instance: Callable[..., InstanceInventory],
    guests: Guests,
    effects: Effects,
    clock: Clock,
    proves: Proof,
) -> None:
    first, second = deployed.deployment.hosts[:2]
    users = [make_instance("vm-1", first.name), make_instance("vm-2", second.name)]
    shared = volumes.create(operated, NewDataVolume("shared", SIZE, storage.name, shareable=True))
    proves.finding("shared-volumes-raw", "shared volumes are raw here; 2.6 makes them qcow2, which "
                   "libvirt does not share", where=storage.name)  # fmt: skip
    for one in users:
        volume_attachment.attach(operated, "shared", one.name)
    one_of = {shared.uuid: "shared"}
    proves("R4.6", "locks", None, seen=effects.locks(storage.uuid, shared.uuid),
           wanted={**nothing(deployed, {}), **{one.host: one_of for one in users}})  # fmt: skip
    proves("R4.6", "format", None, seen=shared.format, wanted="raw")
    for one in users:  # the guest looks for its disks when it starts
        instances.reboot(operated, one.name)
    told = [guests.next_round(one.name) for one in users]
    proves("R4.6", "no_errors", None, seen=[one.errors for one in told], wanted=[0, 0])
    third = deployed.deployment.hosts[-1]
    reader = deployed.volumes(third)
    with reader.using(storage.uuid, shared.uuid, Use.SHARED):
        written = []
        for one in users:
            sector = deployed.machines[third.name].run(
                "dd", f"if={path_of(storage.uuid, shared.uuid)}", "bs=512", "count=1",
                f"skip={sector_of(one.uuid)}", "iflag=direct", "status=none",
            )  # fmt: skip
            data = sector.stdout.encode(errors="surrogateescape")
            written.append(data[8:24].hex() == one.uuid)
    proves("R4.6", "both_wrote", None, seen=written, wanted=[True, True])
    for one in users:  # at rest: the guest would go on asking for a disk that is gone
        instances.stop(operated, one.name)
        volume_attachment.detach(operated, "shared", one.name)
    volumes.delete(operated, "shared")
    proves("R4.6", "let_go", None, seen=effects.locks(storage.uuid, shared.uuid),
           wanted=nothing(deployed, {}))  # fmt: skip


@pytest.mark.requirement("R4.6")
def test_libvirt_shares_no_qcow2(
    operated: Management,
    deployed: Deployed,
    storage: StorageInventory,
    make_instance: Callable[..., InstanceInventory],
    proves: Proof,
) -> None:
    vm = make_instance("vm-1")
    host = deployed.deployment.host(vm.host)
    drive = Drive(0, path_of(storage.uuid, "none"), "qcow2", "none", shareable=True)
    stranger = Domain("f" * 32, 1, 32 * MIB, (drive,))
    with pytest.raises(InstanceFailed) as caught:
        deployed.instances(host).start(stranger)
    refused = "shared access for disk 'vda' requires use of supported storage format"
    proves("R4.6", "qcow2_refused", None, seen=refused in str(caught.value), wanted=True)
