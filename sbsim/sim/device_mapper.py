"""A simulated kernel's device mapper: devices that lie on others, by name and number."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

MAJOR = 254


@dataclass(frozen=True)
class Row:
    """A part of a linear device: `size` bytes from `start` on are those of `lower` from `at` on."""

    start: int
    size: int
    lower: Any
    at: int


@dataclass
class MappedDevice:
    """A device that lies on others (`over`). `kind` is lsblk's word for it, `size` in bytes.

    A linear one has a `table`, whose rows cover it. `uuid` tells whose it is; `links` are further
    paths that lead to it. A `hidden` one is its owner's own: udev gives it no other names.
    """

    name: str
    minor: int
    kind: str
    size: int
    over: list[Any] = field(default_factory=list)
    table: tuple[Row, ...] = ()
    uuid: str = ""
    links: tuple[str, ...] = ()
    hidden: bool = False

    @property
    def kname(self) -> str:
        """The kernel's name."""
        return f"dm-{self.minor}"

    @property
    def path(self) -> str:
        """Its node."""
        return f"/dev/mapper/{self.name}"


class DeviceMapper:
    """The mapped devices of one machine."""

    def __init__(self) -> None:
        self.devices: list[MappedDevice] = []
        self.changes = 0

    def make(self, name: str, kind: str, size: int) -> MappedDevice:
        """A device of that name, with the lowest number that is free."""
        used = {one.minor for one in self.devices}
        minor = next(number for number in itertools.count() if number not in used)
        self.changes += 1
        self.devices.append(MappedDevice(name, minor, kind, size))
        return self.devices[-1]

    def load(self, device: MappedDevice, table: tuple[Row, ...]) -> None:
        """Give a linear device its rows; it is as large as they are together."""
        self.changes += 1
        device.table = table
        device.size = sum(row.size for row in table)
        lower = {id(row.lower): row.lower for row in table}
        device.over = list(lower.values())

    def remove(self, device: MappedDevice) -> None:
        """Take a device away that nothing lies on."""
        assert not self.on(device), device.name
        self.changes += 1
        self.devices.remove(device)

    def on(self, device: object) -> list[MappedDevice]:
        """The devices that lie on a device."""
        return [one for one in self.devices if any(each is device for each in one.over)]

    def at(self, path: str) -> MappedDevice | None:
        """The device at a path; None if it is none of these."""
        return next(
            (one for one in self.devices if path in (one.path, f"/dev/{one.kname}", *one.links)),
            None,
        )

    def clear(self) -> None:
        """Forget all, as a power cut does."""
        self.changes += 1
        self.devices.clear()
