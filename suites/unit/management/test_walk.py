"""Operations in any order, against a small model of what must come of them.

The model knows each instance's state, what each volume and snapshot holds, and the storage's state.
After every step the record, the locks and the hosts agree, and no byte is other than it must be.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

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
from sbsim.management.entities import InstanceState, State
from sbsim.management.errors import Refused
from sbsim.management.rules import Act
from sbsim.management.volumes import NewDataVolume

from .fake_volumes import FakeWorld
from .operated import MIB, agree, made, prepared
from .plane import at, plane

RUNNING, STOPPED = InstanceState.RUNNING, InstanceState.STOPPED


def walk(start: Path) -> type[RuleBasedStateMachine]:
    class Walk(RuleBasedStateMachine):
        vms, disks, shots = Bundle("vms"), Bundle("disks"), Bundle("shots")

        def __init__(self) -> None:
            super().__init__()
            self.folder = Path(tempfile.mkdtemp(dir=start.parent))
            shutil.copytree(start, self.folder, dirs_exist_ok=True)
            store, san = at(self.folder)
            self.world = FakeWorld()
            self.plane = plane(store, san, start=5000, world=self.world)
            self.state = State.ENABLED
            self.runs: dict[str, bool] = {}
            self.holds: dict[str, str] = {}  # volumes and snapshots
            self.of: dict[str, str] = {}  # the volume of a snapshot
            self.users: dict[str, str] = {}  # the instance of a volume
            self.count = 0

        @initialize(target=vms)
        def first_instance(self) -> object:
            return self.create()

        @initialize(target=disks)
        def first_disk(self) -> object:
            return self.create_disk()

        def teardown(self) -> None:
            shutil.rmtree(self.folder)

        # --- helpers ----------------------------------------------------------------------

        def name(self, kind: str) -> str:
            self.count += 1
            return f"{kind}-{self.count}"

        def attempt(self, act: Act, fits: bool, action: Callable[[], object]) -> bool:
            """Do it; whether it was to be done. It is refused exactly where the model says so."""
            return attempt(self.state, act, fits, action)

        def in_use(self, volume: str) -> bool:
            user = self.users.get(volume)
            return user is not None and self.runs.get(user, False)

        def lv(self, volume: str) -> str:
            path = instance_inventory.volume(self.plane, volume).install_path
            return path.removeprefix("sharedblock://")

        # --- instances --------------------------------------------------------------------

        @rule(target=vms)
        def another_instance(self) -> object:
            return self.create()

        def create(self) -> object:
            name = self.name("vm")
            if not self.attempt(Act.NEW_INSTANCE, True, lambda: made(self.plane, name)):
                return multiple()
            self.runs[name] = True
            self.holds[f"{name}-root"] = ""
            self.users[f"{name}-root"] = name
            return name

        @rule(vm=vms, what=st.sampled_from(["start", "stop", "migrate"]))
        def power(self, vm: str, what: str) -> None:
            up, plane = self.runs[vm], self.plane
            if what == "start":
                done = self.attempt(Act.START_INSTANCE, not up, lambda: instances.start(plane, vm))
                self.runs[vm] = up or done
            elif what == "stop":
                done = self.attempt(Act.STOP_INSTANCE, up, lambda: instances.stop(plane, vm))
                self.runs[vm] = up and not done
            else:
                self.attempt(Act.MIGRATE_INSTANCE, up, lambda: migration.migrate(plane, vm))

        # --- volumes ----------------------------------------------------------------------

        @rule(target=disks)
        def another_disk(self) -> object:
            return self.create_disk()

        def create_disk(self) -> object:
            name = self.name("disk")
            new = NewDataVolume(name, 16 * MIB, "PS-1")
            if not self.attempt(Act.NEW_VOLUME, True, lambda: volumes.create(self.plane, new)):
                return multiple()
            self.holds[name] = ""
            return name

        @rule(disk=disks, vm=vms)
        def plug(self, disk: str, vm: str) -> None:
            """Attach what is free, detach what is not."""
            if disk in self.users:
                with pytest.raises(Refused):
                    volume_attachment.attach(self.plane, disk, vm)
                self.attempt(
                    Act.DETACH_VOLUME, True, lambda: volume_attachment.detach(self.plane, disk)
                )
                del self.users[disk]
            elif self.attempt(
                Act.ATTACH_VOLUME, True, lambda: volume_attachment.attach(self.plane, disk, vm)
            ):
                self.users[disk] = vm

        @rule(disk=consumes(disks), target=disks)
        def delete_disk(self, disk: str) -> object:
            fits = disk not in self.users
            if not self.attempt(Act.DELETE_VOLUME, fits, lambda: volumes.delete(self.plane, disk)):
                return disk
            for shot in [one for one, of in self.of.items() if of == disk]:
                del self.of[shot], self.holds[shot]
            del self.holds[disk]
            return multiple()

        # --- snapshots --------------------------------------------------------------------

        @rule(volume=st.one_of(disks, vms.map("{}-root".format)), target=shots)
        def write_and_take(self, volume: str) -> object:
            """What a guest writes is new each time, so that no snapshot is like another."""
            if volume not in self.holds:
                return multiple()
            name = self.name("shot")
            self.world.write(self.lv(volume), 1, name)
            self.holds[volume] = name
            if not self.attempt(
                Act.TAKE_SNAPSHOT, True, lambda: snapshots.take(self.plane, volume, name)
            ):
                return multiple()
            self.holds[name], self.of[name] = self.holds[volume], volume
            return name

        @rule(shot=shots)
        def revert(self, shot: str) -> None:
            if shot not in self.of:  # it went with its volume
                return
            fits = not self.in_use(self.of[shot])
            if self.attempt(Act.REVERT, fits, lambda: snapshots.revert(self.plane, shot)):
                self.holds[self.of[shot]] = self.holds[shot]

        @rule(shot=shots)
        def delete_shot(self, shot: str) -> None:
            if shot not in self.of:
                return
            fits = not self.in_use(self.of[shot])
            if self.attempt(Act.DELETE_SNAPSHOT, fits, lambda: snapshots.delete(self.plane, shot)):
                del self.of[shot], self.holds[shot]

        # --- the storage ------------------------------------------------------------------

        # Enabled more often than by chance: a storage that is not refuses most.
        @rule(state=st.sampled_from([State.ENABLED] * 3 + [State.DISABLED, State.MAINTENANCE]))
        def change_state(self, state: State) -> None:
            {
                State.ENABLED: operating.enable,
                State.DISABLED: operating.disable,
                State.MAINTENANCE: operating.maintain,
            }[state](self.plane, "PS-1")
            self.state = state
            if state is State.MAINTENANCE:
                self.runs = dict.fromkeys(self.runs, False)

        # --- what always holds ------------------------------------------------------------

        @invariant()
        def all_agree(self) -> None:
            agree(self.plane, self.world)
            found = {one.name: one.state for one in instance_inventory.instances(self.plane)}
            assert found == {name: RUNNING if up else STOPPED for name, up in self.runs.items()}

        @invariant()
        def nothing_is_lost(self) -> None:
            held = {one.name: f"{self.lv(one.name)}"
                    for one in instance_inventory.volumes(self.plane)}  # fmt: skip
            held |= {
                one.name: one.install_path.removeprefix("sharedblock://")
                for one in instance_inventory.snapshots(self.plane)
            }
            assert {name: self.world.read(lv, 1) for name, lv in held.items()} == self.holds

    return Walk


def test_any_walk_ends_as_the_model_says(
    tmp_path: Path, filled_file: Path, request: pytest.FixtureRequest
) -> None:
    """The same walks each time; `--sbsim-all-steps` takes more of them, and others each time."""
    every = request.config.getoption("--sbsim-all-steps")
    start = tmp_path / "start"
    start.mkdir()
    shutil.copyfile(filled_file, start / "store.db")
    store, san = at(start)
    san.save()
    prepared(plane(store, san, start=1000), start)
    san.save()
    run_state_machine_as_test(
        walk(start),
        settings=settings(
            max_examples=200 if every else 12,
            stateful_step_count=30,
            derandomize=not every,
            deadline=None,
            # To shrink a walk takes minutes; what went wrong is in its steps.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
