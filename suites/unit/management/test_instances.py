"""VM instances: made, started, stopped, moved; the record, the locks and the hosts agree."""

from __future__ import annotations

from pathlib import Path

import pytest

from sbsim.errors import MachineError, SbsimError
from sbsim.management import instance_inventory, instances, migration, reconnection
from sbsim.management.entities import Host, InstanceState, VmInstance
from sbsim.management.errors import ManagementError, Refused
from sbsim.management.management import Management
from sbsim.management.recovery import recover

from .fake_volumes import FakeWorld
from .operated import agree, made, prepared


@pytest.fixture
def operated(management: Management, tmp_path: Path) -> Management:
    return prepared(management, tmp_path)


def shown(management: Management, name: str = "vm-1") -> tuple[InstanceState, str]:
    found = instance_inventory.instance(management, name)
    return found.state, found.host


def test_instance_is_made_of_its_image_and_runs(operated: Management, world: FakeWorld) -> None:
    made(operated)
    assert shown(operated) == (InstanceState.RUNNING, "host1")
    root = instance_inventory.volume(operated, "vm-1-root")
    lv = root.install_path.removeprefix("sharedblock://")
    assert world.read(lv, 0) == b"a guest".ljust(16, b"\0").hex()
    agree(operated, world)


def test_instances_go_where_the_fewest_are(operated: Management, world: FakeWorld) -> None:
    for name in ("vm-1", "vm-2", "vm-3", "vm-4"):
        made(operated, name)
    hosts = [one.host for one in instance_inventory.instances(operated)]
    assert hosts == ["host1", "host2", "host3", "host1"]
    fills = [what for _, what in world.calls if what == "fill"]
    assert len(fills) == 1
    agree(operated, world)


def test_host_of_another_cluster_is_refused(operated: Management) -> None:
    with pytest.raises(Refused, match="host4 is a host of another cluster"):
        made(operated, host="host4")


def test_stopped_instance_leaves_no_lock(operated: Management, world: FakeWorld) -> None:
    made(operated)
    instances.stop(operated, "vm-1")
    assert shown(operated) == (InstanceState.STOPPED, "")
    assert not any(world.locks.values())
    agree(operated, world)
    instances.start(operated, "vm-1", "host2")
    assert shown(operated) == (InstanceState.RUNNING, "host2")
    agree(operated, world)


def test_image_stays_active_while_another_instance_reads_it(
    operated: Management, world: FakeWorld
) -> None:
    made(operated, host="host1")
    made(operated, "vm-2", host="host1")
    instances.stop(operated, "vm-1")
    agree(operated, world)


def test_deaf_instance_loses_its_power(operated: Management, world: FakeWorld) -> None:
    world.deaf.add(made(operated).uuid)
    instances.stop(operated, "vm-1")
    assert ("host1", "destroy") in world.calls
    agree(operated, world)


def test_never_stop_is_stopped_only_when_it_is_meant(
    operated: Management, world: FakeWorld
) -> None:
    made(operated, never_stop=True)
    with pytest.raises(Refused, match="NeverStop"):
        instances.stop(operated, "vm-1")
    instances.stop(operated, "vm-1", stop_ha=True)
    agree(operated, world)


def test_wrong_states_are_refused(operated: Management) -> None:
    made(operated)
    with pytest.raises(Refused, match="it is Running; expected Created or Stopped"):
        instances.start(operated, "vm-1")
    instances.stop(operated, "vm-1")
    with pytest.raises(Refused, match="it is Stopped"):
        instances.stop(operated, "vm-1")
    with pytest.raises(Refused, match="expected Running"):
        migration.migrate(operated, "vm-1")


def test_rebooted_instance_keeps_its_place(operated: Management, world: FakeWorld) -> None:
    made(operated, host="host2")
    instances.reboot(operated, "vm-1")
    assert shown(operated) == (InstanceState.RUNNING, "host2")
    agree(operated, world)


@pytest.mark.parametrize("what", ["make", "fill", "use shared"])
def test_instance_that_cannot_be_made_leaves_nothing(
    operated: Management, world: FakeWorld, what: str
) -> None:
    world.errors["host1", what] = SbsimError("host1: no")
    with pytest.raises(ManagementError, match=r"was not made: .*host1: no"):
        made(operated)
    assert instance_inventory.instances(operated) == []
    assert instance_inventory.volumes(operated) == []
    world.errors.clear()
    agree(operated, world)
    made(operated)


