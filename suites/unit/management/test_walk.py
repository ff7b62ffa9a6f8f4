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
from hypothesis import HealthCheck, settings
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
from sbsim.management.rules import Act, allows
from sbsim.management.volumes import NewDataVolume

from .fake_volumes import FakeWorld
from .operated import MIB, agree, made, prepared
from .plane import at, plane

RUNNING, STOPPED = InstanceState.RUNNING, InstanceState.STOPPED


def walk(start: Path) -> type[RuleBasedStateMachine]:
    class Walk(RuleBasedStateMachine):
        vms, disks, shots = Bundle("vms"), Bundle("disks"), Bundle("shots")

        @initialize()
        def begin(self) -> None:
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

        def teardown(self) -> None:
            if hasattr(self, "folder"):
                shutil.rmtree(self.folder)

        # --- helpers ----------------------------------------------------------------------

        def name(self, kind: str) -> str:
            self.count += 1
            return f"{kind}-{self.count}"

        def attempt(self, act: Act, fits: bool, action: Callable[[], object]) -> bool:
            """Do it; whether it was to be done. It is refused exactly where the model says so."""
            if fits and allows(self.state, act):
                action()
                return True
            with pytest.raises(Refused):
                action()
            return False

        def in_use(self, volume: str) -> bool:
            user = self.users.get(volume)
            return user is not None and self.runs.get(user, False)

        def lv(self, volume: str) -> str:
            path = instance_inventory.volume(self.plane, volume).install_path
            return path.removeprefix("sharedblock://")

        # --- instances --------------------------------------------------------------------

        @rule(target=vms)
        def create(self) -> object:
            name = self.name("vm")
            if not self.attempt(Act.NEW_INSTANCE, True, lambda: made(self.plane, name)):
                return multiple()
            self.runs[name] = True
            self.holds[f"{name}-root"] = ""
            self.users[f"{name}-root"] = name
            return name

        @rule(vm=vms)
        def start(self, vm: str) -> None:
            fits = not self.runs[vm]
            if self.attempt(Act.START_INSTANCE, fits, lambda: instances.start(self.plane, vm)):
                self.runs[vm] = True

        @rule(vm=vms)
        def stop(self, vm: str) -> None:
            if self.attempt(
                Act.STOP_INSTANCE, self.runs[vm], lambda: instances.stop(self.plane, vm)
            ):
                self.runs[vm] = False

        @rule(vm=vms)
        def migrate(self, vm: str) -> None:
            self.attempt(
                Act.MIGRATE_INSTANCE, self.runs[vm], lambda: migration.migrate(self.plane, vm)
            )

        # --- volumes ----------------------------------------------------------------------

        @rule(target=disks)
        def create_disk(self) -> object:
            name = self.name("disk")
            new = NewDataVolume(name, 16 * MIB, "PS-1")
            if not self.attempt(Act.NEW_VOLUME, True, lambda: volumes.create(self.plane, new)):
                return multiple()
            self.holds[name] = ""
            return name

        @rule(disk=disks, vm=vms)
        def attach(self, disk: str, vm: str) -> None:
            fits = disk not in self.users
            if self.attempt(
                Act.ATTACH_VOLUME, fits, lambda: volume_attachment.attach(self.plane, disk, vm)
            ):
                self.users[disk] = vm

        @rule(disk=disks)
        def detach(self, disk: str) -> None:
            fits = disk in self.users
            if self.attempt(
                Act.DETACH_VOLUME, fits, lambda: volume_attachment.detach(self.plane, disk)
            ):
                del self.users[disk]

        @rule(disk=consumes(disks), target=disks)
        def delete_disk(self, disk: str) -> object:
            fits = disk not in self.users
            if not self.attempt(Act.DELETE_VOLUME, fits, lambda: volumes.delete(self.plane, disk)):
                return disk
            for shot in [one for one, of in self.of.items() if of == disk]:
                del self.of[shot], self.holds[shot]
            del self.holds[disk]
            return multiple()

        @rule(volume=st.one_of(disks, vms.map("{}-root".format)), text=st.sampled_from("abc"))
        def write(self, volume: str, text: str) -> None:
            if self.in_use(volume):
                self.world.write(self.lv(volume), 1, text)
                self.holds[volume] = text

        # --- snapshots --------------------------------------------------------------------

        @rule(volume=st.one_of(disks, vms.map("{}-root".format)), target=shots)
        def take(self, volume: str) -> object:
            name = self.name("shot")
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

        @rule(state=st.sampled_from([State.ENABLED, State.DISABLED, State.MAINTENANCE]))
        def change_state(self, state: State) -> None:
            {
                State.ENABLED: operating.enable,
                State.DISABLED: operating.disable,
                State.MAINTENANCE: operating.maintain,
            }[state](self.plane, "PS-1")
            self.state = state
            if state is State.MAINTENANCE:
                self.runs = dict.fromkeys(self.runs, False)

        @rule()
        def enable(self) -> None:
            """More often than by chance: a storage that is not enabled refuses most."""
            self.change_state(State.ENABLED)

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


def test_any_walk_ends_as_the_model_says(tmp_path: Path, filled_file: Path) -> None:
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
            max_examples=12,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
