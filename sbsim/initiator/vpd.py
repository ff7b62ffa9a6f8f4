r"""VPD page 0x83 as the kernel keeps it in sysfs, and the id that udev's scsi_id makes of it.

    00 83 LLLL   page code, length; then the designators, one behind the other:
    CC AT 00 LL  code set (1 binary, 2 ASCII); association (bits 4-5) and type (bits 0-3); length

Sources: SPC-4, 7.8.6; systemd's scsi_serial.c, which prefers NAA (3) to T10 vendor ids (1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sbsim.initiator.hctl import Hctl
from sbsim.machines import Machine

T10, NAA = 1, 3
BINARY = 1
PAGE = 0x83
# The association with the logical unit itself, not with a port or a target device.
_LOGICAL_UNIT = 0


@dataclass(frozen=True)
class Designator:
    """One name of a LUN: the number of its type, and its bytes."""

    type: int
    binary: bool
    value: bytes

    @property
    def wwid(self) -> str:
        """What udev makes of it: the type, then hex; of ASCII the text, blanks as underscores."""
        if self.binary:
            return f"{self.type}{self.value.hex()}"
        text = re.sub(r"\s+", "_", self.value.decode("ascii", "replace").strip(" \0"))
        return f"{self.type}{text}"


def designators(page: bytes) -> Iterator[Designator]:
    """Return a LUN's own designators; a page that is cut off gives those that are whole."""
    if len(page) < 4 or page[1] != PAGE:
        return
    end = min(len(page), 4 + int.from_bytes(page[2:4], "big"))
    place = 4
    while place + 4 <= end:
        code_set, kind, _, length = page[place : place + 4]
        value = page[place + 4 : place + 4 + length]
        place += 4 + length
        if place <= end and kind >> 4 & 3 == _LOGICAL_UNIT:
            yield Designator(kind & 0xF, code_set & 0xF == BINARY, value)


def wwid_of(page: bytes) -> str | None:
    """Return the WWID that udev makes of a page; None where it has neither NAA nor T10 ids."""
    found = list(designators(page))
    for kind in (NAA, T10):
        for one in found:
            if one.type == kind:
                return one.wwid
    return None


def read_wwid(machine: Machine, hctl: Hctl) -> str | None:
    """Return the WWID of a disk, by its page; None where it has none, or is gone meanwhile.

    Of the id that the kernel shows beside the page nobody can tell whether udev writes it in hex.
    """
    try:
        return wwid_of(machine.read(f"/sys/class/scsi_device/{hctl}/device/vpd_pg83"))
    except OSError:
        return None
