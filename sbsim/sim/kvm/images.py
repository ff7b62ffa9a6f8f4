"""Images on a host's volumes as QEMU opens them: each with what lies behind it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sbsim.sim.disk.qcow2 import CLUSTER, Image, NotQcow2
from sbsim.sim.san.block_io import HostDevice

# A chain that is longer leads back to itself.
LONGEST_CHAIN = 200


@dataclass(frozen=True)
class Opened:
    """An image that is open: what a guest reads, its device, and the image behind it."""

    reader: Image | HostDevice
    device: HostDevice
    behind: Opened | None = None

    def chain(self) -> Iterator[Opened]:
        """The image, and all that lies behind it."""
        yield self
        if self.behind is not None:
            yield from self.behind.chain()

    def data(self) -> set[int]:
        """The numbers of the guest's clusters that it or what lies behind it has."""
        found: set[int] = set()
        for one in self.chain():
            own = one.reader
            size = min(own.size, self.reader.size)
            numbers = own.clusters() if isinstance(own, Image) else range(-(-size // CLUSTER))
            found |= {number for number in numbers if number * CLUSTER < self.reader.size}
        return found


def opened(machine: Any, path: str, form: str, depth: int = 0) -> Opened:
    """Open the image at a path. Raises NotQcow2, and OSError with the path that is not there."""
    device = HostDevice(machine, path)
    if form != "qcow2":
        return Opened(device, device)
    if depth > LONGEST_CHAIN:
        raise NotQcow2("what lies behind it leads back to it")
    header = Image(device).header
    behind = None
    if header.backing:
        behind = opened(machine, header.backing, header.backing_format, depth + 1)
    return Opened(Image(device, behind.reader if behind else None), device, behind)
