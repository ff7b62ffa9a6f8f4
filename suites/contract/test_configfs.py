"""The simulated LIO beside the real one: every recorded operation gives what the kernel gave."""

from __future__ import annotations

from pathlib import Path

import pytest

import sbsim.sim.lio.shapes as shapes
from sbsim.contract import configfs_scenario as scenario
from sbsim.contract.configfs_recording import Recording, load
from sbsim.contract.player import play
from sbsim.sim.files import FileSystem
from sbsim.sim.lio import machine
from sbsim.sim.lio.places import BlockDevice

RECORDED = Path(__file__).parent / "recorded"
KERNELS = sorted(path.stem.removeprefix("configfs-") for path in RECORDED.glob("configfs-*.json"))
# The facts that were fixed before the simulator was written.
FEWEST = 500


def recording(release: str) -> Recording:
    return load(shapes.KERNELS / f"{release}.json", RECORDED / f"configfs-{release}.json")


def files_for(recorded: Recording) -> FileSystem:
    """A machine as the recorded one was when the first operation was played."""
    files = FileSystem()
    for folder in ("/etc/target/pr", "/var/tmp", "/var/target"):
        files.make_folders(folder)
    files.write("/etc/passwd", b"root:x:0:0::/root:/bin/sh\n")
    for path in (scenario.FILE_A, scenario.FILE_B):
        files.truncate(path, scenario.FILE_BYTES)
    for disk in recorded.disks:
        files.make_device(f"/dev/{disk.name}",
                          BlockDevice(disk.name, disk.size, disk.major, disk.minor))  # fmt: skip
        files.make_folders(str(Path(disk.path).parent))
        files.symlink(f"/dev/{disk.name}", disk.path)
    machine.load(files, shapes_of(recorded))
    return files


def shapes_of(recorded: Recording) -> str:
    return ".".join(recorded.kernel.split(".")[:2])


class Player:
    """The simulator's files in the place of the operating system's."""

    def __init__(self, files: FileSystem) -> None:
        self.files = files
        self.tree = files._tree("/sys/kernel/config/target")

    def __getattr__(self, name: str) -> object:
        return getattr(self.tree, name)


@pytest.mark.parametrize("release", KERNELS)
def test_every_operation_gives_what_the_kernel_gave(release: str) -> None:
    recorded = recording(release)
    assert len(recorded.played) >= FEWEST
    files = files_for(recorded)
    before = [*scenario.objects(recorded.disks[0].path), *scenario.objects_gone()]
    assert [one for one in play(before, Player(files)) if one[0] == "error"] == []
    asked = [operation for operation, _ in recorded.played]
    seen = play(asked, Player(files))
    differences = [
        f"{number} {' '.join(operation)}: {here}, the kernel {there}"
        for number, ((operation, there), here) in enumerate(zip(recorded.played, seen, strict=True))
        if here != there
    ]
    assert differences == []
