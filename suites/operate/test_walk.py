"""Operations in any order on real hosts, as a small model says they must end.

`suites/unit/management/test_walk.py` walks far on fakes; this is a short walk where locks, volumes
and domains are real. The seed draws it; each step is printed.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from fixtures.instances import OPERATES, Guests
from sbsim.acceptance import Run
from sbsim.acceptance.effects import Effects
from sbsim.checks import disagreements
from sbsim.checks.attempt import attempt
from sbsim.management import (
    instance_inventory,
    instances,
    migration,
    operating,
    snapshots,
    volume_attachment,
    volumes,
)
from sbsim.management.entities import State
from sbsim.management.instance_inventory import InstanceInventory
from sbsim.management.inventory import StorageInventory
from sbsim.management.management import Management
from sbsim.management.rules import Act
from sbsim.management.volumes import NewDataVolume
from sbsim.sharedblock.sizes import MIB

pytestmark = [*OPERATES, pytest.mark.breaks, pytest.mark.slow, pytest.mark.long]

STEPS = 20


@dataclass
class Model:
    """What must be so: vm-1 and the volume "data", and the storage."""

    management: Management
    storage: str
    state: State = State.ENABLED
    runs: bool = True
    attached: bool = False
    snapshots: list[str] = field(default_factory=list)

    def attempt(self, act: Act, fits: bool, action: Callable[[], object]) -> bool:
        """Do it; whether it was to be done. It is refused exactly where it must be."""
        return attempt(self.state, act, fits, action)

    @property
    def in_use(self) -> bool:
        """Whether a running instance has the volume."""
        return self.runs and self.attached

    # --- the steps --------------------------------------------------------------------------

    def start(self) -> None:
        plane = self.management
        self.runs |= self.attempt(
            Act.START_INSTANCE, not self.runs, lambda: instances.start(plane, "vm-1")
        )

    def stop(self) -> None:
        plane = self.management
        done = self.attempt(Act.STOP_INSTANCE, self.runs, lambda: instances.stop(plane, "vm-1"))
        self.runs &= not done

    def migrate(self) -> None:
        plane = self.management
        self.attempt(Act.MIGRATE_INSTANCE, self.runs, lambda: migration.migrate(plane, "vm-1"))

    def attach(self) -> None:
        plane = self.management
        self.attached |= self.attempt(
            Act.ATTACH_VOLUME,
            not self.attached,
            lambda: volume_attachment.attach(plane, "data", "vm-1"),
        )

    def detach(self) -> None:
        plane = self.management
        done = self.attempt(
            Act.DETACH_VOLUME, self.attached, lambda: volume_attachment.detach(plane, "data")
        )
        self.attached &= not done

    def take(self) -> None:
        plane, name = self.management, f"s-{len(self.snapshots) + 1}"
        if self.attempt(Act.TAKE_SNAPSHOT, True, lambda: snapshots.take(plane, "data", name)):
            self.snapshots.append(name)

    def revert(self) -> None:
        if self.snapshots:
            plane, name = self.management, self.snapshots[-1]
            self.attempt(Act.REVERT, not self.in_use, lambda: snapshots.revert(plane, name))

    def forget(self) -> None:
        if self.snapshots:
            plane, name = self.management, self.snapshots[-1]
            if self.attempt(
                Act.DELETE_SNAPSHOT, not self.in_use, lambda: snapshots.delete(plane, name)
            ):
                self.snapshots.pop()

    def enable(self) -> None:
        operating.enable(self.management, self.storage)
        self.state = State.ENABLED

    def disable(self) -> None:
        operating.disable(self.management, self.storage)
        self.state = State.DISABLED

    def maintain(self) -> None:
        operating.maintain(self.management, self.storage)
        self.state, self.runs = State.MAINTENANCE, False


# Enabled more often than by chance: a storage that is not refuses most.
WALKS = (
    Model.start, Model.start, Model.stop, Model.migrate, Model.attach, Model.attach, Model.detach,
    Model.take, Model.take, Model.revert, Model.forget, Model.enable, Model.enable, Model.disable,
    Model.maintain,
)  # fmt: skip


def test_walk_ends_as_the_model_says(
    sbsim_run: Run,
    enabled_after: None,
    operated: Management,
    storage: StorageInventory,
    make_instance: Callable[..., InstanceInventory],
    guests: Guests,
    effects: Effects,
) -> None:
    draw = random.Random(sbsim_run.options.seed)
    print(f"drawn by --sbsim-seed {sbsim_run.options.seed}")
    make_instance("vm-1")
    volumes.create(operated, NewDataVolume("data", 64 * MIB, storage.name))
    model = Model(operated, storage.name)
    for _ in range(STEPS):
        step = draw.choice(WALKS)
        print(f"{step.__name__}, the storage being {model.state}, vm-1 {model.runs=}")
        step(model)
        assert disagreements(operated, effects.seen([storage.uuid])) == []
        found = instance_inventory.instance(operated, "vm-1")
        assert (found.state.value == "Running") == model.runs
        assert ("data" in [one.volume for one in found.volumes]) == model.attached
    operating.enable(operated, storage.name)
    make_instance("vm-1")
    told = guests.next_round("vm-1")
    assert told.strangers == 0
    if model.attached:
        volume_attachment.detach(operated, "data")
    volumes.delete(operated, "data")
    assert disagreements(operated, effects.seen([storage.uuid])) == []
