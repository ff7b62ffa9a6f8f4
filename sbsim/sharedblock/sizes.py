"""How large things are in a pool: the product's arithmetic, in bytes.

A volume is a logical volume with some room to spare for qcow2's own tables, and a logical volume
is whole extents. Every LUN gives up its metadata area, the first one the lock volume too.
"""

from __future__ import annotations

MIB = 2**20
GIB = 2**30

SECTOR = 512
EXTENT = 4 * MIB
METADATA = 2 * GIB
LOCK_VOLUME = GIB
# LVM keeps its label and the start of the metadata area before the first MiB's end. Where a LUN
# tells what I/O it likes best, data begin at a multiple of that (devices/data_alignment_detection):
# LIO tells it of a file, 16384 blocks of 512 bytes.
ALIGNMENT = MIB
FILE_ALIGNMENT = 8 * MIB

_SPARE = 12 * MIB
_SPARE_EVERY = 4 * GIB
_SPARE_STEP = 4 * MIB


def reserved(virtual: int) -> int:
    """The bytes that a volume of `virtual` bytes asks LVM for, in whole sectors."""
    spare = virtual + _SPARE
    wanted = spare + _SPARE_STEP * (spare // _SPARE_EVERY)
    return _up(wanted, SECTOR)


def volume_size(virtual: int) -> int:
    """The bytes that the logical volume of a volume of `virtual` bytes has in the end."""
    return _up(reserved(virtual), EXTENT)


def space(virtual: int, room: int | None) -> int:
    """The bytes that a volume of `virtual` bytes takes at first, if it is thin with that room."""
    return volume_size(virtual if room is None else min(virtual, room))


def exact(virtual: int) -> int:
    """The bytes of the logical volume that holds exactly `virtual` bytes: whole extents."""
    return _up(virtual, EXTENT)


def usable(lun: int, metadata: int = METADATA, alignment: int = ALIGNMENT) -> int:
    """The bytes that a LUN of `lun` bytes brings into a volume group; 0 if it is too small."""
    return max(0, (lun - _up(ALIGNMENT + metadata, alignment)) // EXTENT * EXTENT)


def _up(size: int, unit: int) -> int:
    return -(-size // unit) * unit
