"""SCSI devices of a host, put together from what several tools say and from sysfs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from sbsim.deployment import Portal
from sbsim.deployment.wwpn import naa_of
from sbsim.initiator import lsblk
from sbsim.initiator.fdisk import Disk, parse_fdisk
from sbsim.initiator.hctl import Hctl
from sbsim.initiator.lsblk import BlockDevice, parse_lsblk
from sbsim.initiator.lsscsi import (
    IdLine,
    ScsiLine,
    TransportLine,
    parse_lsscsi,
    parse_lsscsi_ids,
    parse_lsscsi_transports,
)
from sbsim.initiator.vpd import read_wwid
from sbsim.machines import Machine

_SIZE = re.compile(r"(?P<number>[0-9]{1,12}(?:\.(?P<decimals>[0-9]{1,4}))?)(?P<unit>[kKMGTPE]?)B")
_UNITS = {"": 1, "k": 10**3, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15,
          "E": 10**18}  # fmt: skip


@dataclass(frozen=True)
class ScsiDevice:
    """A SCSI device. What does not apply to it, or is not there (yet), is None.

    `kind` is lsscsi's word (disk, cd/dvd, …); `iqn`, `tag` and `portal` are those of its path
    over iSCSI, `wwpn` the target port's over Fibre Channel;
    `wwid` is udev's SCSI id (36001405… for LIO); `bytes` its size; `path` its /dev/sdX;
    `cache_type` is "write through" or "write back"; `state` is running, blocked, offline, ….
    """

    hctl: Hctl
    kind: str
    vendor: str
    model: str
    revision: str
    iqn: str | None
    tag: int | None
    portal: Portal | None
    wwid: str | None
    serial: str | None
    bytes: int | None
    path: str | None
    cache_type: str | None
    state: str | None
    wwpn: str | None = None

    @property
    def target_name(self) -> str | None:
        """The name of its target: an IQN, or over Fibre Channel ``naa.`` and the port's WWPN."""
        return self.iqn or (naa_of(self.wwpn) if self.wwpn else None)

    @property
    def place(self) -> str | None:
        """Where its target was reached: the portal, or the port's WWPN."""
        return str(self.portal) if self.portal else self.wwpn


@dataclass(frozen=True)
class Views:
    """What each of the guide's tools said, one after the other, and lsblk."""

    devices: tuple[ScsiLine, ...]
    transports: tuple[TransportLine, ...]
    ids: tuple[IdLine, ...]
    blocks: tuple[BlockDevice, ...]
    disks: tuple[Disk, ...]

    def differences(self) -> tuple[str, ...]:
        """Return every fact on which two tools disagree, as a sentence; none if all agree."""
        return tuple(self._differences())

    def _differences(self) -> Iterator[str]:
        transports = {line.hctl: line for line in self.transports}
        ids = {line.device.hctl: line for line in self.ids}
        blocks = self.blocks_by_hctl()
        sizes = {disk.path: disk for disk in self.disks}
        for name, seen in (("lsscsi -st", set(transports)), ("lsscsi -i", set(ids))):
            for hctl in sorted(seen ^ {line.hctl for line in self.devices}):
                yield f"only one of lsscsi and {name} shows [{hctl}]"
        for line in self.devices:
            transport, identity = transports.get(line.hctl), ids.get(line.hctl)
            if identity and identity.device != line:
                yield f"lsscsi and lsscsi -i show different columns of [{line.hctl}]"
            if transport and (transport.node, transport.kind) != (line.node, line.kind):
                yield f"lsscsi and lsscsi -st show different columns of [{line.hctl}]"
            if line.kind == "disk":
                disk = sizes.get(line.node) if line.node else None
                yield from _disk_differences(line, transport, identity, blocks.get(line.hctl), disk)

    def blocks_by_hctl(self) -> dict[Hctl, BlockDevice]:
        """Return lsblk's SCSI disks by address."""
        return {block.hctl: block for block in self.blocks if block.hctl and block.type != "part"}


