"""Sizes: a number of bytes, or a text such as `20 GiB`."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Annotated

from sbsim.deployment.model import Parsed
from sbsim.deployment.nearest import nearest
from sbsim.deployment.unfit import Unfit

KIB = 1 << 10
MIB = 1 << 20
GIB = 1 << 30
TIB = 1 << 40
SECTOR = 512

# Linux addresses a disk with a signed 64-bit number of bytes.
LARGEST = (1 << 63) - SECTOR
_SMALLEST_MEMORY = 64 * MIB
_LARGEST_MEMORY = 64 * TIB

UNITS = {"B": 1} | {
    f"{letter}{suffix}": base**power
    for suffix, base in (("iB", 1024), ("B", 1000))
    for power, letter in enumerate("KMGTPE" if base == 1024 else "kMGTPE", start=1)
}
_SIZE = re.compile(r"([0-9]{1,20}(?:\.[0-9]{1,20})?) ?([A-Za-z]{0,8})")
_PATTERN = r"^[0-9]+(\.[0-9]+)? ?(B|[KMGTPE]iB|[kMGTPE]B)?$"
_EXPECTED = "a number of bytes or a text such as '20 GiB'"


def parse_size(value: object) -> int:
    """Read a size and return bytes. Units: B, KiB to EiB (1024), kB to EB (1000)."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Unfit(_EXPECTED, "write for example '20 GiB'")
    return _bytes(*match.groups())


def _bytes(number: str, unit: str) -> int:
    if unit and unit not in UNITS:
        guess = nearest(unit, UNITS)
        advice = f"did you mean '{guess}'?" if guess else "use " + ", ".join(UNITS)
        raise Unfit(_EXPECTED, advice, f"the unknown unit '{unit}'")
    size = Fraction(number) * UNITS[unit or "B"]
    if size.denominator != 1:
        raise Unfit("a whole number of bytes", "choose a size that is one", f"{number} {unit}")
    return int(size)


def memory(value: object) -> int:
    """Read a machine's memory: 64 MiB to 64 TiB, in bytes."""
    size = parse_size(value)
    if not _SMALLEST_MEMORY <= size <= _LARGEST_MEMORY:
        raise Unfit("64 MiB to 64 TiB of memory", "write for example '8 GiB'")
    return size


def lun_size(value: object) -> int:
    """Read a LUN's size in bytes: a multiple of 512 (one sector), below 8 EiB."""
    size = parse_size(value)
    if not SECTOR <= size <= LARGEST:
        raise Unfit("a size from 512 bytes to below 8 EiB", "write for example '20 GiB'")
    if size % SECTOR:
        up = size + SECTOR - size % SECTOR
        raise Unfit(
            "a multiple of 512 bytes, the size of a sector",
            f"take {size - size % SECTOR or up} or {up}",
            f"{size} bytes",
        )
    return size


def readable(size: int) -> str:
    """Return a size for people: exact in the largest unit of 1024 that divides it."""
    for unit in ("EiB", "PiB", "TiB", "GiB", "MiB", "KiB"):
        if size and size % UNITS[unit] == 0:
            return f"{size // UNITS[unit]} {unit}"
    return f"{size} bytes"


def _parsed(parse: Callable[[object], int], smallest: int, largest: int) -> Parsed:
    number = {"type": "integer", "minimum": smallest, "maximum": largest}
    return Parsed(parse, {"anyOf": [number, {"type": "string", "pattern": _PATTERN}]})


Memory = Annotated[int, _parsed(memory, _SMALLEST_MEMORY, _LARGEST_MEMORY)]
LunSize = Annotated[int, _parsed(lun_size, SECTOR, LARGEST)]
