"""What lies on devices: dd, head, wipefs, mkfs.ext4, mkfs.xfs, mdadm, sfdisk."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Callable

from sbsim.sim.disk import partitions, signatures
from sbsim.sim.disk.partitions import SECTOR, Partition
from sbsim.sim.disk.probing import Signature, wipe
from sbsim.sim.disk.probing import signatures as found_on
from sbsim.sim.disk.space import Space
from sbsim.sim.machine import Call, Output, tool
from sbsim.sim.options import read
from sbsim.sim.san.block_io import HostDevice
from sbsim.sim.san.scsi import Disk

MIB = 2**20
UNITS = {"": 1, "K": 2**10, "M": MIB, "G": 2**30}
READ_SECONDS = 0.01
MAKE_SECONDS = 0.4
# Bytes that a text carries and gives back as they were.
CODING = ("utf-8", "surrogateescape")


def size_of(text: str) -> int:
    """A size as these tools take it: bytes, or with a binary unit."""
    match = re.fullmatch(r"(\d+)([KMG]?)i?B?", text, re.IGNORECASE)
    if match is None:
        raise ValueError(text)
    return int(match[1]) * UNITS[match[2].upper()]


@tool("dd")
def dd(call: Call) -> Output:
    """Copy bytes between devices, files, zeros and nothing."""
    given = dict(word.partition("=")[::2] for word in call.words)
    known = {"if", "of", "bs", "count", "skip", "seek", "iflag", "oflag", "conv", "status"}
    if "bs" not in given or ("if" in given) != ("count" in given) or set(given) - known:
        raise call.unknown("use of dd but with bs, and with if and count or what comes in")
    block = size_of(given["bs"])
    place, length = int(given.get("skip", 0)) * block, int(given.get("count", 0)) * block
    before = call.machine.clock.now()
    try:
        data = _read(call, given["if"], place, length) if "if" in given else call.input
    except OSError as error:
        return _dd_failed("reading", given["if"], error)
    try:
        shown = _write(call, given.get("of", ""), int(given.get("seek", 0)) * block, data)
    except OSError as error:
        return _dd_failed("writing", given["of"], error)
    seconds = call.machine.clock.now() - before + READ_SECONDS
    full, rest = divmod(len(data), block)
    told = f"{full}+{int(rest > 0)} records"
    if given.get("status") == "none":
        return Output(shown, seconds=READ_SECONDS)
    text = f"{told} in\n{told} out\n{_amount(len(data))} copied, {seconds:g} s\n"
    return Output(shown, text, seconds=READ_SECONDS)


def _amount(count: int) -> str:
    """So many bytes, and in both kinds of units where these say more."""
    words = []
    for base, names in ((1000, ("kB", "MB", "GB")), (1024, ("KiB", "MiB", "GiB"))):
        power = max((n for n in range(4) if count >= base**n), default=0)
        if power:
            size = count / base**power
            words.append(f"{size:.{1 if size < 10 else 0}f} {names[power - 1]}")
    return f"{count} bytes" + (f" ({', '.join(words)})" if words else "")


def _dd_failed(doing: str, path: str, error: OSError) -> Output:
    what = "failed to open" if error.filename else f"error {doing}"
    return Output(stderr=f"dd: {what} '{path}': {os.strerror(error.errno or 0)}\n", status=1)


def _read(call: Call, path: str, place: int, length: int) -> bytes:
    """So many bytes of a device, a file or zeros; less where they end."""
    if path == "/dev/zero":
        return bytes(length)
    if call.machine.files.is_file(path) and not _is_device(call, path):
        return call.machine.files.read(path)[place : place + length]
    device = HostDevice(call.machine, path)
    return device.read(place, max(0, min(length, device.size - place)))


def _write(call: Call, path: str, place: int, data: bytes) -> str:
    """Put bytes on a device or into a file; without a path they are what is shown."""
    if not path:
        return data.decode(*CODING)
    if path == "/dev/null":
        return ""
    if _is_device(call, path):
        HostDevice(call.machine, path).write(place, data)
    else:
        call.machine.files.write(path, data)
    return ""


def _is_device(call: Call, path: str) -> bool:
    machine = call.machine
    return machine.block.at(path) is not None or machine.files.device(path) is not None


@tool("head")
def head(call: Call) -> Output:
    """The first bytes of devices or files."""
    options = read(call, values=("--bytes",))
    if "--bytes" not in options:
        raise call.unknown("use of head but with --bytes")
    try:
        parts = [_read(call, path, 0, size_of(options.values["--bytes"])) for path in options.rest]
    except OSError as error:
        text = f"head: cannot open '{options.rest[0]}' for reading: {os.strerror(error.errno or 0)}"
        return Output(stderr=f"{text}\n", status=1)
    return Output(b"".join(parts).decode(*CODING))


@tool("wipefs")
def wipefs(call: Call) -> Output:
    """Tell of the signatures on a device, or clear them."""
    options = read(call, flags=("--no-act", "--all", "--force"))
    (path,) = options.rest
    device = call.machine.block.at(path)
    if device is None:
        text = f"wipefs: error: {path}: probing initialization failed: No such file or directory\n"
        return Output(stderr=text, status=1)
    opened = HostDevice(call.machine, device.path, device)
    found = found_on(opened)
    if "--all" not in options:
        return Output(_table(device.kname, found), seconds=0.2)
    busy = call.machine.mapper.on(device)
    if busy and "--force" not in options:
        text = f"wipefs: error: {path}: probing initialization failed: Device or resource busy\n"
        return Output(stderr=text, status=1)
    for one in found:
        wipe(opened, one)
    # By force it has not the disk for itself, and leaves the kernel what that knows of its table.
    tables = "--force" not in options and any(one.usage == "partition-table" for one in found)
    if tables and isinstance(device, Disk):
        call.machine.block.read_table(device)
    lines = (
        f"{path}: {len(one.magic)} bytes were erased at offset 0x{one.offset:08x} ({one.type}): "
        f"{one.magic.hex(' ')}\n"
        for one in found
    )
    again = f"{path}: calling ioctl to re-read partition table: Success\n" if tables else ""
    return Output("".join(lines) + again, seconds=0.4)


def _table(name: str, found: tuple[Signature, ...]) -> str:
    """Columns as wide as what stands in them."""
    if not found:
        return ""
    rows = [("DEVICE", "OFFSET", "TYPE", "UUID", "LABEL")]
    for one in found:
        shown = "" if one.usage == "partition-table" else one.uuid
        rows.append((name, f"0x{one.offset:x}", one.type, shown, one.label))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "".join(
        " ".join([*(f"{word:<{width}}" for word, width in zip(row, widths, strict=False)), row[4]])
        + "\n"
        for row in rows
    )


# --- making something -----------------------------------------------------------------------------


def _made(call: Call, path: str, make: Callable[[Space], None]) -> Output:
    """Write what something makes on an empty disk of this size over a device's bytes."""
    try:
        device = HostDevice(call.machine, path)
        new = Space(device.size)
        make(new)
        for offset, data in new.extents():
            device.write(offset, data)
    except OSError as error:
        text = f"{call.argv[0]}: {path}: {os.strerror(error.errno or 0)}\n"
        return Output(stderr=text, status=1)
    return Output(seconds=MAKE_SECONDS)