def read_views(machine: Machine) -> Views:
    """Run the tools. fdisk last, and only on disks that answer: it would hang on a blocked one."""
    views = read_known(machine)
    answering = [block for block in views.blocks if block.state in (None, "running")]
    if len(answering) == len(views.blocks):
        paths = []
    else:
        paths = [block.path for block in answering if block.type == "disk"]
    # A disk without a medium makes fdisk end with status 1 after it has listed all others.
    fdisk = machine.run("fdisk", "-l", *paths, check=False)
    return replace(views, disks=parse_fdisk(fdisk.stdout))


def read_known(machine: Machine) -> Views:
    """What the kernel and udev know: no disk is read, `disks` is empty.

    fdisk reads a disk's end: where a LUN has shrunk below its map, that costs the map its paths.
    """
    return Views(
        devices=parse_lsscsi(machine.run("lsscsi").stdout),
        transports=parse_lsscsi_transports(machine.run("lsscsi", "-st").stdout),
        ids=parse_lsscsi_ids(machine.run("lsscsi", "-i").stdout),
        blocks=parse_lsblk(machine.run(*lsblk.ARGV).stdout),
        disks=(),
    )


def assemble(machine: Machine, views: Views, portals: Mapping[int, Portal]) -> Iterator[ScsiDevice]:
    """Return the devices of `views`, in order of HCTL; `portals` by the SCSI host they came by."""
    transports = {line.hctl: line for line in views.transports}
    ids = {line.device.hctl: line.wwid for line in views.ids}
    blocks = views.blocks_by_hctl()
    for line in sorted(views.devices, key=lambda line: line.hctl):
        transport, block = transports.get(line.hctl), blocks.get(line.hctl)
        yield ScsiDevice(
            hctl=line.hctl,
            kind=line.kind,
            vendor=line.vendor,
            model=line.model,
            revision=line.revision,
            iqn=transport.iqn if transport else None,
            tag=transport.tag if transport else None,
            portal=portals.get(line.hctl.host),
            # `lsscsi -i` follows udev's links, and of several paths only one has the link.
            wwid=ids.get(line.hctl) or (read_wwid(machine, line.hctl) if block else None),
            serial=block.serial if block else None,
            bytes=block.size if block else None,
            path=line.node,
            cache_type=_cache_type(machine, line.hctl) if line.kind == "disk" else None,
            state=block.state if block else None,
            wwpn=transport.wwpn if transport else None,
        )


def _cache_type(machine: Machine, hctl: Hctl) -> str | None:
    try:
        return machine.read(f"/sys/class/scsi_disk/{hctl}/cache_type").decode().strip()
    except FileNotFoundError:
        return None


def _disk_differences(
    line: ScsiLine,
    transport: TransportLine | None,
    identity: IdLine | None,
    block: BlockDevice | None,
    disk: Disk | None,
) -> Iterator[str]:
    place = f"[{line.hctl}]"
    if block is None:
        if line.node is not None:
            yield f"lsscsi shows {line.node} for {place}, lsblk shows no such disk"
        return
    if line.node != block.path:
        yield f"lsscsi shows {line.node} for {place}, lsblk {block.path}"
    for name, ours, theirs in (
        ("vendor", line.vendor, block.vendor),
        ("revision", line.revision, block.revision),
    ):
        if theirs is not None and ours != theirs:
            yield f"lsscsi shows the {name} {ours!r} of {place}, lsblk {theirs!r}"
    wwid = identity.wwid if identity else None
    if wwid and block.wwn and wwid[1:] != block.wwn.removeprefix("0x") and wwid[0] == "3":
        yield f"lsscsi -i shows the id {wwid} of {place}, lsblk the WWN {block.wwn}"
    if transport and transport.size and not _fits(transport.size, block.size):
        yield f"lsscsi -st shows {transport.size} for {place}, lsblk {block.size} bytes"
    if disk and disk.bytes != block.size:
        yield f"fdisk shows {disk.bytes} bytes for {place}, lsblk {block.size}"
    if disk is None and block.size and block.state in (None, "running"):
        yield f"lsblk shows {block.path} for {place}, fdisk does not"


def _fits(shown: str, size: int) -> bool:
    """Tell whether lsscsi's rounded-down size can be `size` bytes."""
    match = _SIZE.fullmatch(shown)
    if match is None:
        return False
    unit = float(_UNITS[match["unit"]])
    step = unit / float(10 ** len(match["decimals"] or ""))
    return abs(float(match["number"]) * unit - size) <= step
