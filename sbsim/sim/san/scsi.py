"""A host's SCSI devices: found by scans, with what they were found with until the next scan.

A device keeps the size that it had when it was last looked at: what an array has grown since then
is seen only by a rescan of that device. A LUN that is mapped later is seen only by a scan of its
host; one that is taken away stays, and answers no more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sbsim.sim.lio.backstores import Attributes, BlockBackedDevice, Device
from sbsim.sim.lio.fabric import Mapped
from sbsim.sim.san.array import Array, device_of
from sbsim.sim.san.identity import Designator


@dataclass
class Disk:
    """One path to a LUN: its address, its name, and what it told when it was looked at.

    Sizes are in bytes: `best_io` is that of the I/O that the LUN likes most.
    `nexus` is the one by which it came.
    """

    host: int
    channel: int
    target: int
    lun: int
    name: str
    vendor: str
    model: str
    revision: str
    serial: str
    designator: Designator
    size: int
    block_size: int
    write_cache: bool
    best_io: int
    behind: Callable[[], Mapped | None] = field(repr=False)
    gone: bool = False
    nexus: Any = field(default=None, repr=False, compare=False)

    @property
    def hctl(self) -> str:
        """Host, channel, target, LUN, as the kernel writes them."""
        return f"{self.host}:{self.channel}:{self.target}:{self.lun}"

    @property
    def wwid(self) -> str:
        """Its id as udev writes it."""
        return self.designator.wwid

    @property
    def kname(self) -> str:
        """The kernel's name."""
        return self.name

    @property
    def path(self) -> str:
        """Its node."""
        return f"/dev/{self.name}"

    def device(self) -> Device | None:
        """The array's device behind it right now; None if there is none any more."""
        mapped = self.behind()
        return device_of(mapped) if mapped else None

    def look(self) -> None:
        """Look at it again: its size and cache are as they are now."""
        found = self.device()
        if found is not None:
            self.size, self.write_cache = found.size, has_cache(found)


def has_cache(device: Device) -> bool:
    """Whether a device tells its initiators of a volatile write cache."""
    if isinstance(device, BlockBackedDevice) and device.claimed:  # it follows the disk's own
        return device.claimed.write_cache
    return device.part("attrib", Attributes).value("emulate_write_cache").strip() == "1"


def disk(
    place: tuple[int, int, int, int], name: str, array: Array, mapped: Mapped,
    behind: Callable[[], Mapped | None],
) -> Disk:  # fmt: skip
    """A disk as a scan finds it."""
    device = device_of(mapped)
    assert device is not None
    attributes = device.part("attrib", Attributes)
    told, cache = array.told(device), has_cache(device)
    block = int(attributes.value("block_size"))
    # The best size of its I/O is told for what is no block device.
    best = 0 if isinstance(device, BlockBackedDevice) else int(attributes.value("optimal_sectors"))
    return Disk(
        *place, name, told.vendor, told.model, told.revision, told.serial, told.designator,
        device.size, block, cache, max(block, best * block), behind,
    )  # fmt: skip


def sd_name(number: int) -> str:
    """The kernel's name of the disk of that number, from 0: sda, …, sdz, sdaa, …."""
    letters = ""
    number += 1
    while number:
        number, digit = divmod(number - 1, 26)
        letters = chr(ord("a") + digit) + letters
    return f"sd{letters}"


def numbers_of(name: str) -> str:
    """A disk's major and minor number: sixteen disks to a major, 8, then 65 to 71, then 128 on."""
    number = 0
    for letter in name.removeprefix("sd"):
        number = number * 26 + ord(letter) - ord("a") + 1
    majors = (8, *range(65, 72), *range(128, 136))
    major, minor = divmod(number - 1, 16)
    return f"{majors[major % len(majors)]}:{minor * 16 + major // len(majors) * 256}"
