"""The simulated LIO beside the real one: every recorded operation gives what the kernel gave."""

from __future__ import annotations

from pathlib import Path

import pytest

from sbsim.contract import configfs_recording, rtslib_recording, rtslib_scenario
from sbsim.contract import configfs_scenario as scenario
from sbsim.contract.player import play
from sbsim.sim.files import FileSystem
from sbsim.sim.lio import shapes
from sbsim.sim.rtslib import bind

from .lio_machine import backing_files, files_with

RECORDED = Path(__file__).parent / "recorded"
KERNELS = sorted(path.stem.removeprefix("configfs-") for path in RECORDED.glob("configfs-*.json"))
FEWEST_OPERATIONS, FEWEST_STEPS = 500, 100


class Player:
    """The simulator's files in the place of the operating system's."""

    def __init__(self, files: FileSystem) -> None:
        self.tree = files.tree_at("/sys/kernel/config/target")

    def __getattr__(self, name: str) -> object:
        return getattr(self.tree, name)


@pytest.mark.parametrize("release", KERNELS)
def test_recording_is_of_the_scenario_as_it_is(release: str) -> None:
    recorded = configfs_recording.load(
        shapes.KERNELS / f"{release}.json", RECORDED / f"configfs-{release}.json"
    )
    names = configfs_recording.names_in(recorded.tree)
    disk, disk_2 = (one.path for one in recorded.disks)
    wanted = scenario.operations(names, disk, disk_2)
    assert [operation for operation, _ in recorded.played] == wanted
    steps = [name for name, _ in rtslib_recording.load(RECORDED / f"rtslib-{release}.json").steps]
    assert steps == [name for name, _ in rtslib_scenario.steps()]


@pytest.mark.parametrize("release", KERNELS)
def test_every_operation_gives_what_the_kernel_gave(release: str) -> None:
    recorded = configfs_recording.load(
        shapes.KERNELS / f"{release}.json", RECORDED / f"configfs-{release}.json"
    )
    assert len(recorded.played) >= FEWEST_OPERATIONS
    files = files_with(recorded.disks, release)
    backing_files(files)
    before = [*scenario.objects(recorded.disks[0].path), *scenario.objects_gone()]
    assert [one for one in play(before, Player(files)) if one[0] == "error"] == []
    asked = [operation for operation, _ in recorded.played]
    seen = play(asked, Player(files))
    assert [
        f"{number} {' '.join(operation)}: {here}, the kernel {there}"
        for number, ((operation, there), here) in enumerate(zip(recorded.played, seen, strict=True))
        if here != there
    ] == []


@pytest.mark.parametrize("release", KERNELS)
def test_every_step_of_rtslib_gives_what_it_gave_on_the_kernel(release: str) -> None:
    recorded = rtslib_recording.load(RECORDED / f"rtslib-{release}.json")
    assert len(recorded.steps) >= FEWEST_STEPS
    files = files_with([recorded.disk], release)
    seen = rtslib_scenario.play(bind(files), recorded.disk.path)
    assert [
        f"{name}: {here}, on the kernel {there}"
        for (name, there), (_, here) in zip(recorded.steps, seen, strict=True)
        if here != there
    ] == []
