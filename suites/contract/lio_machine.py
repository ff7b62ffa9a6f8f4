"""A simulated machine as the recorded one was when the first operation was played."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

from sbsim.contract import configfs_scenario as scenario
from sbsim.contract.configfs_recording import Disk
from sbsim.sim.files import FileSystem
from sbsim.sim.lio import machine
from sbsim.sim.lio.places import BlockDevice


def files_with(disks: Iterable[Disk], release: str) -> FileSystem:
    """Its files, LIO loaded."""
    files = FileSystem()
    for folder in ("/etc/target/pr", "/var/tmp", "/var/target", "/var/run"):
        files.make_folders(folder)
    files.write("/etc/passwd", b"root:x:0:0::/root:/bin/sh\n")
    for disk in disks:
        device = BlockDevice(disk.name, disk.size, disk.major, disk.minor)
        files.make_device(f"/dev/{disk.name}", device)
        files.make_folders(str(PurePosixPath(disk.path).parent))
        files.symlink(f"/dev/{disk.name}", disk.path)
    machine.load(files, release)
    return files


def backing_files(files: FileSystem) -> None:
    """The files that the raw operations stand on."""
    for path in (scenario.FILE_A, scenario.FILE_B):
        files.truncate(path, scenario.FILE_BYTES)
