"""Volumes and snapshots: made, attached, grown, reverted, deleted; every chain keeps its blocks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sbsim.errors import SbsimError
from sbsim.management import (
    instance_inventory,
    instances,
    migration,
    snapshots,
    volume_attachment,
    volumes,
)
from sbsim.management.entities import VolumeStatus
from sbsim.management.errors import ManagementError, Refused
from sbsim.management.management import Management
from sbsim.management.volumes import NewDataVolume
from sbsim.sharedblock.sizes import volume_size

from .fake_volumes import FakeWorld
from .operated import MIB, agree, made, prepared
from .plane import THIN


@pytest.fixture
def operated(management: Management, tmp_path: Path) -> Management:
    return prepared(management, tmp_path)


def lv_of(management: Management, name: str) -> str:
    return instance_inventory.volume(management, name).install_path.removeprefix("sharedblock://")


def disk(
    management: Management, name: str = "disk-1", size: int = 64 * MIB, **more: object
) -> None:
    new = NewDataVolume(name, size, **{"storage": "PS-1", **more})  # type: ignore[arg-type]
    volumes.create(management, new)


# --- volumes --------------------------------------------------------------------------------------


def test_volume_of_a_storage_takes_its_space_at_once(
    operated: Management, world: FakeWorld
) -> None:
    disk(operated)
    found = instance_inventory.volume(operated, "disk-1")
    assert found.status is VolumeStatus.READY
    assert (found.size, found.actual) == (64 * MIB, volume_size(64 * MIB))
    assert world.lvs[lv_of(operated, "disk-1")]["format"] == "qcow2"
    agree(operated, world)


def test_volume_without_a_storage_gets_its_space_when_it_is_attached(
    operated: Management, world: FakeWorld
) -> None:
    volumes.create(operated, NewDataVolume("disk-1", 64 * MIB))
    found = instance_inventory.volume(operated, "disk-1")
    assert (found.status, found.storage) == (VolumeStatus.NOT_INSTANTIATED, "")
    made(operated)
    volume_attachment.attach(operated, "disk-1", "vm-1")
    found = instance_inventory.volume(operated, "disk-1")
    assert (found.status, found.storage) == (VolumeStatus.READY, "PS-1")
    agree(operated, world)


@pytest.mark.parametrize(
    ("size", "words"),
    [
        pytest.param(0, "expected a multiple of 512", id="none"),
        pytest.param(1000, "expected a multiple of 512", id="half a sector"),
        pytest.param(2**60, "expected a multiple of 512", id="absurd"),
        pytest.param(2**40, "99.97 GiB free", id="more than there is"),
    ],
)
def test_bad_sizes_are_refused(operated: Management, size: int, words: str) -> None:
    made(operated)  # so that the record of what is free is fresh
    with pytest.raises(Refused, match=words):
        disk(operated, size=size)
    assert len(instance_inventory.volumes(operated)) == 1


def test_volume_that_cannot_be_made_leaves_nothing(operated: Management, world: FakeWorld) -> None:
    world.errors["host1", "make"] = SbsimError("host1: vg is full")
    with pytest.raises(ManagementError, match="disk-1 was not made: host1: vg is full"):
        disk(operated)
    assert instance_inventory.volumes(operated) == []
    agree(operated, world)


def test_attached_volume_follows_its_instance(operated: Management, world: FakeWorld) -> None:
    disk(operated)
    made(operated)
    volume_attachment.attach(operated, "disk-1", "vm-1")
    agree(operated, world)
    instances.stop(operated, "vm-1")
    agree(operated, world)
    instances.start(operated, "vm-1", "host2")
    migration.migrate(operated, "vm-1", "host3")
    agree(operated, world)
    volume_attachment.detach(operated, "disk-1")
    agree(operated, world)
    assert instance_inventory.volume(operated, "disk-1").instances == ()


def test_volume_is_attached_to_one_instance_only(operated: Management) -> None:
    disk(operated)
    made(operated)
    made(operated, "vm-2")
    volume_attachment.attach(operated, "disk-1", "vm-1")
    with pytest.raises(Refused, match="is attached to vm-1, and it is no shared volume"):
        volume_attachment.attach(operated, "disk-1", "vm-2")
    with pytest.raises(Refused, match="attached to vm-1 already"):
        volume_attachment.attach(operated, "disk-1", "vm-1")
    with pytest.raises(Refused, match="attached to vm-1; detach it first"):
        volumes.delete(operated, "disk-1")


def test_shared_volume_is_attached_to_instances_of_several_hosts(
    operated: Management, world: FakeWorld
) -> None:
    disk(operated, shareable=True)
    lv = lv_of(operated, "disk-1")
    for name in ("vm-1", "vm-2"):
        made(operated, name)
        volume_attachment.attach(operated, "disk-1", name)
    assert world.lvs[lv]["format"] == "raw"
    assert world.locks[lv] == {"host1": "shared", "host2": "shared"}
    agree(operated, world)
    with pytest.raises(Refused, match="attached to vm-1, vm-2; say which"):
        volume_attachment.detach(operated, "disk-1")
    volume_attachment.detach(operated, "disk-1", "vm-1")
    assert world.locks[lv] == {"host2": "shared"}
    agree(operated, world)


def test_shared_volume_stays_while_another_instance_of_the_host_has_it(
    operated: Management, world: FakeWorld
) -> None:
    disk(operated, shareable=True)
    for name in ("vm-1", "vm-2"):
        made(operated, name, host="host1")
        volume_attachment.attach(operated, "disk-1", name)
    instances.stop(operated, "vm-1")
    agree(operated, world)


def test_failed_attach_leaves_it_detached(operated: Management, world: FakeWorld) -> None:
    disk(operated)
    made(operated)
    world.errors["host1", "attach"] = SbsimError("host1: no slot")
    with pytest.raises(ManagementError, match="was not attached to vm-1: host1: no slot"):
        volume_attachment.attach(operated, "disk-1", "vm-1")
    assert instance_inventory.volume(operated, "disk-1").instances == ()
    agree(operated, world)


def test_root_volume_is_neither_attached_nor_detached_nor_deleted(operated: Management) -> None:
    made(operated)
    made(operated, "vm-2")
    with pytest.raises(Refused, match="is a root volume"):
        volume_attachment.attach(operated, "vm-1-root", "vm-2")
    with pytest.raises(Refused, match="is a root volume"):
        volume_attachment.detach(operated, "vm-1-root")
    with pytest.raises(Refused, match="it goes with its instance"):
        volumes.delete(operated, "vm-1-root")


@pytest.mark.parametrize("running", [True, False])
def test_volume_grows(operated: Management, world: FakeWorld, running: bool) -> None:
    made(operated, start=running)
    volumes.resize(operated, "vm-1-root", 80 * MIB)
    found = instance_inventory.volume(operated, "vm-1-root")
    assert (found.size, found.actual) == (80 * MIB, volume_size(80 * MIB))
    assert world.lvs[lv_of(operated, "vm-1-root")]["virtual"] == 80 * MIB
    agree(operated, world)


def test_what_cannot_grow_is_refused(operated: Management) -> None:
    disk(operated)
    disk(operated, "disk-2", shareable=True)
    with pytest.raises(Refused, match="would be no growth"):
        volumes.resize(operated, "disk-1", 64 * MIB)
    with pytest.raises(Refused, match="shared volume; those cannot be resized"):
        volumes.resize(operated, "disk-2", 80 * MIB)


def test_growth_that_fails_is_finished_by_the_next(operated: Management, world: FakeWorld) -> None:
    made(operated)
    world.errors["host1", "resize"] = SbsimError("host1: busy")
    with pytest.raises(ManagementError, match="was not made larger: host1: busy"):
        volumes.resize(operated, "vm-1-root", 80 * MIB)
    assert instance_inventory.volume(operated, "vm-1-root").size == MIB
    world.errors.clear()
    volumes.resize(operated, "vm-1-root", 80 * MIB)
    agree(operated, world)


# --- thin volumes ---------------------------------------------------------------------------------


BEGIN, STEP = THIN.begin, THIN.step


def actual(management: Management, name: str = "disk-1") -> int:
    return instance_inventory.volume(management, name).actual


def test_thin_volume_begins_small_and_grows_by_steps_up_to_its_most(
    operated: Management, world: FakeWorld
) -> None:
    disk(operated, size=128 * MIB, thin=True)
    assert actual(operated) == volume_size(BEGIN) == world.lvs[lv_of(operated, "disk-1")]["size"]
    sizes = [volumes.extend(operated, "disk-1").actual for _ in range(5)]
    assert sizes == [volume_size(BEGIN) + number * STEP for number in range(1, 6)]
    assert sizes[-2] < 2 * 128 * MIB <= sizes[-1]
    with pytest.raises(Refused, match="2 times what its instance sees is the most"):
        volumes.extend(operated, "disk-1")
    agree(operated, world)


def test_thin_volume_that_is_small_has_all_of_its_space(operated: Management) -> None:
    disk(operated, thin=True)
    assert actual(operated) == volume_size(64 * MIB)


def test_instance_that_waits_for_space_goes_on(operated: Management, world: FakeWorld) -> None:
    vm = made(operated)
    disk(operated, size=128 * MIB, thin=True)
    volume_attachment.attach(operated, "disk-1", "vm-1")
    world.paused.add(vm.uuid)
    volumes.extend(operated, "disk-1")
    assert (world.paused, actual(operated)) == (set(), volume_size(BEGIN) + STEP)
    agree(operated, world)


def test_more_space_that_fails_is_given_once_by_the_next(
    operated: Management, world: FakeWorld
) -> None:
    made(operated)
    disk(operated, size=256 * MIB, thin=True)
    volume_attachment.attach(operated, "disk-1", "vm-1")
    world.errors["host1", "go_on"] = SbsimError("host1: busy")
    with pytest.raises(ManagementError, match="disk-1 got no more space: host1: busy"):
        volumes.extend(operated, "disk-1")
    world.errors.clear()
    assert volumes.extend(operated, "disk-1").actual == volume_size(BEGIN) + STEP
    agree(operated, world)


def test_thin_volume_made_larger_takes_no_more_space_and_its_layers_are_thin(
    operated: Management, world: FakeWorld
) -> None:
    disk(operated, size=128 * MIB, thin=True)
    volumes.resize(operated, "disk-1", 256 * MIB)
    found = instance_inventory.volume(operated, "disk-1")
    assert (found.size, found.actual) == (256 * MIB, volume_size(BEGIN))
    snapshots.take(operated, "disk-1", "s-1")
    assert actual(operated) == volume_size(BEGIN)
    agree(operated, world)


def test_thin_volume_that_grew_when_its_snapshot_went_is_extended_from_there(
    operated: Management, world: FakeWorld
) -> None:
    disk(operated, size=128 * MIB, thin=True)
    snapshots.take(operated, "disk-1", "s-1")
    snapshots.delete(operated, "s-1")
    assert actual(operated) == volume_size(128 * MIB)
    assert volumes.extend(operated, "disk-1").actual == volume_size(128 * MIB) + STEP
    agree(operated, world)


def test_what_cannot_be_thin_or_extended_is_refused(operated: Management) -> None:
    with pytest.raises(Refused, match="this version of the product has no thin volumes"):
        disk(replace(operated, thin=None), thin=True)
    with pytest.raises(Refused, match="cannot be both shared and thin"):
        disk(operated, thin=True, shareable=True)
    disk(operated)
    with pytest.raises(Refused, match="disk-1 is not thin"):
        volumes.extend(operated, "disk-1")


# --- snapshots ------------------------------------------------------------------------------------


def write(management: Management, world: FakeWorld, volume: str, **blocks: str) -> None:
    for block, text in blocks.items():
        world.write(lv_of(management, volume), int(block.lstrip("b")), text)


def read(management: Management, world: FakeWorld, volume: str) -> str:
    return "".join(world.read(lv_of(management, volume), block) or "-" for block in (1, 2, 3))


@pytest.mark.parametrize("running", [True, False])
def test_snapshot_keeps_what_was_there(
    operated: Management, world: FakeWorld, running: bool
) -> None:
    made(operated, start=running)
    write(operated, world, "vm-1-root", b1="a", b2="a")
    snapshots.take(operated, "vm-1-root", "s-1")
    write(operated, world, "vm-1-root", b2="b")
    agree(operated, world)
    assert read(operated, world, "vm-1-root") == "ab-"
    if running:
        with pytest.raises(Refused, match="vm-1 runs with it; stop it first"):
            snapshots.revert(operated, "s-1")
        instances.stop(operated, "vm-1")
    snapshots.revert(operated, "s-1")
    assert read(operated, world, "vm-1-root") == "aa-"
    agree(operated, world)


@pytest.fixture
def chain(operated: Management, world: FakeWorld) -> Management:
    """A volume with three snapshots in a row: aa-, ab-, abc; it now holds xbc."""
    made(operated, start=False)
    write(operated, world, "vm-1-root", b1="a", b2="a")
    snapshots.take(operated, "vm-1-root", "s-1")
    write(operated, world, "vm-1-root", b2="b")
    snapshots.take(operated, "vm-1-root", "s-2")
    write(operated, world, "vm-1-root", b3="c")
    snapshots.take(operated, "vm-1-root", "s-3")
    write(operated, world, "vm-1-root", b1="x")
    return operated


HELD = {"s-1": "aa-", "s-2": "ab-", "s-3": "abc"}


@pytest.mark.parametrize("name", HELD)
def test_every_snapshot_of_a_chain_can_be_reverted_to(
    chain: Management, world: FakeWorld, name: str
) -> None:
    snapshots.revert(chain, name)
    assert read(chain, world, "vm-1-root") == HELD[name]
    agree(chain, world)
    instances.start(chain, "vm-1")
    agree(chain, world)


@pytest.mark.parametrize("name", HELD)
def test_any_snapshot_of_a_chain_can_be_deleted(
    chain: Management, world: FakeWorld, name: str
) -> None:
    snapshots.delete(chain, name)
    assert read(chain, world, "vm-1-root") == "xbc"
    agree(chain, world)
    for other in HELD.keys() - {name}:
        snapshots.revert(chain, other)
        assert read(chain, world, "vm-1-root") == HELD[other]
    agree(chain, world)


def test_deleting_a_snapshot_that_two_go_on_from_keeps_both(
    chain: Management, world: FakeWorld
) -> None:
    snapshots.revert(chain, "s-1")
    write(chain, world, "vm-1-root", b3="z")
    snapshots.delete(chain, "s-1")
    assert read(chain, world, "vm-1-root") == "aaz"
    snapshots.revert(chain, "s-2")
    assert read(chain, world, "vm-1-root") == "ab-"
    agree(chain, world)


def test_reverting_gives_the_size_of_then(chain: Management, world: FakeWorld) -> None:
    volumes.resize(chain, "vm-1-root", 80 * MIB)
    snapshots.revert(chain, "s-2")
    assert instance_inventory.volume(chain, "vm-1-root").size == MIB
    agree(chain, world)


def test_volume_goes_with_its_snapshots(operated: Management, world: FakeWorld) -> None:
    disk(operated)
    snapshots.take(operated, "disk-1", "s-1")
    snapshots.take(operated, "disk-1", "s-2")
    volumes.delete(operated, "disk-1")
    assert instance_inventory.snapshots(operated) == []
    assert world.lvs == {}
    agree(operated, world)


def test_shared_volume_has_no_snapshots(operated: Management) -> None:
    disk(operated, shareable=True)
    with pytest.raises(Refused, match="is a shared volume"):
        snapshots.take(operated, "disk-1", "s-1")


@pytest.mark.parametrize("what", ["make", "go_on_in"])
def test_failed_snapshot_leaves_the_volume_as_it_was(
    operated: Management, world: FakeWorld, what: str
) -> None:
    made(operated)
    write(operated, world, "vm-1-root", b1="a")
    world.errors["host1", what] = SbsimError("host1: no")
    with pytest.raises(ManagementError, match="no snapshot of vm-1-root was taken: host1: no"):
        snapshots.take(operated, "vm-1-root", "s-1")
    assert instance_inventory.snapshots(operated) == []
    assert read(operated, world, "vm-1-root") == "a--"
    agree(operated, world)
