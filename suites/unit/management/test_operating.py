"""A storage's states, and what each of them lets one do: the whole matrix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sbsim.errors import SbsimError
from sbsim.management import (
    attachment,
    growth,
    instance_inventory,
    instances,
    inventory,
    migration,
    operating,
    primary_storage,
    snapshots,
    volume_attachment,
    volumes,
)
from sbsim.management.entities import InstanceState, State
from sbsim.management.errors import ManagementError, Refused
from sbsim.management.management import Management
from sbsim.management.rules import Act, allows
from sbsim.management.volumes import NewDataVolume

from .fake_san import SECOND_DISK
from .fake_volumes import FakeWorld
from .operated import MIB, agree, made, prepared
from .plane import added

SET = {
    State.ENABLED: operating.enable,
    State.DISABLED: operating.disable,
    State.MAINTENANCE: operating.maintain,
}


@pytest.fixture
def operated(management: Management, tmp_path: Path) -> Management:
    return prepared(management, tmp_path)


def disk(management: Management, name: str, **more: object) -> None:
    volumes.create(management, NewDataVolume(name, 64 * MIB, "PS-1", **more))  # type: ignore[arg-type]


@pytest.fixture
def furnished(operated: Management) -> Management:
    """vm-1 runs, vm-2 is stopped, disk-1 is free and has a snapshot, disk-2 is vm-1's."""
    made(operated)
    made(operated, "vm-2", start=False)
    disk(operated, "disk-1")
    snapshots.take(operated, "disk-1", "s-1")
    disk(operated, "disk-2")
    volume_attachment.attach(operated, "disk-2", "vm-1")
    return operated


ACTS: dict[Act, Callable[[Management], object]] = {
    Act.NEW_INSTANCE: lambda one: made(one, "vm-3"),
    Act.NEW_VOLUME: lambda one: disk(one, "disk-3"),
    Act.TAKE_SNAPSHOT: lambda one: snapshots.take(one, "disk-1", "s-2"),
    Act.RESIZE_VOLUME: lambda one: volumes.resize(one, "disk-1", 80 * MIB),
    Act.START_INSTANCE: lambda one: instances.start(one, "vm-2"),
    Act.MIGRATE_INSTANCE: lambda one: migration.migrate(one, "vm-1"),
    Act.ATTACH_VOLUME: lambda one: volume_attachment.attach(one, "disk-1", "vm-2"),
    Act.DETACH_VOLUME: lambda one: volume_attachment.detach(one, "disk-2"),
    Act.REVERT: lambda one: snapshots.revert(one, "s-1"),
    Act.DELETE_SNAPSHOT: lambda one: snapshots.delete(one, "s-1"),
    Act.DELETE_VOLUME: lambda one: volumes.delete(one, "disk-1"),
    Act.STOP_INSTANCE: lambda one: instances.stop(one, "vm-1"),
}
# What maintenance itself has done away with: there is nothing running to act on.
STOPPED_BY_MAINTENANCE = {Act.MIGRATE_INSTANCE, Act.STOP_INSTANCE}


@pytest.mark.parametrize("state", SET)
@pytest.mark.parametrize("act", ACTS)
def test_state_lets_do_what_the_table_says(
    furnished: Management, world: FakeWorld, act: Act, state: State
) -> None:
    SET[state](furnished, "PS-1")
    if state is State.MAINTENANCE and act in STOPPED_BY_MAINTENANCE:
        with pytest.raises(Refused, match="it is Stopped"):
            ACTS[act](furnished)
    elif allows(state, act):
        ACTS[act](furnished)
    else:
        held = dict(world.lvs)
        with pytest.raises(Refused, match=rf"PS-1 is {state}; .*: sbsim ps enable PS-1") as caught:
            ACTS[act](furnished)
        assert caught.value.code == "PS.1000"
        assert world.lvs == held
    agree(furnished, world)


def test_every_act_is_in_the_matrix() -> None:
    assert set(ACTS) == set(Act) - {Act.ADD_IMAGE}


def test_disabled_storage_shows_its_volumes_disabled_and_runs_on(
    furnished: Management, world: FakeWorld
) -> None:
    operating.disable(furnished, "PS-1")
    assert {one.state for one in instance_inventory.volumes(furnished)} == {State.DISABLED}
    assert instance_inventory.instance(furnished, "vm-1").state is InstanceState.RUNNING
    operating.enable(furnished, "PS-1")
    assert {one.state for one in instance_inventory.volumes(furnished)} == {State.ENABLED}
    made(furnished, "vm-3")
    agree(furnished, world)


