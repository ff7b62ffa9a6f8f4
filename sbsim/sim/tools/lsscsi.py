"""lsscsi: the SCSI devices in the columns of its options."""

from __future__ import annotations

from sbsim.sim.machine import Call, Output, tool
from sbsim.sim.options import read
from sbsim.sim.san.nexus import Nexus
from sbsim.sim.san.scsi import Disk

PREFIXES = ("", "k", "M", "G", "T", "P", "E")


@tool("lsscsi")
def lsscsi(call: Call) -> Output:
    """Every device, by its address."""
    options = read(call, flags=("-i", "-st", "-s", "-t"))
    scsi = call.machine.scsi
    call.machine.multipathd.look()  # before the first of its disks is told, not amid them
    transports = bool({"-st", "-t"} & options.flags)
    sizes = bool({"-st", "-s"} & options.flags)
    lines = []
    for disk in scsi.disks:
        middle = _transport(scsi.nexus_of(disk)) if transports else _inquiry(disk)
        end = (
            f"  {_id(call, disk)}"
            if "-i" in options
            else f"  {_size(disk.size):>6}"
            if sizes
            else ""
        )
        lines.append(f"{f'[{disk.hctl}]':<13}{'disk':<8}{middle}{disk.path:<9}{end}\n")
    return Output("".join(lines), seconds=0.1)


def _id(call: Call, disk: Disk) -> str:
    """Its id by udev's link to it, or its map's; without a map one path of several has it."""
    machine = call.machine
    mapped = any(one.kind == "mpath" for one in machine.mapper.on(disk))
    link = machine.udev.links().get(f"disk/by-id/scsi-{disk.wwid}")
    return disk.wwid if mapped or link == disk.kname else "-"


def _inquiry(disk: Disk) -> str:
    return f"{disk.vendor:<8} {disk.model:<16} {disk.revision:<4}  "


def _transport(nexus: Nexus) -> str:
    return f"{nexus.place:<30}  "


def _size(count: int) -> str:
    """Three digits and a decimal unit, the rest cut off."""
    power = 0
    while count >= 1000 ** (power + 1) and power < len(PREFIXES) - 1:
        power += 1
    whole, rest = divmod(count, 1000**power)
    decimals = max(0, 3 - len(str(whole))) if power else 0
    digits = f"{rest * 1000 // 1000**power:03}"[:decimals]
    return f"{whole}{'.' + digits if digits else ''}{PREFIXES[power]}B"
