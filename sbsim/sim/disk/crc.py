"""Reflected 32-bit checksums, by polynomial and seed, without an inversion at the end."""

from __future__ import annotations

import functools

IEEE, CASTAGNOLI = 0xEDB88320, 0x82F63B78
# Leases and labels are read far more often than they change.
KNOWN = 1024


class Crc32:
    """A checksum. Example: ``Crc32(CASTAGNOLI, seed=0xFFFFFFFE)(data)``"""

    def __init__(self, polynomial: int, seed: int) -> None:
        self._seed = seed
        self._table = tuple(_row(byte, polynomial) for byte in range(256))
        self._known = functools.lru_cache(KNOWN)(self._of)

    def __call__(self, data: bytes) -> int:
        """The checksum of bytes; of those that were asked for of late, as it was then."""
        return self._known(data)

    def _of(self, data: bytes) -> int:
        value, table = self._seed, self._table
        for byte in data:
            value = value >> 8 ^ table[(value ^ byte) & 0xFF]
        return value


def _row(value: int, polynomial: int) -> int:
    for _ in range(8):
        value = value >> 1 ^ (polynomial if value & 1 else 0)
    return value
