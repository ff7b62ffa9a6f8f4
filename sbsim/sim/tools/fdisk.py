"""fdisk -l: disks and mapped devices with their partition tables, as a release's version tells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sbsim.sim.device_mapper import MappedDevice
from sbsim.sim.disk.partitions import SECTOR, Partition, read_table
from sbsim.sim.disk.probing import signatures
from sbsim.sim.machine import Call, Output, SimulatedMachine, tool
from sbsim.sim.options import read
from sbsim.sim.san.block_io import HostDevice
from sbsim.sim.san.scsi import Disk

UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


@dataclass(frozen=True)
class Table:
    """A partition table: its kind, its id as fdisk writes that, its partitions."""

    kind: str
    id: str
    partitions: tuple[Partition, ...]


@dataclass(frozen=True)
class Seen:
    """What fdisk sees of a device; a mapped one has no model. Sizes are in bytes."""

    path: str
    size: int
    block: int
    best: int
    model: str | None
    table: Table | None


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
    text = STYLES[machine.about.fdisk]([_look(machine, one) for one in readable])
    return Output(text, "".join(told), status=1 if told else 0, seconds=0.2)


def _can_be_read(machine: SimulatedMachine, device: Disk | MappedDevice) -> bool:
    try:
        HostDevice(machine, device.path, device).read(0, SECTOR)
    except OSError:
        return False
    return True


def _look(machine: SimulatedMachine, device: Disk | MappedDevice) -> Seen:
    disk = _lowest(device)
    block, best = (disk.block_size, disk.best_io) if disk else (SECTOR, SECTOR)
    model = device.model if isinstance(device, Disk) else None
    table = _table(HostDevice(machine, device.path, device))
    return Seen(device.path, device.size, block, best, model, table)


def _lowest(device: Disk | MappedDevice) -> Disk | None:
    """The disk below a device whose limits it has."""
    if isinstance(device, Disk):
        return device
    return _lowest(device.over[0]) if device.over else None


def _table(device: HostDevice) -> Table | None:
    """Its partition table; none where the disk ends before the place of the table's copy."""
    try:
        if not device.answers or device.size < SECTOR:
            return None
        found = read_table(device)
        if found is None:
            boots = device.read(SECTOR - 2, 2) == b"\x55\xaa"
            return Table("dos", "0x00000000", ()) if boots else None
        kind, partitions = found
        id = next(
            one.uuid for one in signatures(device) if one.usage == "partition-table" and one.uuid
        )
        return Table(kind, id.upper() if kind == "gpt" else f"0x{id}", tuple(partitions))
    except OSError:
        return None


# --- the layouts of util-linux' versions ----------------------------------------------------------


def _2_38(seen: Sequence[Seen]) -> str:
    return "\n\n".join(_described_by_2_38(one) for one in seen)


def _described_by_2_38(seen: Seen) -> str:
    model = "" if seen.model is None else f"Disk model: {seen.model:<16}\n"
    return (
        f"Disk {seen.path}: {human(seen.size)}, {seen.size} bytes, "
        f"{seen.size // seen.block} sectors\n"
        f"{model}"
        f"Units: sectors of 1 * {seen.block} = {seen.block} bytes\n"
        f"Sector size (logical/physical): {seen.block} bytes / {seen.block} bytes\n"
        f"I/O size (minimum/optimal): {seen.block} bytes / {seen.best} bytes\n"
        f"{_table_by_2_38(seen)}"
    )


def _table_by_2_38(seen: Seen) -> str:
    if (table := seen.table) is None:
        return ""
    rows = "".join(
        f"{seen.path}{one.number} {one.start} {one.start + one.sectors - 1} {one.sectors}\n"
        for one in table.partitions
    )
    heading = f"Disklabel type: {table.kind}\nDisk identifier: {table.id}\n"
    return f"{heading}\n{rows}" if rows else heading


def _2_23(seen: Sequence[Seen]) -> str:
    """Sizes in decimal units, no model; every disk between empty lines (fdisk/fdisk.c there)."""
    return "".join(
        f"\nDisk {one.path}: {decimal(one.size)}, {one.size} bytes, "
        f"{one.size // one.block} sectors\n"
        f"Units = sectors of 1 * {one.block} = {one.block} bytes\n"
        f"Sector size (logical/physical): {one.block} bytes / {one.block} bytes\n"
        f"I/O size (minimum/optimal): {one.block} bytes / {one.best} bytes\n"
        f"{_table_by_2_23(one)}\n"
        for one in seen
    )


def _table_by_2_23(seen: Seen) -> str:
    if (table := seen.table) is None:
        return ""
    heading = f"Disk label type: {table.kind}\nDisk identifier: {table.id}\n"
    if not table.partitions:
        return heading
    columns = ("   Device Boot      Start         End      Blocks   Id  System"
               if table.kind == "dos"
               else "#         Start          End    Size  Type            Name")  # fmt: skip
    row = _dos_row_of_2_23 if table.kind == "dos" else _gpt_row_of_2_23
    rows = "".join(f"{row(seen, one)}\n" for one in table.partitions)
    return f"{heading}\n{columns}\n{rows}"


def _dos_row_of_2_23(seen: Seen, part: Partition) -> str:
    last, blocks = part.start + part.sectors - 1, part.sectors * SECTOR // 1024
    return f"{seen.path}{part.number}     {part.start:>11} {last:>11} {blocks:>11}   83  Linux"


def _gpt_row_of_2_23(seen: Seen, part: Partition) -> str:
    last = part.start + part.sectors - 1
    size = human(part.sectors * SECTOR).replace(" ", "").removesuffix("iB")
    return f"{part.number:>2} {part.start:>12} {last:>12} {size:>7}  Linux filesyste"


STYLES: dict[str, Callable[[Sequence[Seen]], str]] = {"2.23": _2_23, "2.38": _2_38}


def human(size: int) -> str:
    """A size with at most two decimals and a binary unit, as util-linux writes it."""
    power = 0
    while size >= 1024 ** (power + 1) and power < len(UNITS) - 1:
        power += 1
    hundredths = (size * 100 + 1024**power // 2) // 1024**power
    whole, rest = divmod(hundredths, 100)
    digits = f"{rest:02}".rstrip("0")
    return f"{whole}{'.' + digits if digits else ''} {UNITS[power]}"


def decimal(size: int) -> str:
    """A size in MB, from ten thousand of these on in GB with one decimal, as 2.23 writes it."""
    megabytes = size // 10**6
    if megabytes < 10_000:
        return f"{megabytes} MB"
    tenths = (megabytes + 50) // 100
    return f"{tenths // 10}.{tenths % 10} GB"
