"""A host's udev: what it has noted of every device, and the nodes and links in its /dev.

It looks into a device when that appears or changes on this host. What another host writes it sees
only once it is told to look again.
"""

from __future__ import annotations

import errno
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sbsim.sim.block_devices import BlockDevice, Partition
from sbsim.sim.device_mapper import MappedDevice
from sbsim.sim.disk.probing import signatures
from sbsim.sim.files import Unchangeable, refuse
from sbsim.sim.san.block_io import HostDevice
from sbsim.sim.san.scsi import Disk

DEV = "/dev"
MEMBER_OF_A_MAP = "mpath_member"
PHYSICAL_VOLUME = "LVM2_member"


@dataclass(frozen=True)
class Noted:
    """What udev found on a device: blkid's word for its content, and that one's uuid and label."""

    type: str = ""
    uuid: str = ""
    label: str = ""


class Udev:
    """The udev of one machine."""

    def __init__(self, machine: Any) -> None:
        self._machine = machine
        self._noted: dict[str, tuple[BlockDevice, Noted]] = {}
        self._written: list[BlockDevice] = []
        self._changes = 0
        self._known: tuple[object, dict[str, str]] = (None, {})

    def changed(self, device: BlockDevice) -> None:
        """Look into a device."""
        self._changes += 1
        self._noted[device.kname] = (device, self._look_into(device))

    def written(self, device: BlockDevice) -> None:
        """Somebody on this host has written to a device: it is looked into when he is done."""
        if not any(one is device for one in self._written):
            self._written.append(device)

    def noted(self, device: BlockDevice) -> Noted:
        """What is noted of a device."""
        written, self._written = self._written, []
        if written:
            there = {id(one) for one in self._machine.block.all()}
            for one in written:
                if id(one) in there:
                    self.changed(one)
        if isinstance(device, Disk) and any(
            one.kind == "mpath" for one in self._machine.mapper.on(device)
        ):
            return Noted(MEMBER_OF_A_MAP)
        known = self._noted.get(device.kname)
        if known is None or known[0] is not device:
            self.changed(device)
        return self._noted[device.kname][1]

    def links(self) -> dict[str, str]:
        """Every link in /dev, by its path there, and the kernel name to which it leads.

        Where several devices claim a link, a mapped one has it.
        """
        devices = self._machine.block.all()
        key = (self._machine.clock.happenings, self._machine.mapper.changes, self._changes)
        if self._known[0] != key or self._written:
            found: dict[str, str] = {}
            for device in devices:
                for link in self._links_of(device):
                    found[link] = device.kname
            key = (self._machine.clock.happenings, self._machine.mapper.changes, self._changes)
            self._known = (key, found)
        return self._known[1]

    def clear(self) -> None:
        """Forget all, as a power cut does."""
        self._noted.clear()
        self._written.clear()

    # --- below ------------------------------------------------------------------------------

    def _look_into(self, device: BlockDevice) -> Noted:
        opened = HostDevice(self._machine, device.path, device)
        if not opened.answers:
            return Noted()
        try:
            found = signatures(opened)
        except OSError:
            return Noted()
        content = [one for one in found if one.usage != "partition-table"]
        # blkid gives no answer where there are several.
        if len({one.type for one in content}) != 1:
            return Noted()
        return Noted(content[0].type, content[0].uuid, content[0].label)

    def _links_of(self, device: BlockDevice) -> Iterator[str]:
        yield from self.names(device)
        if isinstance(device, MappedDevice) and device.hidden:
            return
        noted = self.noted(device)
        if noted.type == PHYSICAL_VOLUME:
            yield f"disk/by-id/lvm-pv-uuid-{noted.uuid}"

    def names(self, device: BlockDevice) -> Iterator[str]:
        """The links that lead to a device whatever it holds, by their paths in /dev."""
        if isinstance(device, MappedDevice):
            yield f"mapper/{device.name}"
            yield from (link.removeprefix(f"{DEV}/") for link in device.links)
            if device.hidden:
                return
            yield f"disk/by-id/dm-name-{device.name}"
            if device.uuid:
                yield f"disk/by-id/dm-uuid-{device.uuid}"
        part = ""
        disk: BlockDevice | None = device
        if isinstance(device, Partition):
            disk, part = device.disk, f"-part{device.number}"
        elif isinstance(device, MappedDevice):
            disk, part = self._disk_of(device)
        if isinstance(disk, Disk):
            yield f"disk/by-id/scsi-{disk.wwid}{part}"
            if wwn := disk.designator.wwn:
                yield f"disk/by-id/wwn-{wwn}{part}"
            if not isinstance(device, MappedDevice):
                way = self._machine.scsi.nexus_of(disk).path_id
                yield f"disk/by-path/{way}-lun-{disk.lun}{part}"

    def _disk_of(self, device: MappedDevice) -> tuple[Disk | None, str]:
        """The disk whose ids a map has, or a partition of a map; and what comes behind the id."""
        over = device.over[0] if device.over else None
        if device.kind == "mpath":
            return (over, "") if isinstance(over, Disk) else (None, "")
        if device.kind == "part" and isinstance(over, MappedDevice):
            disk, _ = self._disk_of(over)
            return disk, f"-{device.uuid.partition('-')[0]}"
        return None, ""


class DevTree(Unchangeable):
    """A machine's /dev, from what its kernel has and its udev knows; serves as a `Tree`."""

    def __init__(self, machine: Any) -> None:
        self._machine = machine

    def realpath(self, path: str) -> str:
        """The path with every link followed."""
        name = self._machine.udev.links().get(_place(path))
        return path if name is None else f"{DEV}/{name}"

    def readlink(self, path: str) -> str:
        """Where a link leads."""
        place = _place(path)
        name = self._machine.udev.links().get(place)
        if name is None:
            self.stat(path)
            refuse(errno.EINVAL, path)
        return f"{'../' * place.count('/')}{name}"

    def stat(self, path: str) -> list[str]:
        """What it is, and its permissions in octal."""
        place = _place(path)
        if not place:
            return ["dir", "0o755"]
        for one, kind in self._entries():
            if one == place:
                return [kind, "0o777" if kind == "link" else "0o660"]
            if one.startswith(f"{place}/"):
                return ["dir", "0o755"]
        return refuse(errno.ENOENT, path)

    def ls(self, path: str) -> list[str]:
        """The names in a folder."""
        place = _place(path)
        below = f"{place}/" if place else ""
        names = [one.removeprefix(below).partition("/")[0]
                 for one, _ in self._entries() if one.startswith(below)]  # fmt: skip
        if place and not names:
            refuse(errno.ENOENT, path)
        return list(dict.fromkeys(names))

    def read(self, path: str) -> str:
        """A device is read by who knows how."""
        return refuse(errno.EACCES, path)

    def write(self, path: str, text: str) -> None:
        """A device is written by who knows how."""
        refuse(errno.EACCES, path)

    def _entries(self) -> Iterator[tuple[str, str]]:
        """What lies here: its path from here, and what it is."""
        for device in self._machine.block.all():
            yield device.kname, "file"
        for link in self._machine.udev.links():
            yield link, "link"


def _place(path: str) -> str:
    return posixpath.normpath(path).removeprefix(DEV).strip("/")
