"""A host's block devices as its kernel knows them: disks, their partitions, mapped devices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sbsim.sim.device_mapper import MappedDevice, Row
from sbsim.sim.disk.partitions import SECTOR, read_table
from sbsim.sim.san.block_io import HostDevice
from sbsim.sim.san.scsi import Disk


@dataclass(eq=False)
class Partition:
    """A part of a disk, from byte `start` on, as its table was when it was read last."""

    disk: Disk
    number: int
    start: int
    size: int

    @property
    def table(self) -> tuple[Row, ...]:
        """How it lies on its disk."""
        return (Row(0, self.size, self.disk, self.start),)

    @property
    def kname(self) -> str:
        """The kernel's name."""
        return f"{self.disk.name}{self.number}"

    @property
    def path(self) -> str:
        """Its node."""
        return f"/dev/{self.kname}"


BlockDevice = Disk | Partition | MappedDevice


class BlockDevices:
    """The block devices of one machine that came over its SAN, and what lies on them."""

    def __init__(self, machine: Any) -> None:
        self._machine = machine
        self._partitions: list[Partition] = []

    def all(self) -> list[BlockDevice]:
        """Every device: disks by their names, each with its partitions, then mapped ones."""
        self._machine.multipathd.look()
        found: list[BlockDevice] = []
        disks = self._machine.scsi.disks
        for disk in sorted(disks, key=lambda one: (len(one.name), one.name)):
            found += [disk, *self._of(disk)]
        return found + list(self._machine.mapper.devices)

    def at(self, path: str) -> BlockDevice | None:
        """The device to which a path leads; None if it leads to none."""
        devices = self.all()
        for one in devices:  # most are asked for by a name of their own
            if path == one.path or path == f"/dev/{one.kname}":
                return one
        real = self._machine.files.realpath(path)
        return next((one for one in devices if f"/dev/{one.kname}" == real), None)

    def on(self, device: BlockDevice) -> list[BlockDevice]:
        """What lies on a device: its partitions, and what is mapped onto it."""
        parts = self._of(device) if isinstance(device, Disk) else []
        return [*parts, *self._machine.mapper.on(device)]

    def appeared(self, disk: Disk) -> None:
        """A scan has found a disk: its partition table is read, and udev is told."""
        self.read_table(disk)
        self._machine.udev.changed(disk)

    def read_table(self, disk: Disk) -> bool:
        """Read a disk's partition table anew; False while something lies on a partition of it."""
        if any(self._machine.mapper.on(one) for one in self._of(disk)):
            return False
        self._partitions = [one for one in self._partitions if one.disk is not disk]
        try:
            table = read_table(HostDevice(self._machine, disk.path, disk))
        except OSError:
            table = None
        if table is not None:
            self._partitions += [
                Partition(disk, one.number, one.start * SECTOR, one.sectors * SECTOR)
                for one in table[1]
            ]
        return True

    def clear(self) -> None:
        """Forget all, as a power cut does."""
        self._partitions.clear()

    def _of(self, disk: Disk) -> list[Partition]:
        self._partitions = [one for one in self._partitions if not one.disk.gone]
        return [one for one in self._partitions if one.disk is disk]
