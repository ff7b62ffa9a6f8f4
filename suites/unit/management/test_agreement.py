"""Each way in which the record and the hosts can differ is told by its name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sbsim.checks import disagreements
from sbsim.management import instances
from sbsim.management.entities import InstanceState, VmInstance
from sbsim.management.management import Management

from .fake_volumes import FakeWorld
from .operated import made, prepared, seen


@pytest.fixture
def vm(management: Management, tmp_path: Path) -> VmInstance:
    return made(prepared(management, tmp_path))


def lv_of(world: FakeWorld) -> str:
    """The logical volume that is held exclusively."""
    return next(lv for lv, users in world.locks.items() if "exclusive" in users.values())


def runs_twice(world: FakeWorld, vm: VmInstance) -> None:
    world.running = lambda: {vm.uuid: "host3"}  # type: ignore[method-assign]


def gone(world: FakeWorld, vm: VmInstance) -> None:
    world.domains["host1"].clear()


def stranger(world: FakeWorld, vm: VmInstance) -> None:
    world.domains["host2"] = {"f" * 32: {}}


def held_by_another(world: FakeWorld, vm: VmInstance) -> None:
    world.locks[lv_of(world)] = {"host2": "exclusive"}


def shared_only(world: FakeWorld, vm: VmInstance) -> None:
    world.locks[lv_of(world)] = {"host1": "shared"}


def nobody_holds(world: FakeWorld, vm: VmInstance) -> None:
    world.locks.clear()


def leaked(world: FakeWorld, vm: VmInstance) -> None:
    world.lvs["vg/leaked"] = {}


def lost(world: FakeWorld, vm: VmInstance) -> None:
    del world.lvs[lv_of(world)]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (runs_twice, "vm-1 runs on ['host1'] by the record, ['host3'] by the hosts"),
        (gone, "vm-1 runs on ['host1'] by the record, [] by the hosts"),
        (stranger, "an instance that is not on record runs on ['host2']: "),
        (held_by_another, "is held by {'host1': 'exclusive'} by the record, {'host2': 'excl"),
        (shared_only, "is held by {'host1': 'exclusive'} by the record, {'host1': 'shared'} "),
        (nobody_holds, "is held by {'host1': 'exclusive'} by the record, {} by the hosts"),
        (leaked, "vg/leaked is in the pool and belongs to nothing"),
        (lost, " is on record and in no pool"),
    ],
)
def test_what_differs_is_told(
    vm: VmInstance,
    management: Management,
    world: FakeWorld,
    change: Callable[[FakeWorld, VmInstance], None],
    told: str,
) -> None:
    assert disagreements(management, seen(world)) == []
    change(world, vm)
    found = disagreements(management, seen(world))
    assert any(told in line for line in found), found


def test_operation_that_has_not_ended_is_told(vm: VmInstance, management: Management) -> None:
    with management.store.transaction() as rows:
        management.journal.claim(rows, instances.STOP, vm.uuid)
    found = disagreements(management, seen(FakeWorld()))
    assert f"stop of {vm.uuid} has not ended; its last step is 'claimed'" in found


def test_state_and_place_that_do_not_fit_are_told(
    vm: VmInstance, management: Management, world: FakeWorld
) -> None:
    with management.store.transaction() as rows:
        rows.change(vm, state=InstanceState.STOPPED)
    assert "vm-1 is Stopped, on host1" in disagreements(management, seen(world))
