"""The layers between a volume and the disk that carries it, found on the machines.

All of them show the same blocks: the volume's own, at the offset at which each layer has them. So
what is read or written by way of one layer is read or written by way of every other too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sbsim.bench.errors import NoSuchLayer
from sbsim.bench.workloads import Place
from sbsim.deployment import Host, Lun, StorageServer
from sbsim.initiator.errors import UnreadableOutput
from sbsim.initiator.lsblk import ARGV as LSBLK
from sbsim.initiator.lsblk import BlockDevice, parse_lsblk
from sbsim.machines import Machine
from sbsim.management.deployed import Deployed
from sbsim.sharedblock.volumes import path_of

LayerName = Literal["disk", "lio", "lun", "multipath", "lv"]
SECTOR = 512
# The volume's first and last bytes are never measured: they show that nothing was written beside.
GUARD_BYTES = 2**20

_LINEAR = re.compile(r"(?:\S+: )?0 (?P<length>\d+) linear (?P<device>\d+:\d+) (?P<start>\d+)")


@dataclass(frozen=True)
class Layer:
    """One way to the volume's blocks: a device of a machine, from `offset`, `size` bytes."""

    name: LayerName
    machine: str
    device: str
    offset: int
    size: int

    def place(self, side: str | None = None) -> Place:
        """What of it is measured: all but the guards; under another name if one is given."""
        return Place(
            side or self.name,
            self.device,
            self.offset + GUARD_BYTES,
            self.size - 2 * GUARD_BYTES,
        )


@dataclass(frozen=True)
class Extent:
    """Where a logical volume's first part lies: a device by its numbers, and bytes."""

    device: str
    offset: int
    size: int


def parse_extent(text: str) -> Extent:
    """The first part of what `dmsetup table` shows of a linear volume. Raises UnreadableOutput."""
    first = text.splitlines()[0] if text.strip() else ""
    match = _LINEAR.fullmatch(first)
    if match is None:
        raise UnreadableOutput("dmsetup table", 1, first, "0 SECTORS linear MAJOR:MINOR SECTOR")
    return Extent(match["device"], int(match["start"]) * SECTOR, int(match["length"]) * SECTOR)


@dataclass(frozen=True)
class Stack:
    """The layers under a volume, the lowest first, and the LUN of which server it lies on."""

    layers: tuple[Layer, ...]
    lun: Lun
    server: StorageServer

    def with_loopback(self, device: str) -> tuple[Layer, ...]:
        """The layers, and right above the disk the LUN as its own server sees it."""
        disk, *above = self.layers
        return (disk, Layer("lio", disk.machine, device, disk.offset, disk.size), *above)


def layers_of(deployed: Deployed, host: Host, vg: str, lv: str) -> Stack:
    """The layers under an active volume. Raises NoSuchLayer."""
    machine, path = deployed.machines[host.name], path_of(vg, lv)
    extent = parse_extent(machine.run("dmsetup", "table", path).stdout)
    under = tuple(_down(machine, extent.device))
    lun, server = _lun_of(deployed, machine, under[-1])
    if lun.backing == "file":
        raise NoSuchLayer(f"{lun.name} is kept in a file of {server.name}; expected a disk")
    found = [Layer("disk", server.name, lun.device, extent.offset, extent.size)]
    names: tuple[LayerName, ...] = ("lun", "multipath")
    for name, device in zip(names, reversed(under), strict=False):
        found.append(Layer(name, host.name, device.path, extent.offset, extent.size))
    layers = (*found, Layer("lv", host.name, path, 0, extent.size))
    return Stack(layers, lun, server)


def neighbours(layers: tuple[Layer, ...]) -> tuple[tuple[Layer, Layer], ...]:
    """Each layer with the one right below it, from the lowest up."""
    return tuple(zip(layers[1:], layers, strict=False))


def _down(machine: Machine, numbers: str) -> Iterator[BlockDevice]:
    """The device of these numbers, then the path under it if it is a multipath map."""
    link = machine.run("readlink", f"/sys/dev/block/{numbers}").stdout.strip()
    kernel = link.rpartition("/")[2]
    disks = parse_lsblk(machine.run(*LSBLK).stdout)
    for disk in disks:
        for device in disk.walk():
            if device.kname == kernel:
                if device is not disk:
                    yield device
                yield disk
                return
    raise NoSuchLayer(f"{machine.name}: lsblk shows no {kernel}, on which the volume lies")


def _lun_of(deployed: Deployed, machine: Machine, disk: BlockDevice) -> tuple[Lun, StorageServer]:
    wwid = f"3{(disk.wwn or '').removeprefix('0x')}"
    for server in deployed.deployment.storage_servers:
        for target in server.targets:
            for lun in target.luns:
                if lun.wwid == wwid:
                    return lun, server
    raise NoSuchLayer(
        f"{machine.name}: {disk.path} ({disk.wwn or 'without WWN'}) is no LUN of the description"
    )
