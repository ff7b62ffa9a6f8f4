"""Partition tables: the DOS label and the GUID partition table, as their specifications have them.

Sources: UEFI 2.10 chapter 5 (GPT, protective MBR); the DOS label's four entries at byte 446.
"""

from __future__ import annotations

import struct
import uuid
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from sbsim.sim.disk.space import Disk, Space

SECTOR = 512
_DOS_MAGIC = b"\x55\xaa"
_GPT_MAGIC = b"EFI PART"
_ENTRIES, _ENTRY_BYTES = 128, 128
_LINUX = uuid.UUID("0fc63daf-8483-4772-8e79-3d69d8477de4")


@dataclass(frozen=True)
class Partition:
    """One partition: its first sector, how many it has, and its number, from 1."""

    number: int
    start: int
    sectors: int


def write_dos(space: Space, partitions: Sequence[Partition], disk_id: int) -> None:
    """Write a DOS label with up to four Linux partitions."""
    table = bytearray(SECTOR)
    struct.pack_into("<I", table, 440, disk_id)
    for one in partitions:
        entry = struct.pack("<B3sB3sII", 0, b"\xfe\xff\xff", 0x83, b"\xfe\xff\xff",
                            one.start, one.sectors)  # fmt: skip
        place = 446 + 16 * (one.number - 1)
        table[place : place + 16] = entry
    table[510:] = _DOS_MAGIC
    space.write(0, bytes(table))


def write_gpt(space: Space, partitions: Sequence[Partition], disk_id: uuid.UUID) -> None:
    """Write a GUID partition table with its protective MBR and its copy at the end."""
    last = space.size // SECTOR - 1
    protective = Partition(1, 1, min(last, 0xFFFFFFFF))
    write_dos(space, [protective], 0)
    space.write(446 + 4, b"\xee")
    entries = bytearray(_ENTRIES * _ENTRY_BYTES)
    for one in partitions:
        own = uuid.uuid5(disk_id, str(one.number))
        struct.pack_into(
            "<16s16sQQQ72s", entries, _ENTRY_BYTES * (one.number - 1), _LINUX.bytes_le,
            own.bytes_le, one.start, one.start + one.sectors - 1, 0, b"",
        )  # fmt: skip
    table_sectors = len(entries) // SECTOR
    for here, other, table in ((1, last, 2), (last, 1, last - table_sectors)):
        space.write(table * SECTOR, bytes(entries))
        space.write(here * SECTOR, _gpt_header(here, other, table, last, bytes(entries), disk_id))


def _gpt_header(
    here: int, other: int, table: int, last: int, entries: bytes, disk_id: uuid.UUID
) -> bytes:
    table_sectors = len(entries) // SECTOR

    def header(checksum: int) -> bytes:
        return struct.pack(
            "<8sIIIIQQQQ16sQIII", _GPT_MAGIC, 0x10000, 92, checksum, 0, here, other,
            2 + table_sectors, last - table_sectors - 1, disk_id.bytes_le, table, _ENTRIES,
            _ENTRY_BYTES, zlib.crc32(entries),
        )  # fmt: skip

    return header(zlib.crc32(header(0)))


def read_table(space: Disk) -> tuple[str, tuple[Partition, ...]] | None:
    """The kind of a disk's partition table ("gpt" or "dos") and its partitions; None without."""
    if gpt := _read_gpt(space):
        return "gpt", gpt
    first = space.read(0, SECTOR)
    if first[510:] != _DOS_MAGIC:
        return None
    found = []
    for number in range(1, 5):
        kind, start, sectors = struct.unpack_from("<4xB3xII", first, 446 + 16 * (number - 1))
        if kind and sectors:
            found.append(Partition(number, start, sectors))
    return ("dos", tuple(found)) if found else None


def _read_gpt(space: Disk) -> tuple[Partition, ...] | None:
    """The partitions of a sound table: its own, or its copy at the end. None without one."""
    last = space.size // SECTOR - 1
    for place in (1, last):
        if place < 1:
            continue
        header = space.read(place * SECTOR, 92)
        magic, checksum, here, table, crc = struct.unpack_from("<8s8xI4xQ40xQ8xI", header)
        plain = header[:16] + bytes(4) + header[20:]
        if magic != _GPT_MAGIC or here != place or zlib.crc32(plain) != checksum:
            continue
        entries = space.read(table * SECTOR, _ENTRIES * _ENTRY_BYTES)
        if zlib.crc32(entries) == crc:
            return tuple(_gpt_partitions(entries))
    return None


def _gpt_partitions(entries: bytes) -> list[Partition]:
    found = []
    for number in range(1, _ENTRIES + 1):
        kind, start, end = struct.unpack_from("<16s16xQQ", entries, _ENTRY_BYTES * (number - 1))
        if kind.strip(b"\0"):
            found.append(Partition(number, start, end - start + 1))
    return found
