"""The disks that a host sees, beside what the array shows it (chapter 3.3)."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass

from sbsim.checks.diagnosis.diagnosis import Diagnosis
from sbsim.deployment import Deployment, Host, Inquiry, Lun
from sbsim.errors import CommandFailed
from sbsim.initiator.device import ScsiDevice, assemble, read_known
from sbsim.initiator.login import Login
from sbsim.initiator.routes import routes
from sbsim.machines import Machine, parallel
from sbsim.management.deployed import Deployed
from sbsim.sharedblock.disk import LSBLK, parse_pairs
from sbsim.sharedblock.lvm import Lvm
from sbsim.target.model import Lun as TargetLun
from sbsim.target.model import Target

Row = Mapping[str, str]

_SCAN = "scan the hosts anew: iscsiadm -m session --rescan"


@dataclass(frozen=True)
class Shown:
    """A target as its array has it, and what the array says of itself."""

    inquiry: Inquiry
    target: Target

    def wwid(self, lun: TargetLun) -> str:
        """The WWID of one of its LUNs."""
        return self.inquiry.wwid_of(lun.serial)


@dataclass(frozen=True)
class Seen:
    """A host's disks, and what it is logged in to."""

    devices: tuple[ScsiDevice, ...]
    logins: tuple[Login, ...]


def look(deployed: Deployed) -> Iterator[Diagnosis]:
    """What is wrong with the disks of every host, and what lies on LUNs that should be empty."""
    deployment = deployed.deployment
    shown = {
        target.iqn: Shown(server.inquiry, target)
        for server in deployment.storage_servers
        for target in deployed.target_server(server).read().array.targets
    }

    def read(host: Host) -> Seen:
        # Not `HostSide.devices`: it reads the disks, and refuses where the tools disagree.
        side = deployed.san(host)
        logins = side.logins()
        views = read_known(side.machine)
        return Seen(tuple(assemble(side.machine, views, side.portals(logins))), tuple(logins))

    seen = parallel(deployment.hosts, read)
    for host in deployment.hosts:
        yield from _missing(deployment, host, seen[host.name], shown)
        for device in seen[host.name].devices:
            if device.kind == "disk" and (target := shown.get(device.target_name or "")):
                yield from _device(host.name, device, target)
    yield from _contents(deployed, seen[deployment.hosts[0].name].devices)


def _missing(
    deployment: Deployment, host: Host, seen: Seen, shown: Mapping[str, Shown]
) -> Iterator[Diagnosis]:
    """LUNs that the array shows on a path where the host is logged in, and that it does not see."""
    usable = {(one.target_name, one.place) for one in seen.logins if one.usable}
    have = {(one.target_name, one.place, one.wwid) for one in seen.devices}
    for route in routes(deployment, host):
        way = route.target_name, route.place
        if way not in usable or route.target_name not in shown:
            continue
        there = shown[route.target_name]
        for lun in there.target.luns:
            if (*way, there.wwid(lun)) not in have:
                yield Diagnosis(
                    "lun-not-seen",
                    f"{host.name}: {lun.name} by {route.place}",
                    "the array has it on a target where the host is logged in; the host has no "
                    "such disk",
                    f"look whether it is mapped for this host, then {_SCAN}",
                )


