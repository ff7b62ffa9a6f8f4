"""Block devices: lsblk, blockdev, kpartx, partprobe, dmsetup."""

from __future__ import annotations

from typing import Any

from sbsim.sim.block_devices import BlockDevice
from sbsim.sim.device_mapper import MappedDevice, Row
from sbsim.sim.disk.partitions import SECTOR, read_table
from sbsim.sim.disk.probing import signatures
from sbsim.sim.machine import Call, Output, SimulatedMachine, tool
from sbsim.sim.options import read
from sbsim.sim.releases import OwnDevice
from sbsim.sim.san.block_io import HostDevice
from sbsim.sim.san.scsi import Disk

LIST_SECONDS = 0.1
# lsblk's columns of a device of which nothing is known.
_NO_COLUMNS: dict[str, Any] = {
    **dict.fromkeys(("hctl", "vendor", "model", "rev", "tran", "wwn", "serial", "fstype", "uuid",
                     "label")),
    "state": "running", "ro": False, "mode": "brw-rw----", "mountpoints": [None], "children": [],
}  # fmt: skip


@tool("lsblk")
def lsblk(call: Call) -> Output:
    """Every block device, or those that are named, in the columns that are asked for."""
    options = read(
        call, flags=("-J", "--json", "-b", "--bytes", "--pairs", "--paths"),
        values=("-o", "--output"),
    )  # fmt: skip
    columns = options.values.get("-o") or options.values.get("--output") or ""
    names = columns.lower().split(",")
    if "size" in names and not {"-b", "--bytes"} & options.flags:
        raise call.unknown("use of lsblk for sizes but in bytes")
    machine, tops = call.machine, []
    if options.rest:
        for path in options.rest:
            device = machine.block.at(path)
            if device is None:
                return Output(stderr=f"lsblk: {path}: not a block device\n", status=32)
            tops.append(device)
    else:
        tops = [one for one in machine.block.all() if isinstance(one, Disk)]
    rows = [_tree(machine, one, "--paths" in options) for one in tops]
    if not options.rest:
        rows += [_own(one, "--paths" in options) for one in machine.about.devices]
    for name in names:
        if rows and name not in rows[0]:
            raise call.unknown(f"column {name} of lsblk")
    if "--pairs" in options:
        return Output("".join(_pairs(row, names) for row in rows), seconds=LIST_SECONDS)
    if not {"-J", "--json"} & options.flags:
        raise call.unknown("use of lsblk but as JSON or in pairs")
    return Output(_json(rows, names), seconds=LIST_SECONDS)


def _tree(machine: SimulatedMachine, device: BlockDevice, paths: bool) -> dict[str, Any]:
    """A device's columns, and below `children` those of what lies on it."""
    noted = machine.udev.noted(device)
    row: dict[str, Any] = {
        **_NO_COLUMNS,
        "kname": device.kname,
        "path": device.path,
        "size": device.size,
        "fstype": noted.type or None,
        "uuid": noted.uuid or None,
        "label": noted.label or None,
        "children": [_tree(machine, one, paths) for one in machine.block.on(device)],
    }
    if isinstance(device, MappedDevice):
        row |= {"name": device.name, "type": device.kind}
    elif isinstance(device, Disk):
        row |= {"name": device.name, "type": "disk", **_of_disk(machine, device)}
    else:
        told = _of_disk(machine, device.disk)
        row |= {"name": device.kname, "type": "part", "wwn": told["wwn"], "state": None}
    if paths:
        row["name"] = device.path
    return row


def _own(one: OwnDevice, paths: bool) -> dict[str, Any]:
    """The columns of a device of the machine's own: nothing lies on it, and nobody knows its id."""
    return {
        **_NO_COLUMNS, "name": one.path if paths else one.name, "kname": one.name, "path": one.path,
        "type": one.type, "size": one.size, "hctl": one.hctl, "vendor": f"{one.vendor:<8}",
        "model": one.model, "rev": f"{one.revision:<4}", "tran": one.transport,
        "serial": one.serial,
    }  # fmt: skip


def _of_disk(machine: SimulatedMachine, disk: Disk) -> dict[str, Any]:
    nexus = machine.scsi.nexus_of(disk)
    return {
        "hctl": disk.hctl, "vendor": f"{disk.vendor:<8}", "model": disk.model,
        "rev": f"{disk.revision:<4}", "tran": nexus.transport, "wwn": disk.designator.wwn,
        "serial": disk.serial,
        "state": machine.scsi.device_state(nexus),
    }  # fmt: skip


def _pairs(row: dict[str, Any], names: list[str]) -> str:
    """A device and what lies on it, each on a line of ``NAME="value"``."""
    line = " ".join(f'{name.upper()}="{row[name] or ""}"' for name in names)
    return f"{line}\n" + "".join(_pairs(one, names) for one in row["children"])


def _json(rows: list[dict[str, Any]], names: list[str]) -> str:
    """As lsblk lays its JSON out; a device on which nothing lies has no `children`."""

    def shown(row: dict[str, Any], depth: int) -> str:
        edge = " " * 3 * depth
        fields = [f'{edge}   "{name}": {value(row[name], edge)}' for name in names]
        if row["children"]:
            below = ",".join(shown(one, depth + 2) for one in row["children"])
            fields.append(f'{edge}   "children": [\n{edge}      {below}\n{edge}   ]')
        return "{\n" + ",\n".join(fields) + f"\n{edge}}}"

    def value(one: object, edge: str) -> str:
        if isinstance(one, list):
            inside = ",".join(f"{edge}       {value(each, edge)}" for each in one)
            return f"[\n{inside}\n{edge}   ]"
        if isinstance(one, bool):
            return str(one).lower()
        return "null" if one is None else str(one) if isinstance(one, int) else f'"{one}"'

    blocks = ",".join(shown(row, 2) for row in rows)
    return f'{{\n   "blockdevices": [\n      {blocks}\n   ]\n}}\n'


