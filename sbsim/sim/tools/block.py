"""Block devices: lsblk, fdisk, blockdev."""

from __future__ import annotations

from typing import Any

from sbsim.sim.machine import Call, Output, SimulatedMachine, tool
from sbsim.sim.options import read
from sbsim.sim.san.initiator import LOGGED_IN
from sbsim.sim.san.scsi import Disk

UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


@tool("lsblk")
def lsblk(call: Call) -> Output:
    """Every block device as JSON, in the columns that are asked for."""
    options = read(call, flags=("-J", "--json", "-b", "--bytes"), values=("-o", "--output"))
    columns = options.values.get("-o") or options.values.get("--output") or ""
    if not {"-J", "--json"} & options.flags or not {"-b", "--bytes"} & options.flags:
        raise call.unknown("use of lsblk but as JSON, in bytes")
    names = columns.lower().split(",")
    disks = [_facts(call.machine, disk) for disk in call.machine.initiator.disks]
    disks.sort(key=lambda one: (len(one["kname"]), one["kname"]))
    for name in names:
        if disks and name not in disks[0]:
            raise call.unknown(f"column {name} of lsblk")
    return Output(_json([{name: one[name] for name in names} for one in disks]), seconds=0.1)


def _facts(machine: SimulatedMachine, disk: Disk) -> dict[str, Any]:
    session = next(one for one in machine.initiator.sessions if disk in one.disks.values())
    alive = machine.initiator.state(session) == LOGGED_IN
    return {
        "name": disk.name, "kname": disk.name, "path": disk.path, "type": "disk",
        "size": disk.size, "hctl": disk.hctl, "vendor": f"{disk.vendor:<8}", "model": disk.model,
        "rev": f"{disk.revision:<4}", "tran": "iscsi", "wwn": f"0x{disk.naa}",
        "serial": disk.serial, "state": "running" if alive else "blocked", "ro": False,
        "fstype": None, "mountpoints": [None],
    }  # fmt: skip


def _json(rows: list[dict[str, Any]]) -> str:
    """As lsblk lays its JSON out."""

    def value(one: object) -> str:
        if isinstance(one, bool):
            return str(one).lower()
        return "null" if one is None else str(one) if isinstance(one, int) else f'"{one}"'

    blocks = [
        "{\n" + ",\n".join(f'         "{name}": {value(one)}' for name, one in row.items())
        + "\n      }"
        for row in rows
    ]  # fmt: skip
    return '{\n   "blockdevices": [\n      ' + ",".join(blocks) + "\n   ]\n}\n"


@tool("fdisk")
def fdisk(call: Call) -> Output:
    """Every disk, or those that are named: size, model, sectors."""
    options = read(call, flags=("-l",))
    if "-l" not in options:
        raise call.unknown("use of fdisk without -l")
    sessions = call.machine.initiator.sessions
    disks = [disk for session in sessions for disk in session.disks.values()]
    if options.rest:
        disks = [disk for disk in disks if disk.path in options.rest]
    return Output("\n\n".join(_described(disk) for disk in disks), seconds=0.2)


def _described(disk: Disk) -> str:
    block = disk.block_size
    return (
        f"Disk {disk.path}: {human(disk.size)}, {disk.size} bytes, {disk.size // block} sectors\n"
        f"Disk model: {disk.model:<16}\n"
        f"Units: sectors of 1 * {block} = {block} bytes\n"
        f"Sector size (logical/physical): {block} bytes / {block} bytes\n"
        f"I/O size (minimum/optimal): {block} bytes / {block} bytes\n"
    )


def human(size: int) -> str:
    """A size with at most two decimals and a binary unit, as util-linux writes it."""
    power = 0
    while size >= 1024 ** (power + 1) and power < len(UNITS) - 1:
        power += 1
    hundredths = (size * 100 + 1024**power // 2) // 1024**power
    whole, rest = divmod(hundredths, 100)
    digits = f"{rest:02}".rstrip("0")
    return f"{whole}{'.' + digits if digits else ''} {UNITS[power]}"


@tool("blockdev")
def blockdev(call: Call) -> Output:
    """Ask or tell a block device something."""
    read(call, flags=("--flushbufs", "--rereadpt"))
    return Output()