def _device(host: str, device: ScsiDevice, shown: Shown) -> Iterator[Diagnosis]:
    number, target = device.hctl.lun, shown.target
    alike = [lun for lun in target.luns if shown.wwid(lun) == device.wwid]
    lun = next((one for one in alike if one.lun == number), alike[0] if alike else None)
    if lun is None:
        yield Diagnosis(
            "stale-device",
            f"{host}: LUN {number} of {target.iqn}",
            f"the host has it as {device.wwid}; the target shows no such LUN any more",
            "delete the device (echo 1 > /sys/block/sdX/device/delete) before the number is used "
            "again",
        )
        return
    where = f"{host}: {lun.name}"
    if lun.lun != number:
        yield Diagnosis(
            "lun-remapped",
            where,
            f"the host knows it as LUN {number}, the array has it as LUN {lun.lun}: its writes go "
            "to another LUN",
            f"stop its I/O at once, delete the device, then {_SCAN}",
        )
    if device.bytes is not None and device.bytes != lun.size:
        yield Diagnosis(
            "stale-size",
            where,
            f"the host sees {device.bytes} bytes, the array has {lun.size}",
            _SCAN,
        )
    if device.cache_type == "write back" and not lun.write_back:
        yield Diagnosis(
            "host-sees-write-back",
            where,
            "the host takes the LUN for one with a volatile write cache; it has none",
            "rescan the device: echo 1 > /sys/class/scsi_device/H:C:T:L/device/rescan",
            "warning",
        )
    if device.state not in (None, "running"):
        yield Diagnosis(
            "disk-not-running",
            where,
            f"its state is {device.state}",
            "look at its session; a disk that was taken offline comes back by a rescan",
        )


# --- what lies on the LUNs ---------------------------------------------------------------------


def _contents(deployed: Deployed, devices: Iterable[ScsiDevice]) -> Iterator[Diagnosis]:
    """What lies on LUNs, as the first host sees it; a pool's own physical volumes are no fault."""
    machine = deployed.machines[deployed.deployment.hosts[0].name]
    rows = parse_pairs(machine.run(*LSBLK).lines)
    groups = _groups(machine)
    for lun in deployed.deployment.luns:
        paths = {one.path for one in devices if one.wwid == lun.wwid}
        if own := _device_of(rows, lun, paths):
            yield from _content(machine.name, lun, rows, own, groups)


def _groups(machine: Machine) -> Mapping[str, str]:
    """Every physical volume's group by its path; none where there is no LVM yet."""
    try:
        return {one.path: one.vg for one in Lvm(machine).physical_volumes()}
    except CommandFailed:
        return {}


def _device_of(rows: Iterable[Row], lun: Lun, paths: Container[str | None]) -> Row | None:
    """The LUN's map, or its disk where there is none."""
    by_kind = {row["TYPE"]: row for row in rows if lun.wwid in row["NAME"] or row["NAME"] in paths}
    return by_kind.get("mpath") or by_kind.get("disk")


def _is_part_of(row: Row, own: Row) -> bool:
    same_disk = bool(row["WWN"]) and row["WWN"] == own["WWN"]
    return row["TYPE"] == "part" and (same_disk or row["NAME"].startswith(own["NAME"]))


def _content(
    host: str,
    lun: Lun,
    rows: Iterable[Row],
    own: Row,
    groups: Mapping[str, str],
) -> Iterator[Diagnosis]:
    clear = "look whose data it is; if it may go, clear the LUN or add it with wiping on"
    kind = own["FSTYPE"]
    if any(_is_part_of(row, own) for row in rows):
        yield Diagnosis("lun-partitioned", lun.name, f"{host} sees partitions on it", clear)
    elif kind == "LVM2_member":
        group = groups.get(own["NAME"], "")
        if not group:
            yield Diagnosis(
                "lun-orphan-pv", lun.name, "it is a physical volume of no group", clear, "warning"
            )
        elif not _is_pool(group):
            yield Diagnosis(
                "lun-of-another-group", lun.name, f"it belongs to the volume group {group}", clear
            )
    elif kind == "linux_raid_member":
        yield Diagnosis("lun-has-raid", lun.name, "it is a member of an MD RAID", clear)
    elif kind and kind != "mpath_member":
        yield Diagnosis("lun-has-file-system", lun.name, f"it holds {kind}", clear)


def _is_pool(group: str) -> bool:
    """Whether a volume group has a platform's name: the storage's uuid."""
    return len(group) == 32 and all(digit in "0123456789abcdef" for digit in group)
