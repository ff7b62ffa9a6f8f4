"""`fdisk -l`, as util-linux of CentOS 7 (2.23, the guide's) and of Debian (2.38) print it.

Disk /dev/sda: 21.0 GB, 20971520000 bytes, 40960000 sectors       (CentOS 7: decimal units)
Disk /dev/sda: 19.53 GiB, 20971520000 bytes, 40960000 sectors     (Debian: binary units)
Disk model: zstack-sto-1
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from sbsim.initiator.reading import numbered_lines, unreadable

_TOOL = "fdisk -l"
_DISK = re.compile(
    r"Disk (?P<path>/dev/\S+): (?P<size>[0-9.]{1,20} [kKMGTPE]?i?B|[0-9]{1,20} bytes), "
    r"(?P<bytes>[0-9]{1,20}) bytes, (?P<sectors>[0-9]{1,20}) sectors"
)
_MODEL = re.compile(r"Disk model: (?P<model>.*)")
_SECTOR = re.compile(
    r"Sector size \(logical/physical\): (?P<logical>[0-9]{1,9}) bytes / (?P<physical>[0-9]{1,9})"
    r" bytes"
)
_LABEL = re.compile(r"Disk ?label type: (?P<label>\S+)")
# Lines that belong to a disk and tell nothing that is needed here.
_OTHER = re.compile(
    r"Units: sectors of .*|Units = .*|I/O size \(minimum/optimal\): .*|Disk identifier: .*"
    r"|Alignment offset: .*|Geometry: .*|[0-9]+ heads, .*"
    r"|\s*Device +(?:Boot +)?Start +.*|# +Start +.*|\s*/dev/\S+ .*| *[0-9]+ +[0-9]+ +[0-9]+ .*"
    r"|Partition [0-9]+ does not start on physical sector boundary\."
    r"|Partition table entries are not in disk order\.?"
)


@dataclass(frozen=True)
class Disk:
    """A disk as fdisk sees it. `model` is what Debian prints, None where it prints none.

    `label` is the type of its partition table, None without one. Sizes are in bytes; fdisk's
    `sectors` have `sector_bytes` each (None where that line was cut off, as in the guide).
    """

    path: str
    bytes: int
    sectors: int
    model: str | None = None
    sector_bytes: int | None = None
    label: str | None = None


def parse_fdisk(text: str) -> tuple[Disk, ...]:
    """Read the output of `fdisk -l`, in its order."""
    disks: list[Disk] = []
    for number, line in numbered_lines(text):
        if match := _DISK.fullmatch(line):
            disks.append(Disk(match["path"], int(match["bytes"]), int(match["sectors"])))
        elif not disks:
            raise unreadable(_TOOL, number, line, "Disk /dev/…: …, N bytes, N sectors")
        elif match := _MODEL.fullmatch(line):
            disks[-1] = replace(disks[-1], model=match["model"].strip())
        elif match := _SECTOR.fullmatch(line):
            disks[-1] = replace(disks[-1], sector_bytes=int(match["logical"]))
        elif match := _LABEL.fullmatch(line):
            disks[-1] = replace(disks[-1], label=match["label"])
        elif not _OTHER.fullmatch(line):
            raise unreadable(_TOOL, number, line, "a line that fdisk prints about a disk")
    return tuple(disks)
