"""Block devices: lsblk, fdisk, blockdev."""

from __future__ import annotations

import os
from typing import Any

from sbsim.sim.device_mapper import MappedDevice
from sbsim.sim.machine import Call, Output, SimulatedMachine, tool
from sbsim.sim.options import read
from sbsim.sim.san.block_io import HostDevice
from sbsim.sim.san.scsi import Disk

READ_SECONDS = 0.01
UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


@tool("lsblk")
def lsblk(call: Call) -> Output:
    """Every block device as JSON, in the columns that are asked for."""
    options = read(call, flags=("-J", "--json", "-b", "--bytes"), values=("-o", "--output"))
    columns = options.values.get("-o") or options.values.get("--output") or ""
    if not {"-J", "--json"} & options.flags or not {"-b", "--bytes"} & options.flags:
        raise call.unknown("use of lsblk but as JSON, in bytes")
    names = columns.lower().split(",")
    call.machine.multipathd.look()
    disks = sorted(call.machine.initiator.disks, key=lambda one: (len(one.name), one.name))
    rows = [_tree(call.machine, disk) for disk in disks]
    for name in names:
        if rows and name not in rows[0]:
            raise call.unknown(f"column {name} of lsblk")
    return Output(_json(rows, names), seconds=0.1)


def _tree(machine: SimulatedMachine, device: Disk | MappedDevice) -> dict[str, Any]:
    """A device's columns, and below `children` those of what lies on it."""
    row = _disk(machine, device) if isinstance(device, Disk) else _mapped(device)
    return {**row, "children": [_tree(machine, one) for one in machine.mapper.on(device)]}


def _disk(machine: SimulatedMachine, disk: Disk) -> dict[str, Any]:
    state = machine.initiator.device_state(machine.initiator.session_of(disk))
    return {
        "name": disk.name, "kname": disk.name, "path": disk.path, "type": "disk",
        "size": disk.size, "hctl": disk.hctl, "vendor": f"{disk.vendor:<8}", "model": disk.model,
        "rev": f"{disk.revision:<4}", "tran": "iscsi", "wwn": f"0x{disk.naa}",
        "serial": disk.serial, "state": state, "ro": False,
        "fstype": None, "mountpoints": [None],
    }  # fmt: skip


def _mapped(device: MappedDevice) -> dict[str, Any]:
    nothing = ("hctl", "vendor", "model", "rev", "tran", "wwn", "serial", "fstype")
    return {
        "name": device.name, "kname": device.kname, "path": device.path, "type": device.kind,
        "size": device.size, **dict.fromkeys(nothing), "state": "running", "ro": False,
        "mountpoints": [None],
    }  # fmt: skip


def _json(rows: list[dict[str, Any]], names: list[str]) -> str:
    """As lsblk lays its JSON out; a device on which nothing lies has no `children`."""

    def shown(row: dict[str, Any], depth: int) -> str:
        edge = " " * 3 * depth
        fields = [f'{edge}   "{name}": {value(row[name])}' for name in names]
        if row["children"]:
            below = ",".join(shown(one, depth + 2) for one in row["children"])
            fields.append(f'{edge}   "children": [\n{edge}      {below}\n{edge}   ]')
        return "{\n" + ",\n".join(fields) + f"\n{edge}}}"

    def value(one: object) -> str:
        if isinstance(one, bool):
            return str(one).lower()
        return "null" if one is None else str(one) if isinstance(one, int) else f'"{one}"'

    blocks = ",".join(shown(row, 2) for row in rows)
    return f'{{\n   "blockdevices": [\n      {blocks}\n   ]\n}}\n'


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


@tool("dd")
def dd(call: Call) -> Output:
    """Read the beginning of a device."""
    given = dict(word.partition("=")[::2] for word in call.words)
    if set(given) != {"if", "of", "bs", "count", "iflag"} or given["of"] != "/dev/null":
        raise call.unknown("use of dd but to read a device's beginning")
    count, size = int(given["count"]), int(given["bs"])
    before = call.machine.clock.now()
    try:
        read_bytes = len(HostDevice(call.machine, given["if"]).read(0, count * size))
    except OSError as error:
        what = "failed to open" if error.filename else "error reading"
        text = f"dd: {what} '{given['if']}': {os.strerror(error.errno or 0)}\n"
        return Output(stderr=text, status=1)
    seconds = call.machine.clock.now() - before + READ_SECONDS
    return Output(stderr=f"{count}+0 records in\n{count}+0 records out\n"
                         f"{read_bytes} bytes copied, {seconds:g} s\n")  # fmt: skip
