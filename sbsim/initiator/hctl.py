"""The address of a SCSI device on its host."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Each number is at most 20 digits long: LUNs have 64 bits.
PATTERN = r"(?P<h>[0-9]{1,10}):(?P<c>[0-9]{1,10}):(?P<t>[0-9]{1,10}):(?P<l>[0-9]{1,20})"
_HCTL = re.compile(PATTERN)


@dataclass(frozen=True, order=True)
class Hctl:
    """Host, channel, target, LUN. The host number means nothing beyond its own machine and boot.

    Example: `str(Hctl(2, 0, 0, 1)) == "2:0:0:1"`
    """

    host: int
    channel: int
    target: int
    lun: int

    def __str__(self) -> str:
        return f"{self.host}:{self.channel}:{self.target}:{self.lun}"


def read_hctl(text: str) -> Hctl | None:
    """Return the address that `text` is, None if it is none."""
    match = _HCTL.fullmatch(text)
    return hctl_of(match) if match else None


def hctl_of(match: re.Match[str]) -> Hctl:
    """Return the address in a match of `PATTERN`."""
    return Hctl(int(match["h"]), int(match["c"]), int(match["t"]), int(match["l"]))
