"""`lsblk` as JSON: block devices with what udev and sysfs know of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sbsim.initiator.errors import UnreadableOutput
from sbsim.initiator.hctl import Hctl, read_hctl

_TOOL = "lsblk -J"
COLUMNS = (
    "NAME", "KNAME", "PATH", "TYPE", "SIZE", "HCTL", "VENDOR", "MODEL", "REV", "TRAN", "WWN",
    "SERIAL", "STATE", "RO",
)  # fmt: skip
ARGV = ("lsblk", "-J", "-b", "-o", ",".join(COLUMNS))


@dataclass(frozen=True)
class BlockDevice:
    """A block device; texts are None where lsblk shows nothing. `size` is in bytes.

    `state` is SCSI's: running, blocked, offline, transport-offline, …; `wwn` is udev's ID_WWN
    with 0x before it; `children` are the devices that lie on this one.
    """

    name: str
    kname: str
    path: str
    type: str
    size: int
    hctl: Hctl | None
    vendor: str | None
    model: str | None
    revision: str | None
    transport: str | None
    wwn: str | None
    serial: str | None
    state: str | None
    read_only: bool
    children: tuple[BlockDevice, ...] = ()

    def walk(self) -> Iterator[BlockDevice]:
        """Return this device and all that lie on it, top down."""
        yield self
        for child in self.children:
            yield from child.walk()


def parse_lsblk(text: str) -> tuple[BlockDevice, ...]:
    """Read the output of `ARGV`; an empty one means that there is no block device."""
    if not text.strip():
        return ()
    try:
        root = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableOutput(_TOOL, getattr(error, "lineno", 0), _start(text), "JSON") from None
    devices = root.get("blockdevices") if isinstance(root, dict) else None
    return _devices(devices, "blockdevices")


def _devices(value: object, place: str) -> tuple[BlockDevice, ...]:
    if not isinstance(value, list):
        raise _wrong(place, value, "a list of devices")
    return tuple(_device(entry, f"{place}[{index}]") for index, entry in enumerate(value))


def _device(entry: object, place: str) -> BlockDevice:
    if not isinstance(entry, dict):
        raise _wrong(place, entry, "a device")
    address = _text(entry, "hctl", place)
    hctl = read_hctl(address) if address else None
    if address and hctl is None:
        raise _wrong(f"{place}.hctl", address, "H:C:T:L")
    return BlockDevice(
        name=_required(entry, "name", place),
        kname=_required(entry, "kname", place),
        path=_required(entry, "path", place),
        type=_required(entry, "type", place),
        size=_number(entry, "size", place),
        hctl=hctl,
        vendor=_text(entry, "vendor", place),
        model=_text(entry, "model", place),
        revision=_text(entry, "rev", place),
        transport=_text(entry, "tran", place),
        wwn=_text(entry, "wwn", place),
        serial=_text(entry, "serial", place),
        state=_text(entry, "state", place),
        read_only=bool(_number(entry, "ro", place)),
        children=_devices(entry.get("children", []), f"{place}.children"),
    )


def _text(entry: dict[str, Any], key: str, place: str) -> str | None:
    value = entry.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise _wrong(f"{place}.{key}", value, "a text or null")
    return value.strip() or None


def _required(entry: dict[str, Any], key: str, place: str) -> str:
    value = _text(entry, key, place)
    if value is None:
        raise _wrong(f"{place}.{key}", value, "a text")
    return value


def _number(entry: dict[str, Any], key: str, place: str) -> int:
    """Return a number or truth value; util-linux before 2.33 wrote both in quotes."""
    value = entry.get(key)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20:
        return int(value)
    raise _wrong(f"{place}.{key}", value, "a number")


def _wrong(place: str, value: object, expected: str) -> UnreadableOutput:
    return UnreadableOutput(_TOOL, 0, f"{place}: {_start(repr(value))}", expected)


def _start(text: str) -> str:
    return text[:120]
