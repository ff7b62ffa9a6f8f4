"""lsscsi: the SCSI devices in the columns of its options."""

from __future__ import annotations

from dataclasses import dataclass

from sbsim.sim.machine import Call, Output, tool
from sbsim.sim.options import read
from sbsim.sim.releases import OwnDevice
from sbsim.sim.san.scsi import Disk

PREFIXES = ("", "k", "M", "G", "T", "P", "E")
NOTHING = "-"


@dataclass(frozen=True)
class _Line:
    """What is told of a device; `transport` is where it is, for -t."""

    hctl: str
    kind: str
    vendor: str
    model: str
    revision: str
    transport: str
    path: str
    size: str
    id: str

    @property
    def place(self) -> tuple[int, ...]:
        """By what lines are sorted."""
        return tuple(map(int, self.hctl.split(":")))


@tool("lsscsi")
def lsscsi(call: Call) -> Output:
    """Every device, by its address."""
    options = read(call, flags=("-i", "-st", "-s", "-t"))
    machine = call.machine
    machine.multipathd.look()  # before the first of its disks is told, not amid them
    transports = bool({"-st", "-t"} & options.flags)
    sizes = bool({"-st", "-s"} & options.flags)
    told = [_own(one) for one in machine.about.devices]
    told += [_disk(call, one, "-i" in options) for one in machine.scsi.disks]
    lines = []
    for one in sorted(told, key=lambda line: line.place):
        middle = f"{one.transport:<30}" if transports else _inquiry(one)
        end = f"  {one.id}" if "-i" in options else f"  {one.size:>6}" if sizes else ""
        lines.append(f"{f'[{one.hctl}]':<13}{one.kind:<8}{middle}  {one.path:<9}{end}\n")
    return Output("".join(lines), seconds=0.1)


def _own(one: OwnDevice) -> _Line:
    """A device of the machine's own: nobody gives it an id, and it has no medium."""
    return _Line(one.hctl, one.kind, one.vendor, one.model, one.revision, f"{one.transport}:",
                 one.path, NOTHING, NOTHING)  # fmt: skip


def _disk(call: Call, disk: Disk, with_id: bool) -> _Line:
    place = call.machine.scsi.nexus_of(disk).place
    id = _id(call, disk) if with_id else NOTHING
    return _Line(disk.hctl, "disk", disk.vendor, disk.model, disk.revision, place, disk.path,
                 _size(disk.size), id)  # fmt: skip


def _id(call: Call, disk: Disk) -> str:
    """Its id by udev's link to it, or its map's; without a map one path of several has it."""
    machine = call.machine
    mapped = any(one.kind == "mpath" for one in machine.mapper.on(disk))
    link = machine.udev.links().get(f"disk/by-id/scsi-{disk.wwid}")
    return disk.wwid if mapped or link == disk.kname else NOTHING


def _inquiry(one: _Line) -> str:
    return f"{one.vendor:<8} {one.model:<16} {one.revision:<4}"


def _size(count: int) -> str:
    """Three digits and a decimal unit, the rest cut off."""
    power = 0
    while count >= 1000 ** (power + 1) and power < len(PREFIXES) - 1:
        power += 1
    whole, rest = divmod(count, 1000**power)
    decimals = max(0, 3 - len(str(whole))) if power else 0
    digits = f"{rest * 1000 // 1000**power:03}"[:decimals]
    return f"{whole}{'.' + digits if digits else ''}{PREFIXES[power]}B"