def _id(call: Call) -> uuid.UUID:
    return uuid.UUID(bytes=call.machine.draw.randbytes(16), version=4)


@tool("mkfs.ext4")
def mkfs_ext4(call: Call) -> Output:
    """Make an ext4 file system."""
    options = read(call, flags=("-q", "-F"))
    return _made(call, options.rest[0], lambda space: signatures.write_ext4(space, _id(call)))


@tool("mkfs.xfs")
def mkfs_xfs(call: Call) -> Output:
    """Make an XFS file system."""
    options = read(call, flags=("-q", "-f", "-K"), values=("-d",))
    return _made(call, options.rest[0], lambda space: signatures.write_xfs(space, _id(call)))


@tool("mdadm")
def mdadm(call: Call) -> Output:
    """Make a disk a member of a new array, whose others are missing; or stop an array."""
    options = read(
        call,
        flags=("--run",),
        values=("--create", "--stop", "--level", "--raid-devices", "--size", "--metadata"),
    )
    if "--stop" in options:
        return Output(stderr=f"mdadm: stopped {options.values['--stop']}\n")
    if options.values.get("--metadata") != "1.2" or options.rest[1:] != ("missing",):
        raise call.unknown("use of mdadm but for an array of one disk, version 1.2")
    array, path = options.values["--create"], options.rest[0]
    name = f"{call.machine.host_name}:{os.path.basename(array)}"
    made = _made(call, path, lambda space: signatures.write_raid(space, _id(call), name))
    if made.status:
        return made
    size = int(options.values.get("--size", 0))
    larger = HostDevice(call.machine, path).size > size * 1024 * 1.01
    told = f"mdadm: largest drive ({path}) exceeds size ({size}K) by more than 1%\n"
    return Output(
        stderr=f"{told if size and larger else ''}mdadm: array {array} started.\n",
        seconds=MAKE_SECONDS,
    )


@tool("sfdisk")
def sfdisk(call: Call) -> Output:
    """Write the partition table that comes in."""
    options = read(call, flags=("--quiet",))
    (path,) = options.rest
    lines = dict(
        re.split("[:=]", line.replace(" ", ""))[:2] for line in call.input.decode().splitlines()
    )
    first = MIB // SECTOR
    part = Partition(1, first, size_of(lines["size"]) // SECTOR)
    labels: dict[str, Callable[[Space], None]] = {
        "gpt": lambda space: partitions.write_gpt(space, [part], _id(call)),
        "dos": lambda space: partitions.write_dos(space, [part], call.machine.draw.getrandbits(32)),
    }
    if lines.get("label") not in labels:
        raise call.unknown(f"label {lines.get('label')} of sfdisk")
    made = _made(call, path, labels[lines["label"]])
    device = call.machine.block.at(path)
    if not made.status and isinstance(device, Disk):
        call.machine.block.read_table(device)
    elif not made.status:
        wrong = "Re-reading the partition table failed.: Invalid argument\n"
        return Output(stderr=wrong, seconds=made.seconds)
    return made