def test_volume_without_a_storage_can_be_recorded_while_it_is_disabled(
    furnished: Management,
) -> None:
    operating.disable(furnished, "PS-1")
    volumes.create(furnished, NewDataVolume("disk-3", 64 * MIB))
    with pytest.raises(Refused, match="PS-1 is Disabled"):
        volume_attachment.attach(furnished, "disk-3", "vm-1")


# --- maintenance ----------------------------------------------------------------------------------


def test_maintenance_stops_every_user_and_leaves_no_lock(
    operated: Management, world: FakeWorld
) -> None:
    made(operated)
    made(operated, "vm-2", never_stop=True)
    disk(operated, "shared", shareable=True)
    volume_attachment.attach(operated, "shared", "vm-2")
    operating.maintain(operated, "PS-1")
    assert inventory.storage(operated, "PS-1").state is State.MAINTENANCE
    states = {one.name: one.state for one in instance_inventory.instances(operated)}
    assert set(states.values()) == {InstanceState.STOPPED}
    assert not any(world.locks.values())
    agree(operated, world)
    operating.enable(operated, "PS-1")
    instances.start(operated, "vm-2")
    agree(operated, world)


@pytest.fixture
def two_storages(operated: Management) -> Management:
    added(operated, name="PS-2", disks=(SECOND_DISK,))
    attachment.attach_to_cluster(operated, "PS-2", "cluster-1")
    return operated


def test_maintenance_stops_whoever_has_only_a_shared_volume_there(
    two_storages: Management, world: FakeWorld
) -> None:
    made(two_storages, storage="PS-2", never_stop=True)
    made(two_storages, "vm-2", storage="PS-2")
    disk(two_storages, "shared", shareable=True)
    volume_attachment.attach(two_storages, "shared", "vm-1")
    operating.maintain(two_storages, "PS-1")
    states = {one.name: one.state for one in instance_inventory.instances(two_storages)}
    assert states == {"vm-1": InstanceState.STOPPED, "vm-2": InstanceState.RUNNING}
    agree(two_storages, world)


def test_maintenance_tells_what_it_could_not_stop(operated: Management, world: FakeWorld) -> None:
    made(operated)
    made(operated, "vm-2", host="host2")
    for what in ("shut_down", "states", "uses"):
        world.errors["host1", what] = SbsimError("host1: silent")
    with pytest.raises(ManagementError, match=r"PS-1 is Maintenance, but not everything .*vm-1"):
        operating.maintain(operated, "PS-1")
    states = {one.name: one.state for one in instance_inventory.instances(operated)}
    assert states == {"vm-1": InstanceState.UNKNOWN, "vm-2": InstanceState.STOPPED}
    world.errors.clear()
    operating.maintain(operated, "PS-1")
    assert not any(world.locks.values())
    agree(operated, world)


def test_maintenance_stops_instances_of_one_name(operated: Management, world: FakeWorld) -> None:
    first, second = made(operated), made(operated)
    for host in ("host1", "host2"):
        world.errors[host, "shut_down"] = SbsimError(f"{host}: silent")
    with pytest.raises(ManagementError) as caught:
        operating.maintain(operated, "PS-1")
    for uuid in (first.uuid, second.uuid):
        assert f"vm-1 ({uuid}): " in str(caught.value)
    world.errors.clear()
    operating.maintain(operated, "PS-1")
    assert world.running() == {}
    agree(operated, world)


# --- detach and delete ----------------------------------------------------------------------------


def test_detach_stops_what_uses_the_storage(operated: Management, world: FakeWorld) -> None:
    made(operated, never_stop=True)
    attachment.detach_from_cluster(operated, "PS-1", "cluster-1")
    assert instance_inventory.instance(operated, "vm-1").state is InstanceState.STOPPED
    agree(operated, world)
    with pytest.raises(Refused, match="no host is connected to PS-1"):
        instances.start(operated, "vm-1")