@tool("blockdev")
def blockdev(call: Call) -> Output:
    """Forget what is cached, or read the partition table anew."""
    options = read(call, flags=("--flushbufs", "--rereadpt"))
    if "--flushbufs" in options:
        return Output()
    for path in options.rest:
        device = call.machine.block.at(path)
        if device is None:
            return Output(
                stderr=f"blockdev: cannot open {path}: No such file or directory\n", status=1
            )
        wrong = "Invalid argument"  # a mapped device's partitions are none of the kernel's
        if isinstance(device, Disk):
            wrong = "" if call.machine.block.read_table(device) else "Device or resource busy"
            call.machine.udev.changed(device)
        if wrong:
            return Output(stderr=f"blockdev: ioctl error on BLKRRPART: {wrong}\n", status=1)
    return Output()


@tool("kpartx")
def kpartx(call: Call) -> Output:
    """Make the partitions of a mapped device mapped devices, or take them away."""
    options = read(call, flags=("-a", "-d"))
    (path,) = options.rest
    machine, device = call.machine, call.machine.block.at(path)
    if device is None:
        return Output(stderr=f"failed to stat() {path}\n", status=1)
    if not isinstance(device, MappedDevice):
        raise call.unknown("use of kpartx but on a mapped device")
    parts = {one.name: one for one in machine.mapper.on(device) if one.kind == "part"}
    if "-d" in options:
        for one in parts.values():
            if not machine.mapper.on(one):
                machine.mapper.remove(one)
        return Output()
    table = read_table(HostDevice(machine, device.path, device))
    for part in table[1] if table else ():
        name = f"{device.name}-part{part.number}"
        made = parts.get(name) or machine.mapper.make(name, "part", 0)
        made.uuid = f"part{part.number}-{device.uuid}"
        row = Row(0, part.sectors * SECTOR, device, part.start * SECTOR)
        machine.mapper.load(made, (row,))
    return Output()


@tool("partprobe")
def partprobe(call: Call) -> Output:
    """Tell the kernel of a disk's partitions, and with --summary which there are."""
    options = read(call, flags=("--summary",))
    lines: list[str] = []
    wrong: list[str] = []
    for path in options.rest:
        device = call.machine.block.at(path)
        if device is None:
            return Output(stderr=f"Error: Could not stat device {path} - No such file or "
                                 "directory.\n", status=1)  # fmt: skip
        opened = HostDevice(call.machine, device.path, device)
        if isinstance(device, Disk):
            call.machine.block.read_table(device)
        elif isinstance(device, MappedDevice):  # parted's names are other ones than kpartx'
            wrong += [
                f"device-mapper: create ioctl on {device.name}p{one.uuid[4:].partition('-')[0]} "
                f"{one.uuid} failed: Device or resource busy\n"
                for one in call.machine.mapper.on(device)
                if one.kind == "part"
            ]
        if "--summary" in options:
            lines.append(f"{path}: {_partitions(opened)}\n")
    return Output("".join(lines), "".join(wrong), seconds=0.4)


def _partitions(device: HostDevice) -> str:
    """The kind of a disk's partition table, and the numbers in it, as parted tells them."""
    table = read_table(device)
    if table is None:
        # A file system without a table is to parted a disk with one partition; for any other
        # disk it thinks of an empty table of its own.
        plain = any(one.usage == "filesystem" for one in signatures(device))
        return "loop partitions 1" if plain else "msdos partitions"
    kind, partitions = table
    words = ["msdos" if kind == "dos" else kind, "partitions"]
    return " ".join([*words, *(str(one.number) for one in partitions)])


@tool("dmsetup")
def dmsetup(call: Call) -> Output:
    """Make a linear device over another one, or take it away."""
    options = read(call, flags=("--retry",), values=("--table",))
    verb, name = options.rest
    machine = call.machine
    if verb == "remove":
        known = machine.mapper.at(f"/dev/mapper/{name}")
        if known is None or machine.mapper.on(known):
            text = "No such device or address" if known is None else "Device or resource busy"
            return Output(stderr=f"device-mapper: remove ioctl on {name}  failed: {text}\n"
                                 "Command failed.\n", status=1)  # fmt: skip
        machine.mapper.remove(known)
        return Output()
    words = options.values.get("--table", "").split()
    if verb != "create" or words[2:3] != ["linear"] or len(words) != 5:
        raise call.unknown("use of dmsetup but to make a linear device or to take one away")
    lower = machine.block.at(words[3])
    if lower is None:
        return Output(stderr="device-mapper: reload ioctl failed: No such file or directory\n",
                      status=1)  # fmt: skip
    made = machine.mapper.make(name, "dm", 0)
    row = Row(int(words[0]) * SECTOR, int(words[1]) * SECTOR, lower, int(words[4]) * SECTOR)
    machine.mapper.load(made, (row,))
    return Output()
