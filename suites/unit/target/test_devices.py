"""A LUN's disk or file is looked at before anything is touched."""

from __future__ import annotations

import pytest

from sbsim.target.failure import TargetFailure
from sbsim.target.server import Server
from sbsim.target.state import Backstore, Key, expand
from suites.unit.target.arrays import array, lun
from suites.unit.target.kernel import Kernel, MemorySystem


def _refused(server: Server, kernel: Kernel, *luns: object) -> str:
    before = len(kernel.taken)
    with pytest.raises(TargetFailure) as caught:
        server.apply("me", array(*luns))  # type: ignore[arg-type]
    assert len(kernel.taken) == before
    return str(caught.value)


def test_missing_disks_are_named_all_at_once(server: Server, kernel: Kernel) -> None:
    text = _refused(server, kernel, lun(0, path="/dev/no-1"), lun(1, path="/dev/no-2"))
    assert text.splitlines() == [
        "LUN lun-0: /dev/no-1 is not there; attach the disk, or correct the path",
        "LUN lun-1: /dev/no-2 is not there; attach the disk, or correct the path",
    ]


def test_a_smaller_disk_is_refused_with_both_sizes(
    server: Server, kernel: Kernel, system: MemorySystem
) -> None:
    system.devices["/dev/disks/lun-0"] = 512
    assert "has 512 bytes, 1073741824 are described" in _refused(server, kernel, lun(0))


def test_a_larger_disk_is_noted_and_is_the_luns_size(server: Server, system: MemorySystem) -> None:
    system.devices["/dev/disks/lun-0"] = 1 << 31
    done = server.apply("me", array(lun(0)))
    assert done.notes == (
        "LUN lun-0: has the 2147483648 bytes of its disk /dev/disks/lun-0, "
        "1073741824 are described",
    )
    assert server.apply("me", array(lun(0))).changes == ()
    assert [str(one) for one in server.read(array(lun(0))).differences] == [
        "backstore block/lun-0: size is 2147483648, expected 1073741824"
    ]


def test_a_grown_disk_does_not_disturb_its_lun(
    server: Server, kernel: Kernel, system: MemorySystem
) -> None:
    server.apply("me", array(lun(0)))
    key = Key("backstore", ("block", "lun-0"))
    kernel.state[key] = Backstore("/dev/disks/lun-0", 1 << 31, "abc-lun-0", False)
    system.devices["/dev/disks/lun-0"] = 1 << 31
    assert server.apply("me", array(lun(0))).changes == ()


def test_the_disks_cache_decides_and_is_noted(server: Server, system: MemorySystem) -> None:
    system.cached.add("/dev/disks/lun-0")
    done = server.apply("me", array(lun(0)))
    assert (
        "is write-back as its disk /dev/disks/lun-0 is, write-through is described"
        in (done.notes[0])
    )
    assert [one.field for one in server.read(array(lun(0))).differences] == ["write_back"]


def test_a_disk_in_use_is_refused_with_its_user(
    server: Server, kernel: Kernel, system: MemorySystem
) -> None:
    system.busy["/dev/disks/lun-0"] = "mounted on /srv"
    assert "is not free (mounted on /srv)" in _refused(server, kernel, lun(0))


def test_a_disk_that_lio_shows_for_others_is_refused(server: Server, kernel: Kernel) -> None:
    kernel.state[Key("backstore", ("block", "x"))] = Backstore("/dev/disks/lun-0", 512, "x", False)
    assert "is not free (used by backstore block/x)" in _refused(server, kernel, lun(0))


def test_a_disk_that_is_shown_already_may_change_its_name(
    server: Server, kernel: Kernel, system: MemorySystem
) -> None:
    server.apply("me", array(lun(0)))
    system.busy["/dev/disks/lun-0"] = "in use"
    renamed = array(lun(0, name="renamed", path="/dev/disks/lun-0"))
    server.apply("me", renamed)
    assert kernel.state == expand(renamed)


def test_a_file_where_a_disk_is_described_is_refused(
    server: Server, kernel: Kernel, system: MemorySystem
) -> None:
    system.files["/dev/disks/lun-9"] = "text"
    assert "is no block device" in _refused(server, kernel, lun(0, path="/dev/disks/lun-9"))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/dev/disks/lun-0", "is a block device; describe the backing as block"),
        ("/somebodys", "is there already and sbsim did not make it"),
        ("/folder", "is no plain file"),
    ],
)
def test_what_is_in_the_place_of_a_file_is_left_alone(
    path: str, text: str, server: Server, kernel: Kernel, system: MemorySystem
) -> None:
    system.files["/somebodys"] = "text"
    system.folders.add("/folder")
    assert text in _refused(server, kernel, lun(0, "file", path=path))


def test_a_files_lun_grows_and_is_never_shortened(
    server: Server, kernel: Kernel, system: MemorySystem
) -> None:
    server.apply("me", array(lun(0, "file")))
    server.apply("me", array(lun(0, "file", size=1 << 31)))
    assert system.backing == {"/files/lun-0.img": 1 << 31}
    text = _refused(server, kernel, lun(0, "file"))
    assert "has 2147483648 bytes, 1073741824 are described; a LUN is not shortened" in text


def test_a_file_outlives_its_lun_until_the_array_goes(server: Server, system: MemorySystem) -> None:
    server.apply("me", array(lun(0, "file")))
    server.apply("me", array())
    assert system.backing == {"/files/lun-0.img": 1 << 30}
    server.apply("me", array(lun(0, "file")))
    server.remove("me")
    assert system.backing == {}