@pytest.mark.parametrize("what", ["start", "use exclusive"])
def test_instance_that_cannot_be_started_is_stopped(
    operated: Management, world: FakeWorld, what: str
) -> None:
    world.errors["host1", what] = SbsimError("host1: no")
    with pytest.raises(ManagementError, match="was not started on host1: host1: no"):
        made(operated)
    assert shown(operated) == (InstanceState.STOPPED, "")
    agree(operated, world)


def test_instance_whose_volume_another_host_has_is_not_started(
    operated: Management, world: FakeWorld
) -> None:
    made(operated, start=False)
    lv = instance_inventory.volume(operated, "vm-1-root").install_path.split("//")[1]
    world.locks[lv] = {"host4": "exclusive"}
    with pytest.raises(ManagementError, match="LV locked by other host"):
        instances.start(operated, "vm-1")
    assert world.locks[lv] == {"host4": "exclusive"}


def test_host_that_is_silent_leaves_the_state_unknown(
    operated: Management, world: FakeWorld
) -> None:
    made(operated)
    for what in ("shut_down", "states"):
        world.errors["host1", what] = SbsimError("host1: no answer")
    with pytest.raises(ManagementError, match="could not be stopped on host1"):
        instances.stop(operated, "vm-1")
    assert shown(operated) == (InstanceState.UNKNOWN, "host1")
    world.errors.clear()
    instances.stop(operated, "vm-1")
    assert shown(operated) == (InstanceState.STOPPED, "")
    agree(operated, world)


def test_instance_is_moved(operated: Management, world: FakeWorld) -> None:
    made(operated)
    migration.migrate(operated, "vm-1", "host3")
    assert shown(operated) == (InstanceState.RUNNING, "host3")
    agree(operated, world)
    migration.migrate(operated, "vm-1")
    assert shown(operated) == (InstanceState.RUNNING, "host1")
    agree(operated, world)
    with pytest.raises(Refused, match="runs on host1 already"):
        migration.migrate(operated, "vm-1", "host1")


def test_failed_move_leaves_it_where_it_was(operated: Management, world: FakeWorld) -> None:
    made(operated)
    world.errors["host1", "migrate"] = SbsimError("host1: no route")
    with pytest.raises(ManagementError, match="was not migrated to host2: host1: no route"):
        migration.migrate(operated, "vm-1", "host2")
    assert shown(operated) == (InstanceState.RUNNING, "host1")
    agree(operated, world)


def test_move_that_fails_at_its_end_is_known(operated: Management, world: FakeWorld) -> None:
    made(operated)
    world.errors["host2", "use exclusive"] = SbsimError("host2: slow")
    with pytest.raises(SbsimError, match="host2: slow"):
        migration.migrate(operated, "vm-1", "host2")
    world.errors.clear()
    recover(operated)
    agree(operated, world)


def test_destroyed_instance_is_gone(operated: Management, world: FakeWorld) -> None:
    made(operated)
    instances.destroy(operated, "vm-1")
    assert instance_inventory.instances(operated) == []
    assert instance_inventory.volumes(operated) == []
    agree(operated, world)
    assert len(world.lvs) == 1  # the image


def test_host_that_crashed_comes_back_without_its_instances(
    operated: Management, world: FakeWorld
) -> None:
    made(operated, "vm-1", host="host1")
    made(operated, "vm-2", host="host2")
    lost = MachineError("host1: no answer")
    world.errors = dict.fromkeys([("host1", "states"), ("host1", "uses")], lost)
    reconnection.reconnect(operated, "PS-1")
    assert shown(operated) == (InstanceState.UNKNOWN, "host1")
    assert shown(operated, "vm-2") == (InstanceState.RUNNING, "host2")
    world.errors.clear()
    world.domains["host1"].clear()
    for users in world.locks.values():
        users.pop("host1", None)
    reconnection.reconnect(operated, "PS-1")
    assert shown(operated) == (InstanceState.STOPPED, "")
    agree(operated, world)
    instances.start(operated, "vm-1", "host3")
    agree(operated, world)


def test_sync_leaves_what_is_as_recorded_and_what_is_under_way(
    operated: Management, world: FakeWorld
) -> None:
    made(operated)
    with operated.store.transaction() as rows:
        hosts = rows.all(Host)
        known = rows.one(VmInstance, name="vm-1")
        assert known
    assert instances.sync(operated, hosts) == []
    world.domains["host1"].clear()
    with operated.store.transaction() as rows:
        operated.journal.claim(rows, instances.STOP, known.uuid)
    assert instances.sync(operated, hosts) == []
    assert shown(operated) == (InstanceState.RUNNING, "host1")
