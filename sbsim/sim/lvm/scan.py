"""What LVM finds on a host: physical volumes on the disks that it may look at, and their groups."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sbsim.sim.disk import lvm_label
from sbsim.sim.disk.probing import signatures
from sbsim.sim.lvm.config import Section, parse
from sbsim.sim.lvm.group import SECTOR, PhysicalVolume, VolumeGroup, dashed, read_group
from sbsim.sim.san.block_io import HostDevice

CONFIGURATION = ("/etc/lvm/lvm.conf", "/etc/lvm/lvmlocal.conf")
MULTIPATH = "mpath"


@functools.lru_cache(64)
def _parsed(text: bytes) -> Section:
    return parse(text.decode())


def settings_of(machine: Any) -> Section:
    """A host's LVM settings: those of lvmlocal.conf win over those of lvm.conf."""
    found: Section = {}
    for path in CONFIGURATION:
        if machine.files.exists(path):
            for name, section in _parsed(machine.files.read(path)).items():
                below = found.setdefault(name, {})
                if isinstance(section, dict) and isinstance(below, dict):
                    below.update(section)
    return found


@dataclass(frozen=True)
class Found:
    """A physical volume on a disk of the host. `group` is its group's name, empty for none.

    `name` is what LVM calls the disk: the name by which its filter lets it through.
    """

    device: HostDevice
    name: str
    label: lvm_label.PhysicalVolume
    group: str

    @property
    def uuid(self) -> str:
        """Its uuid with dashes."""
        return dashed(self.label.uuid)


# What LVM does not take for a disk of its own at all, by blkid's words.
_NO_DISK = {
    ("linux_raid_member",): "an md component",
    ("gpt", "dos", "PMBR"): "partitioned",
}


def unusable(machine: Any, device: HostDevice, path: str) -> str:
    """Why LVM does not look at the disk that a path leads to; empty if it does."""
    if not _name_of(machine, device.device, _filters(settings_of(machine))):
        return f"Cannot use {path}: device is rejected by filter config"
    found = {one.type for one in signatures(device)}
    return next(
        (
            f"Cannot use {path}: device is {told}"
            for types, told in _NO_DISK.items()
            if found & set(types)
        ),
        "",
    )


@dataclass(frozen=True)
class Scan:
    """What was found. `warnings` are LVM's own lines about it."""

    pvs: tuple[Found, ...]
    groups: dict[str, VolumeGroup]
    warnings: tuple[str, ...] = field(default=())

    def on(self, pv: PhysicalVolume) -> Found | None:
        """The disk that is a physical volume of a group; None if the host sees none."""
        return next((one for one in self.pvs if one.uuid == pv.uuid), None)


def scan(machine: Any) -> Scan:
    """Look at every disk that a host's filter lets through."""
    found: dict[str, Found] = {}
    groups: dict[str, VolumeGroup] = {}
    warnings = []
    for path, name in _candidates(machine, settings_of(machine)):
        device = HostDevice(machine, path)
        try:
            label = lvm_label.read_label(device)
            text = lvm_label.read_text(device, label) if label else None
        except OSError:
            warnings.append(f"Error reading device {path} at 0 length 512.")
            continue
        if label is None:
            continue
        group = read_group(text.decode()) if text else None
        one = Found(device, name, label, group.name if group else "")
        if (other := found.get(one.uuid)) is not None:
            warnings += [
                f"WARNING: Not using device {path} for PV {one.uuid}.",
                f"WARNING: PV {one.uuid} prefers device {other.device.path} because device was "
                "seen first.",
            ]
            continue
        found[one.uuid] = one
        # Of several texts of a group the newest holds: one disk may have missed a change.
        if group and group.seqno > getattr(groups.get(group.name), "seqno", 0):
            groups[group.name] = group
    warnings += _shrunk(found, groups)
    pvs = tuple(sorted(found.values(), key=lambda one: one.name))
    return Scan(pvs, groups, tuple(warnings))


def _shrunk(found: dict[str, Found], groups: dict[str, VolumeGroup]) -> Iterator[str]:
    """What LVM says of disks that are smaller than its text has them."""
    for group in groups.values():
        small = [
            (found[pv.uuid].device, pv)
            for pv in group.pvs
            if pv.uuid in found and found[pv.uuid].device.size < pv.device_size - pv.start
        ]
        for device, pv in small:
            yield (
                f"WARNING: Device {device.path} has size of {device.size // SECTOR} sectors which "
                f"is smaller than corresponding PV size of {(pv.device_size - pv.start) // SECTOR} "
                "sectors. Was device resized?"
            )
        if small:
            yield f"WARNING: One or more devices used as PVs in VG {group.name} have changed sizes."


def _candidates(machine: Any, settings: Section) -> Iterator[tuple[str, str]]:
    """The disks and maps to look at, and their names: no path of a map, what filters let through.

    The kernel's name stands first among a device's names, and then what udev links to it.
    """
    machine.multipathd.look()
    filters = _filters(settings)
    found = [one for one in machine.mapper.devices if one.kind == MULTIPATH]
    found += [
        disk
        for disk in machine.scsi.disks
        if not any(one.kind == MULTIPATH for one in machine.mapper.on(disk))
    ]
    for device in sorted(found, key=lambda one: one.path):
        if name := _name_of(machine, device, filters):
            yield device.path, name


def _filters(settings: Section) -> list[list[tuple[bool, str]]]:
    devices = settings.get("devices", {})
    return [
        _patterns(devices.get(name, [])) for name in ("global_filter", "filter")
        if isinstance(devices, dict)
    ]  # fmt: skip


def _name_of(machine: Any, device: Any, filters: list[list[tuple[bool, str]]]) -> str:
    """The name by which the filters let a device through; empty where they do not."""
    names = [device.path, *sorted(f"/dev/{link}" for link in machine.udev.names(device))]
    let_through = [_passing(names, patterns) for patterns in filters]
    if not all(let_through):
        return ""
    return next((one for one in let_through if one != device.path), names[0])


def _patterns(value: object) -> list[tuple[bool, str]]:
    """A filter's rules: whether what fits is let through, and the pattern."""
    rules = value if isinstance(value, list) else [value]
    return [(str(one)[0] == "a", str(one)[2:-1]) for one in rules if str(one)]


def _passing(names: list[str], patterns: list[tuple[bool, str]]) -> str:
    """The name by which a filter lets a disk through, the first where no rule fits any; or none."""
    told = {name: _first(name, patterns) for name in names}
    refused = "" if False in told.values() else names[0]
    return next((name for name, accepts in told.items() if accepts), refused)


def _first(name: str, patterns: list[tuple[bool, str]]) -> bool | None:
    return next((accepts for accepts, one in patterns if re.search(one, name)), None)
