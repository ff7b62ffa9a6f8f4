"""`kill -9` at every moment of an operation on instances and volumes.

Whoever comes next finds it done or undoes it: the record, the locks and the hosts agree, nothing
leaks, and the same operation can be made again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sbsim.management import (
    instance_inventory,
    instances,
    snapshots,
    volume_attachment,
    volumes,
)
from sbsim.management.errors import Refused
from sbsim.management.management import Management
from sbsim.management.recovery import recover
from sbsim.management.volumes import NewDataVolume

from . import killed as script
from .fake_volumes import FakeWorld
from .operated import MIB, agree, made, prepared
from .plane import at, plane
from .test_killed import killed, start

__all__ = ["start"]


def opened(folder: Path, me: str = "next", ids: int = 5000) -> tuple[Management, FakeWorld]:
    store, san = at(folder)
    world = FakeWorld(folder / "world.json")
    return plane(store, san, me, dead=("the killed one",), start=ids, world=world), world


def lv_of(management: Management, name: str) -> str:
    return instance_inventory.volume(management, name).install_path.removeprefix("sharedblock://")


def running(management: Management, world: FakeWorld) -> None:
    made(management)
    world.write(lv_of(management, "vm-1-root"), 1, "before")
    snapshots.take(management, "vm-1-root", "s-1")
    world.write(lv_of(management, "vm-1-root"), 1, "after")
    volumes.create(management, NewDataVolume("disk-1", 64 * MIB, "PS-1"))


def stopped(management: Management, world: FakeWorld) -> None:
    running(management, world)
    instances.stop(management, "vm-1")


def attached(management: Management, world: FakeWorld) -> None:
    running(management, world)
    volume_attachment.attach(management, "disk-1", "vm-1")


def thin(management: Management, world: FakeWorld) -> None:
    running(management, world)
    volumes.create(management, NewDataVolume("disk-3", 128 * MIB, "PS-1", thin=True))
    volume_attachment.attach(management, "disk-3", "vm-1")
    world.paused.add(instance_inventory.instance(management, "vm-1").uuid)


# Of some forty to eighty; `--sbsim-all-steps` takes all.
DRAWN = 5

BEGINNINGS: dict[str, Callable[[Management, FakeWorld], None]] = {
    "create-vm": stopped,
    "start": stopped,
    "stop": running,
    "reboot": running,
    "migrate": running,
    "destroy": running,
    "create-volume": stopped,
    "delete-volume": stopped,
    "attach-volume": running,
    "detach-volume": attached,
    "resize": running,
    "extend": thin,
    "take-snapshot": running,
    "revert": stopped,
    "delete-snapshot": stopped,
    "maintain": attached,
    "detach": attached,
}


def held(management: Management, world: FakeWorld) -> str:
    """What vm-1's root volume holds; empty once it is gone."""
    names = [one.name for one in instance_inventory.volumes(management)]
    return world.read(lv_of(management, "vm-1-root"), 1) if "vm-1-root" in names else ""


@pytest.mark.parametrize("what", BEGINNINGS)
def test_killed_operation_is_done_or_undone_and_can_be_made_again(
    tmp_path: Path, start: Path, what: str, request: pytest.FixtureRequest
) -> None:
    seed = request.config.getoption("--sbsim-seed")
    many = 0 if request.config.getoption("--sbsim-all-steps") else DRAWN
    print(f"killed at {many or 'all'} steps, drawn by --sbsim-seed {seed}")
    management, world = opened(start)
    BEGINNINGS[what](prepared(management, start), world)
    world.save()
    was = held(management, world)
    outcomes = set()
    for folder in killed(tmp_path, what, start, many, seed):
        management, world = opened(folder, ids=9000)
        told: list[str] = []
        recover(replace(management, progress=told.append))
        assert not [text for text in told if "could not" in text], (folder, told)
        agree(management, world)
        now = held(management, world)
        assert now in ({was, "before"} if what == "revert" else {was, ""} if what == "destroy"
                       else {was}), folder  # fmt: skip
        try:
            script.OPERATIONS[what](management)
            outcomes.add("again")
        except Refused:  # it was done
            outcomes.add("done")
        agree(management, world)
    assert outcomes
