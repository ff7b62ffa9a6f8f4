"""fdisk -l."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sbsim.initiator.errors import UnreadableOutput
from sbsim.initiator.fdisk import Disk, parse_fdisk

from .captured import captured

DISKS = st.builds(
    Disk,
    path=st.from_regex(r"/dev/[a-z]{2,3}", fullmatch=True),
    bytes=st.integers(512, 10**15),
    sectors=st.integers(1, 10**12),
    model=st.none() | st.from_regex(r"[!-~]{1,8}( [!-~]{1,7})?", fullmatch=True),
    sector_bytes=st.sampled_from([512, 4096]),
    label=st.sampled_from([None, "dos", "gpt"]),
)


def written(disk: Disk) -> str:
    """A disk as util-linux 2.38 prints it."""
    lines = [
        f"Disk {disk.path}: {disk.bytes / 2**30:.2f} GiB, {disk.bytes} bytes, "
        f"{disk.sectors} sectors"
    ]
    if disk.model is not None:
        lines.append(f"Disk model: {disk.model:<16}")
    lines += [
        f"Units: sectors of 1 * {disk.sector_bytes} = {disk.sector_bytes} bytes",
        f"Sector size (logical/physical): {disk.sector_bytes} bytes / {disk.sector_bytes} bytes",
        "I/O size (minimum/optimal): 512 bytes / 512 bytes",
    ]
    if disk.label:
        lines += [f"Disklabel type: {disk.label}", "Disk identifier: 0x1"]
    return "\n".join([*lines, "", ""])


@given(st.lists(DISKS, max_size=3))
def test_reads_what_was_written(disks: list[Disk]) -> None:
    assert parse_fdisk("\n".join(map(written, disks))) == tuple(disks)


@given(st.text() | st.from_regex(r"Disk /dev/sda: .{0,60}"))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(UnreadableOutput):
        parse_fdisk(text)


def test_debian_shows_sizes_of_all_disks() -> None:
    disks = {
        disk.path: disk for disk in parse_fdisk(captured("debian12/fdisk/fdisk_-l.four_luns.txt"))
    }
    assert disks["/dev/sda"] == Disk("/dev/sda", 20971520000, 40960000, "IBLOCK", 512)
    assert disks["/dev/vda"].model is None
    assert len(disks) == 7


def test_debian_shows_partition_tables() -> None:
    disks = parse_fdisk(captured("debian12/fdisk/fdisk_-l.partitions.txt"))
    assert {disk.path: disk.label for disk in disks if disk.label} == {
        "/dev/loop1": "dos",
        "/dev/loop2": "gpt",
    }


def test_guide_shows_the_three_luns() -> None:
    assert parse_fdisk(captured("c74/fdisk/fdisk_-l_grep_sd.guide.txt")) == (
        Disk("/dev/sda", 20971520000, 40960000),
        Disk("/dev/sdb", 26239565824, 51249152),
        Disk("/dev/sdc", 31474057216, 61472768),
    )


def test_centos_shows_disks_with_tables() -> None:
    # As util-linux 2.23 prints them.
    text = """
Disk /dev/vda: 42.9 GB, 42949672960 bytes, 83886080 sectors
Units = sectors of 1 * 512 = 512 bytes
Sector size (logical/physical): 512 bytes / 512 bytes
I/O size (minimum/optimal): 512 bytes / 512 bytes
Disk label type: dos
Disk identifier: 0x000b9c1a

   Device Boot      Start         End      Blocks   Id  System
/dev/vda1   *        2048     2099199     1048576   83  Linux

Disk /dev/vdb: 1073 MB, 1073741824 bytes, 2097152 sectors
Disk label type: gpt
Disk identifier: 9A1E

#         Start          End    Size  Type            Name
 1         2048      2095103   1022M  Linux filesyste
"""
    assert [(disk.path, disk.label) for disk in parse_fdisk(text)] == [
        ("/dev/vda", "dos"),
        ("/dev/vdb", "gpt"),
    ]


def test_strange_line_is_named_with_its_number() -> None:
    text = "Disk /dev/sda: 1 GiB, 1073741824 bytes, 2097152 sectors\nfdisk: oops\n"
    with pytest.raises(UnreadableOutput, match=r"line 2 of fdisk -l: .*'fdisk: oops'"):
        parse_fdisk(text)


def test_line_before_any_disk_is_refused() -> None:
    with pytest.raises(UnreadableOutput, match="line 1"):
        parse_fdisk("Units: sectors of 1 * 512 = 512 bytes\n")
