"""What is on a disk, from its bytes alone: what blkid and wipefs would find."""

from __future__ import annotations

import itertools
import struct
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sbsim.sim.disk import lvm_label
from sbsim.sim.disk.partitions import SECTOR, read_table
from sbsim.sim.disk.space import Disk

Usage = Literal["filesystem", "raid", "partition-table"]


@dataclass(frozen=True)
class Signature:
    """A magic number where it lies, how long it is, and what it says.

    `type` is blkid's word.
    """

    offset: int
    magic: bytes
    type: str
    usage: Usage
    uuid: str = ""
    label: str = ""


def signatures(space: Disk) -> tuple[Signature, ...]:
    """Everything that can be recognised on a disk, by its offset."""
    found = [*_raid(space), *_lvm(space), *_xfs(space), *_ext(space), *_tables(space)]
    return tuple(sorted(found, key=lambda one: one.offset))


def wipe(space: Disk, found: Signature) -> None:
    """Clear a signature's magic number, as wipefs does."""
    space.write(found.offset, bytes(len(found.magic)))


def _raid(space: Disk) -> Iterator[Signature]:
    if space.size < 8192:
        return
    block = space.read(4096, 256)
    magic, major, id, name = struct.unpack_from("<II8x16s32s", block)
    (place,) = struct.unpack_from("<Q", block, 144)
    if (magic, major, place) == (0xA92B4EFC, 1, 8):
        yield Signature(4096, block[:4], "linux_raid_member", "raid", str(uuid.UUID(bytes=id)),
                        name.rstrip(b"\0").decode())  # fmt: skip


def _lvm(space: Disk) -> Iterator[Signature]:
    if pv := lvm_label.read_label(space):
        for sector in range(4):
            if space.read(sector * SECTOR, 8) == lvm_label.LABEL:
                yield Signature(sector * SECTOR + 24, lvm_label.TYPE, "LVM2_member", "raid",
                                dashed(pv.uuid))  # fmt: skip
                return


def dashed(id: str) -> str:
    """An LVM uuid as it is shown: 6-4-4-4-4-4-6."""
    cuts = (0, 6, 10, 14, 18, 22, 26, 32)
    return "-".join(id[start:end] for start, end in itertools.pairwise(cuts))


def _xfs(space: Disk) -> Iterator[Signature]:
    if space.size >= SECTOR and (block := space.read(0, 120))[:4] == b"XFSB":
        label = block[108:120].rstrip(b"\0").decode()
        yield Signature(0, b"XFSB", "xfs", "filesystem", str(uuid.UUID(bytes=block[32:48])), label)


def _ext(space: Disk) -> Iterator[Signature]:
    if space.size < 2048:
        return
    block = space.read(1024, 1024)
    if block[0x38:0x3A] == b"\x53\xef":
        label = block[0x78:0x88].rstrip(b"\0").decode()
        id = str(uuid.UUID(bytes=block[0x68:0x78]))
        yield Signature(1024 + 0x38, b"\x53\xef", "ext4", "filesystem", id, label)


def _tables(space: Disk) -> Iterator[Signature]:
    table = read_table(space)
    if table is None:
        return
    kind, _ = table
    if kind == "dos":
        (disk_id,) = struct.unpack("<I", space.read(440, 4))
        yield Signature(510, b"\x55\xaa", "dos", "partition-table", f"{disk_id:08x}")
        return
    for place in (1, space.size // SECTOR - 1):
        header = space.read(place * SECTOR, 92)
        if header[:8] == b"EFI PART":
            id = str(uuid.UUID(bytes_le=header[56:72]))
            yield Signature(place * SECTOR, b"EFI PART", "gpt", "partition-table", id)
    if space.read(510, 2) == b"\x55\xaa":
        yield Signature(510, b"\x55\xaa", "PMBR", "partition-table")
