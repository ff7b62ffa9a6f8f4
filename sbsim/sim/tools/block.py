"""Block devices: lsblk, fdisk, blockdev, kpartx, partprobe, dmsetup."""

from __future__ import annotations

from typing import Any

from sbsim.sim.block_devices import BlockDevice
from sbsim.sim.device_mapper import MappedDevice, Row
from sbsim.sim.disk.partitions import SECTOR, read_table
from sbsim.sim.disk.probing import signatures
from sbsim.sim.machine import Call, Output, SimulatedMachine, tool
from sbsim.sim.options import read
from sbsim.sim.san.block_io import HostDevice
from sbsim.sim.san.scsi import Disk

LIST_SECONDS = 0.1
UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


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
        **dict.fromkeys(("hctl", "vendor", "model", "rev", "tran", "wwn", "serial")),
        "kname": device.kname,
        "path": device.path,
        "size": device.size,
        "state": "running",
        "ro": False,
        "mode": "brw-rw----",
        "fstype": noted.type or None,
        "uuid": noted.uuid or None,
        "label": noted.label or None,
        "mountpoints": [None],
        "children": [_tree(machine, one, paths) for one in machine.block.on(device)],
    }
    if isinstance(device, MappedDevice):
        row |= {"name": device.name, "type": device.kind}
    elif isinstance(device, Disk):
        row |= {"name": device.name, "type": "disk", **_of_disk(machine, device)}
    else:
        told = _of_disk(machine, device.disk)
        row |= {"name": device.kname, "type": "part", "wwn": told["wwn"]}
    if paths:
        row["name"] = device.path
    return row


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


@tool("fdisk")
def fdisk(call: Call) -> Output:
    """Every device but partitions, or those that are named: size, model, sectors, its label.

    One whose first sector cannot be read is passed over; only if it was named, it is told of.
    """
    options = read(call, flags=("-l",))
    if "-l" not in options:
        raise call.unknown("use of fdisk without -l")
    machine = call.machine
    devices = [one for one in machine.block.all() if isinstance(one, Disk | MappedDevice)]
    if options.rest:
        devices = [one for one in devices if machine.files.realpath(one.path) in options.rest
                   or one.path in options.rest]  # fmt: skip
    readable = [one for one in devices if _can_be_read(machine, one)]
    told = [f"fdisk: cannot open {one.path}: Input/output error\n"
            for one in devices if options.rest and one not in readable]  # fmt: skip
    text = "\n\n".join(_described(machine, one) for one in readable)
    return Output(text, "".join(told), status=1 if told else 0, seconds=0.2)


def _can_be_read(machine: SimulatedMachine, device: Disk | MappedDevice) -> bool:
    try:
        HostDevice(machine, device.path, device).read(0, SECTOR)
    except OSError:
        return False
    return True


def _described(machine: SimulatedMachine, device: Disk | MappedDevice) -> str:
    disk = _lowest(device)
    block, best = (disk.block_size, disk.best_io) if disk else (SECTOR, SECTOR)
    model = f"Disk model: {device.model:<16}\n" if isinstance(device, Disk) else ""
    return (
        f"Disk {device.path}: {human(device.size)}, {device.size} bytes, "
        f"{device.size // block} sectors\n"
        f"{model}"
        f"Units: sectors of 1 * {block} = {block} bytes\n"
        f"Sector size (logical/physical): {block} bytes / {block} bytes\n"
        f"I/O size (minimum/optimal): {block} bytes / {best} bytes\n"
        f"{_readable_label(HostDevice(machine, device.path, device))}"
    )


def _lowest(device: Disk | MappedDevice) -> Disk | None:
    """The disk below a device whose limits it has."""
    if isinstance(device, Disk):
        return device
    return _lowest(device.over[0]) if device.over else None


def _readable_label(device: HostDevice) -> str:
    """Its label; none where the disk ends before the place of a table's copy."""
    try:
        return _label(device)
    except OSError:
        return ""


def _label(device: HostDevice) -> str:
    """What a disk's partition table is, if it has one, and its partitions."""
    if not device.answers or device.size < SECTOR:
        return ""
    table = read_table(device)
    if table is None:
        boots = device.read(SECTOR - 2, 2) == b"\x55\xaa"
        return "Disklabel type: dos\nDisk identifier: 0x00000000\n" if boots else ""
    kind, partitions = table
    id = next(one.uuid for one in signatures(device) if one.usage == "partition-table" and one.uuid)
    shown = id.upper() if kind == "gpt" else f"0x{id}"
    rows = "".join(
        f"{device.path}{one.number} {one.start} {one.start + one.sectors - 1} {one.sectors}\n"
        for one in partitions
    )
    return f"Disklabel type: {kind}\nDisk identifier: {shown}\n\n{rows}"


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
