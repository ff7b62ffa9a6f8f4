"""LVM's own bytes on a disk: the label, the header of a physical volume, the metadata area.

A label lies in one of the first four sectors; it is followed by the physical volume's uuid, its
size, where its data begins and where its metadata area lies. The area begins with a header of one
sector that says which part of the ring behind it holds the volume group's text.

Source: lvm2's on-disk format, label type "LVM2 001", text format 1.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from sbsim.sim.disk.crc import IEEE, Crc32
from sbsim.sim.disk.space import Disk

SECTOR = 512
LABEL, TYPE = b"LABELONE", b"LVM2 001"
AREA_START = 4096
_AREA_MAGIC = b" LVM2 x[5A%r0N*>"
_EXTENSION_VERSION = 2


# LVM's CRC-32 has a seed of its own.
checksum = Crc32(IEEE, seed=0xF597A6CF)


@dataclass(frozen=True)
class PhysicalVolume:
    """What the label says: uuid (32 characters, no dashes), bytes, data start, metadata area."""

    uuid: str
    size: int
    data_start: int
    area_start: int
    area_size: int
    in_use: bool = False


def write_label(space: Disk, pv: PhysicalVolume) -> None:
    """Write the label into sector 1, as pvcreate does; the metadata area is empty then."""
    body = struct.pack("<32sQ", pv.uuid.encode(), pv.size)
    body += struct.pack("<QQQQ", pv.data_start, 0, 0, 0)
    body += struct.pack("<QQQQ", pv.area_start, pv.area_size, 0, 0)
    body += struct.pack("<IIQQ", _EXTENSION_VERSION, int(pv.in_use), 0, 0)
    tail = struct.pack("<I8s", 32, TYPE) + body
    tail = tail.ljust(SECTOR - 20, b"\0")
    space.write(SECTOR, struct.pack("<8sQI", LABEL, 1, checksum(tail)) + tail)


def read_label(space: Disk) -> PhysicalVolume | None:
    """The physical volume that a disk is; None if it is none, or its label is damaged."""
    for sector in range(4):
        if space.size < (sector + 1) * SECTOR:
            break
        data = space.read(sector * SECTOR, SECTOR)
        magic, place, crc, offset, kind = struct.unpack_from("<8sQII8s", data)
        if magic != LABEL or place != sector or kind != TYPE or crc != checksum(data[20:]):
            continue
        return _header(data, offset)
    return None


def _header(data: bytes, offset: int) -> PhysicalVolume:
    uuid, size = struct.unpack_from("<32sQ", data, offset)
    data_areas, place = _areas(data, offset + 40)
    metadata_areas, place = _areas(data, place)
    version, flags = struct.unpack_from("<II", data, place)
    start, length = metadata_areas[0] if metadata_areas else (0, 0)
    in_use = bool(version >= _EXTENSION_VERSION and flags & 1)
    return PhysicalVolume(uuid.decode(), size, data_areas[0][0], start, length, in_use)


def _areas(data: bytes, place: int) -> tuple[list[tuple[int, int]], int]:
    """A list of areas that ends with an empty one, and what comes after it."""
    found: list[tuple[int, int]] = []
    while True:
        start, size = struct.unpack_from("<QQ", data, place)
        place += 16
        if not start:
            return found, place
        found.append((start, size))


# --- the metadata area ------------------------------------------------------------------------


def write_empty_area(space: Disk, pv: PhysicalVolume) -> None:
    """Make a metadata area that holds no text."""
    space.write(pv.area_start, _area_header(pv, None))


def write_text(space: Disk, pv: PhysicalVolume, text: bytes) -> None:
    """Put a volume group's text behind the one that is there, then point to it.

    The text before stays whole until the header has changed: whoever is interrupted leaves one of
    the two. Raises ValueError where it does not fit.
    """
    data = text + b"\0"
    ring = pv.area_size - SECTOR
    if 2 * len(data) + SECTOR > ring:
        raise ValueError(f"{len(data)} bytes of metadata do not fit twice into {ring}")
    now = _location(space, pv)
    place = SECTOR if now is None else _behind(now, ring)
    first = data[: pv.area_size - place]
    space.write(pv.area_start + place, first)
    if rest := data[len(first) :]:
        space.write(pv.area_start + SECTOR, rest)
    space.write(pv.area_start, _area_header(pv, (place, len(data), checksum(data))))


def _behind(now: tuple[int, int, int], ring: int) -> int:
    """The first sector of the ring after a text; the ring begins behind the header."""
    place, size, _ = now
    end = place - SECTOR + size
    return SECTOR + (end + SECTOR - 1) // SECTOR * SECTOR % ring


def read_text(space: Disk, pv: PhysicalVolume) -> bytes | None:
    """The volume group's text; None if there is none, or it is damaged."""
    now = _location(space, pv)
    if now is None:
        return None
    place, size, crc = now
    first = min(size, pv.area_size - place)
    data = space.read(pv.area_start + place, first)
    data += space.read(pv.area_start + SECTOR, size - first)
    return data.rstrip(b"\0") if checksum(data) == crc else None


def _location(space: Disk, pv: PhysicalVolume) -> tuple[int, int, int] | None:
    if not pv.area_size:
        return None
    header = space.read(pv.area_start, SECTOR)
    crc, magic = struct.unpack_from("<I16s", header)
    if magic != _AREA_MAGIC or crc != checksum(header[4:]):
        return None
    place, size, text_crc, flags = struct.unpack_from("<QQII", header, 40)
    return (place, size, text_crc) if size and not flags & 1 else None


def _area_header(pv: PhysicalVolume, location: tuple[int, int, int] | None) -> bytes:
    body = _AREA_MAGIC + struct.pack("<IQQ", 1, pv.area_start, pv.area_size)
    body += struct.pack("<QQII", *(location or (0, 0, 0)), 0)
    body = body.ljust(SECTOR - 4, b"\0")
    return struct.pack("<I", checksum(body)) + body
