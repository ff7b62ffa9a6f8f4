"""File systems' and RAID's superblocks: as much of each as tells what it is, and whose.

Sources: ext4's and XFS's on-disk formats as their projects document them; md's version 1.2.
"""

from __future__ import annotations

import struct
import uuid

from sbsim.sim.disk.space import Space

_EXT_PLACE, _XFS_PLACE, _MD_PLACE = 1024, 0, 4096
_HAS_JOURNAL, _FILETYPE, _EXTENTS, _HUGE_FILE = 0x4, 0x2, 0x40, 0x8
_MD_MAGIC = 0xA92B4EFC
_BLOCK = 4096


def write_ext4(space: Space, id: uuid.UUID, label: str = "") -> None:
    """Write an ext4 superblock."""
    blocks = space.size // _BLOCK
    block = bytearray(1024)
    struct.pack_into("<II", block, 0, blocks // 4, blocks)
    struct.pack_into("<II", block, 0x0C, blocks - 1, blocks // 4 - 11)
    struct.pack_into("<IIIII", block, 0x14, 0, 2, 2, 32768, 32768)
    struct.pack_into("<I", block, 0x28, 8192)
    struct.pack_into("<HHH", block, 0x38, 0xEF53, 1, 1)
    struct.pack_into("<I", block, 0x4C, 1)
    struct.pack_into("<IH", block, 0x54, 11, 256)
    struct.pack_into("<III", block, 0x5C, _HAS_JOURNAL, _FILETYPE | _EXTENTS, _HUGE_FILE)
    block[0x68:0x78] = id.bytes
    block[0x78 : 0x78 + len(label)] = label.encode()
    space.write(_EXT_PLACE, bytes(block))


def write_xfs(space: Space, id: uuid.UUID, label: str = "") -> None:
    """Write an XFS superblock, version 4."""
    blocks, groups = space.size // _BLOCK, 4
    per_group = blocks // groups
    block = struct.pack(
        ">4sIQQQ16sQQQQIIIIIHHHH12sBBBBBBBB", b"XFSB", _BLOCK, per_group * groups, 0, 0, id.bytes,
        per_group // 2, 128, 129, 130, 1, per_group, groups, 0, 2560, 0xB4A4, 512, 512, 8,
        label.encode().ljust(12, b"\0"), 12, 9, 9, 3, max(per_group - 1, 1).bit_length(), 0, 0, 25,
    )  # fmt: skip
    space.write(_XFS_PLACE, block.ljust(512, b"\0"))


def write_raid(space: Space, id: uuid.UUID, name: str, devices: int = 1) -> None:
    """Write the superblock of a member of an md array, version 1.2, level 1."""
    sectors = space.size // 512
    data_offset = 2048
    block = bytearray(256)
    struct.pack_into("<IIII16s32sQIIQII", block, 0, _MD_MAGIC, 1, 0, 0, id.bytes,
                     name.encode().ljust(32, b"\0"), 0, 1, 0, sectors - data_offset, 0,
                     devices)  # fmt: skip
    struct.pack_into("<QQQ", block, 128, data_offset, sectors - data_offset, 8)
    block[168:184] = uuid.uuid5(id, "device").bytes
    struct.pack_into("<I", block, 216, _md_checksum(bytes(block)))
    space.write(_MD_PLACE, bytes(block))


def _md_checksum(block: bytes) -> int:
    """The sum of its words, its own left out, the carries added again."""
    total: int = sum(struct.unpack("<64I", block[:216] + bytes(4) + block[220:]))
    return ((total & 0xFFFFFFFF) + (total >> 32)) & 0xFFFFFFFF
