"""`lio_kernel`, as a stranger uses it: plain files and unmodified rtslib, through pyfakefs."""

from __future__ import annotations

from pathlib import Path

import pytest

from sbsim.contract import configfs_recording, rtslib_recording, rtslib_scenario
from sbsim.contract import configfs_scenario as scenario
from sbsim.contract.player import play
from sbsim.sim.lio import shapes
from sbsim.testing import LioKernel, lio_kernel

RECORDED = Path(__file__).parent / "recorded"


def machine_for(kernel: LioKernel, disks: tuple[configfs_recording.Disk, ...]) -> None:
    kernel.fs.create_file("/etc/passwd")
    for disk in disks:
        kernel.add_disk(f"/dev/{disk.name}", disk.size)
        found = kernel.block_device(f"/dev/{disk.name}")
        assert found
        found.major, found.minor = disk.major, disk.minor
        kernel.fs.create_symlink(disk.path, f"/dev/{disk.name}")


def test_every_operation_gives_what_the_kernel_gave() -> None:
    recorded = configfs_recording.load(shapes.KERNELS / "6.1.json", RECORDED / "configfs-6.1.json")
    with lio_kernel() as kernel:
        machine_for(kernel, recorded.disks)
        for path in (scenario.FILE_A, scenario.FILE_B):
            kernel.fs.create_file(path, st_size=scenario.FILE_BYTES)
        before = [*scenario.objects(recorded.disks[0].path), *scenario.objects_gone()]
        assert [one for one in play(before) if one[0] == "error"] == []
        seen = play([operation for operation, _ in recorded.played])
    assert [
        f"{number} {' '.join(operation)}: {here}, the kernel {there}"
        for number, ((operation, there), here) in enumerate(zip(recorded.played, seen, strict=True))
        if here != there
    ] == []


def test_every_step_of_rtslib_gives_what_it_gave_on_the_kernel() -> None:
    import rtslib_fb

    recorded = rtslib_recording.load(RECORDED / "rtslib-6.1.json")
    with lio_kernel() as kernel:
        machine_for(kernel, (recorded.disk,))
        seen = rtslib_scenario.play(rtslib_fb, recorded.disk.path)
    assert [
        f"{name}: {here}, on the kernel {there}"
        for (name, there), (_, here) in zip(recorded.steps, seen, strict=True)
        if here != there
    ] == []


STRANGERS_TEST = """
from pathlib import Path

import pytest
from rtslib_fb import FabricModule, FileIOStorageObject, LUN, NodeACL, RTSRoot, TPG, Target
from rtslib_fb import BlockStorageObject, MappedLUN, NetworkPortal, RTSLibError

IQN = "iqn.2001-04.com.example:storage"


def test_array_is_made_saved_and_restored(lio_kernel):
    lio_kernel.add_disk("/dev/sdb", 2**30)
    disk = BlockStorageObject("disk", "/dev/sdb", wwn="0123")
    group = TPG(Target(FabricModule("iscsi"), IQN), 1)
    NetworkPortal(group, "192.0.2.1", 3260)
    lun = LUN(group, 0, disk)
    acl = NodeACL(group, "iqn.2001-04.com.example:client")
    MappedLUN(acl, 0, lun)
    group.enable = True
    with pytest.raises(RTSLibError):
        BlockStorageObject("again", "/dev/sdb")
    RTSRoot().save_to_file("/etc/target/saveconfig.json")
    RTSRoot().clear_existing(confirm=True)
    assert not list(Path("/sys/kernel/config/target/iscsi").glob("iqn*"))
    assert RTSRoot().restore_from_file("/etc/target/saveconfig.json") == []
    group = TPG(Target(FabricModule("iscsi"), IQN, mode="lookup"), 1, mode="lookup")
    assert [one.storage_object.udev_path for one in group.luns] == ["/dev/sdb"]
    assert group.enable


def test_files_are_plain_files(lio_kernel):
    core = Path("/sys/kernel/config/target/core")
    with pytest.raises(OSError, match="Invalid argument"):
        (core / "nothing_0").mkdir()
    (core / "fileio_0").mkdir()
    (core / "fileio_0" / "f").mkdir()
    with (core / "fileio_0/f/control").open("w") as file:
        file.write("fd_dev_name=/tmp/f,fd_dev_size=4096\\n")
    with pytest.raises(OSError, match="Directory not empty"):
        (core / "fileio_0").rmdir()
    (core / "fileio_0/f/enable").write_text("1")
    assert (core / "fileio_0/f/enable").read_text() == "1\\n"
    with pytest.raises(OSError, match="File exists"), open(core / "fileio_0/f/enable", "w") as file:
        file.write("1")


def test_each_test_has_a_kernel_of_its_own(lio_kernel):
    assert RTSRoot().dump() == {"fabric_modules": [], "storage_objects": [], "targets": []}


def test_without_it_the_machine_is_the_real_one():
    assert Path(__file__).exists()
"""


def test_fixture_serves_a_stranger(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(STRANGERS_TEST)
    pytester.runpytest_subprocess("-q").assert_outcomes(passed=4)