def test_delete_takes_what_boots_from_it_and_leaves_what_does_not(
    two_storages: Management, world: FakeWorld
) -> None:
    made(two_storages, storage="PS-1")
    made(two_storages, "vm-2", storage="PS-2")
    disk(two_storages, "disk-1")
    volume_attachment.attach(two_storages, "disk-1", "vm-2")
    volumes.create(two_storages, NewDataVolume("disk-2", 64 * MIB, "PS-2"))
    volume_attachment.attach(two_storages, "disk-2", "vm-1")
    snapshots.take(two_storages, "vm-1-root", "s-1")
    uuid = inventory.storage(two_storages, "PS-1").uuid
    with pytest.raises(Refused, match="still attached to cluster-1"):
        primary_storage.delete(two_storages, uuid)
    attachment.detach_from_cluster(two_storages, "PS-1", "cluster-1")
    on_luns = set(world.lvs)
    assert primary_storage.delete(two_storages, uuid)
    assert [one.name for one in instance_inventory.instances(two_storages)] == ["vm-2"]
    left = {one.name: one.instances for one in instance_inventory.volumes(two_storages)}
    assert left == {"vm-2-root": ("vm-2",), "disk-2": ()}
    assert instance_inventory.snapshots(two_storages) == []
    assert set(world.lvs) == on_luns  # what is on the LUNs stays
    instances.start(two_storages, "vm-2")


# --- two at once ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(lambda one: operating.maintain(one, "PS-1"), id="maintenance"),
        pytest.param(
            lambda one: attachment.detach_from_cluster(one, "PS-1", "cluster-1"), id="detach"
        ),
        pytest.param(lambda one: growth.refresh(one, "PS-1"), id="refresh"),
        pytest.param(lambda one: instances.start(one, "vm-2"), id="the same instance"),
    ],
)
def test_what_changes_a_storage_is_refused_while_an_instance_starts_on_it(
    furnished: Management, world: FakeWorld, second: Callable[[Management], object]
) -> None:
    refusals: list[str] = []

    def meanwhile(_text: str) -> None:
        with pytest.raises(Refused, match=r"under way: start|it is Starting") as caught:
            second(furnished)
        refusals.append(caught.value.code)

    instances.start(replace(furnished, progress=meanwhile), "vm-2")
    assert refusals == ["SYS.1006"]
    agree(furnished, world)


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(lambda one: instances.start(one, "vm-2"), id="start"),
        pytest.param(lambda one: disk(one, "disk-3"), id="volume"),
        pytest.param(lambda one: snapshots.take(one, "disk-1", "s-2"), id="snapshot"),
        pytest.param(lambda one: operating.enable(one, "PS-1"), id="enable"),
    ],
)
def test_nothing_is_begun_on_a_storage_that_enters_maintenance(
    furnished: Management, world: FakeWorld, second: Callable[[Management], object]
) -> None:
    refusals: list[str] = []

    def meanwhile(_text: str) -> None:
        with pytest.raises(Refused, match=r"under way: change state|is Maintenance") as caught:
            second(furnished)
        refusals.append(caught.value.code)

    operating.maintain(replace(furnished, progress=meanwhile), "PS-1")
    assert len(refusals) == 2  # told twice: whom it stops, and each of them
    agree(furnished, world)


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(lambda one: snapshots.revert(one, "s-2"), id="revert"),
        pytest.param(lambda one: snapshots.take(one, "vm-2-root", "s-3"), id="snapshot"),
        pytest.param(lambda one: volumes.resize(one, "vm-2-root", 80 * MIB), id="resize"),
    ],
)
def test_a_volume_is_not_changed_while_its_instance_starts(
    furnished: Management, world: FakeWorld, second: Callable[[Management], object]
) -> None:
    snapshots.take(furnished, "vm-2-root", "s-2")
    refusals: list[str] = []

    def meanwhile(_text: str) -> None:
        with pytest.raises(Refused, match=r"under way: start|runs with it") as caught:
            second(furnished)
        refusals.append(caught.value.code)

    instances.start(replace(furnished, progress=meanwhile), "vm-2")
    assert refusals
    agree(furnished, world)


def test_instance_is_not_started_while_its_volume_is_changed(
    furnished: Management, world: FakeWorld
) -> None:
    snapshots.take(furnished, "vm-2-root", "s-2")
    refusals: list[str] = []

    def meanwhile(_text: str) -> None:
        with pytest.raises(Refused, match="under way: revert") as caught:
            instances.start(furnished, "vm-2")
        refusals.append(caught.value.code)

    snapshots.revert(replace(furnished, progress=meanwhile), "s-2")
    assert refusals == ["SYS.1006"]
    agree(furnished, world)


def test_two_starts_at_once_both_happen(operated: Management, world: FakeWorld) -> None:
    made(operated, start=False)
    made(operated, "vm-2", start=False)
    started: list[str] = []

    def meanwhile(_text: str) -> None:
        if not started:
            started.append("vm-2")
            instances.start(operated, "vm-2")

    instances.start(replace(operated, progress=meanwhile), "vm-1")
    hosts = {one.host for one in instance_inventory.instances(operated)}
    assert hosts == {"host1", "host2"}
    agree(operated, world)
