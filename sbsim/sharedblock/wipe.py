"""Clearing old signatures off a disk that was named, after its first 64 KiB have been kept.

What lies on the disk decides: a disk in use is never wiped, a physical volume as the profile says.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sbsim.machines import Clock, Machine
from sbsim.machines.clock import wait_until
from sbsim.sharedblock import lvm_report
from sbsim.sharedblock.errors import WipeRefused

BACKUPS = "/etc/lvm/zstack-backup"
KEPT_BYTES = 64 * 1024
FLUSH_LIMIT_SECONDS = 30.0
MAP_LIMIT_SECONDS = 60.0

LSBLK = ("lsblk", "--json", "--paths", "--output", "NAME,TYPE,MOUNTPOINTS")


class ForeignVolumes(Enum):
    """What a profile does with a physical volume of another volume group, or of none."""

    LEAVE = "leave"  # 2.6: any physical volume is passed over; making the group then fails
    WIPE = "wipe"  # 3.0.1 and later: it is wiped like anything else


@dataclass(frozen=True)
class WipeRules:
    """How a profile wipes. `guard`: refuse where the kept bytes name the group that is wanted."""

    foreign: ForeignVolumes
    guard: bool


def wipe(
    machine: Machine, clock: Clock, disk: str, id: str, vg: str, rules: WipeRules, epoch: int
) -> bool:
    """Clear every signature from `disk`; False if it was passed over.

    A multipath device is made anew, without the partitions that were on it: it may have another
    name afterwards, so look for it again.

    Raises WipeRefused, with nothing changed, if a partition or anything else on it is in use, or
    (with `guard`) if it was part of `vg` though LVM does not see it any more.
    """
    owner = _volume_group_on(machine, disk)
    if owner is not None and (owner == vg or rules.foreign is ForeignVolumes.LEAVE):
        return False
    kind = _refuse_in_use(machine, disk)
    head = machine.run("head", "--bytes", str(KEPT_BYTES), "--", disk).stdout
    if rules.guard and owner is None and vg in head:
        raise WipeRefused(
            machine.name,
            f"found vg uuid in superblock backup of {disk} while not found in lvm command: it was "
            f"part of {vg}; restore the volume group, or clear the disk by hand if it may go",
        )
    _keep_head(machine, disk, id, epoch)
    machine.run("partprobe", "--summary", disk, check=False)
    machine.run("wipefs", "--all", "--force", "--", disk)
    if kind == "mpath":
        _make_map_anew(machine, clock, disk)
    return True


def _volume_group_on(machine: Machine, disk: str) -> str | None:
    """The volume group that the disk belongs to, empty for an orphan; None if it is no such."""
    argv = lvm_report.argv("pvs", lvm_report.PV_FIELDS, disk)
    result = machine.run(*argv, check=False)
    if not result.ok:
        return None
    return next((one.vg for one in lvm_report.parse_pvs(result.stdout)), None)


def _refuse_in_use(machine: Machine, disk: str) -> str:
    """Refuse where anything on the disk is mounted, or a device of another kind lies on it.

    Return what the disk itself is to lsblk: ``disk``, ``mpath``.
    """
    tree: dict[str, Any] = json.loads(machine.run(*LSBLK, "--", disk).stdout)
    users = sorted(
        f"{one['name']} ({one['type']}{_mounted(one)})"
        for top in tree["blockdevices"]
        for one in _below(top)
        if _mounted(one) or one["type"] not in ("disk", "mpath", "part")
    )
    if users:
        raise WipeRefused(
            machine.name,
            f"{disk} is in use by {', '.join(users)}; nothing was wiped. Release it first",
        )
    return str(tree["blockdevices"][0]["type"])


def _below(device: dict[str, Any]) -> list[dict[str, Any]]:
    found = [device]
    for child in device.get("children", ()):
        found += _below(child)
    return found


def _mounted(device: dict[str, Any]) -> str:
    places = [place for place in device.get("mountpoints") or () if place]
    return f" at {', '.join(places)}" if places else ""


def _make_map_anew(machine: Machine, clock: Clock, disk: str) -> None:
    """Take a map away with its partitions' maps, and wait until multipathd has made it again."""
    name = machine.run("readlink", "-e", "--", disk).stdout.strip().rpartition("/")[2]
    uuid = machine.read(f"/sys/block/{name}/dm/uuid").decode().strip()
    # udev still looks at what was cleared, and holds the map open for that long.
    wait_until(
        clock,
        lambda: machine.run("multipath", "-f", disk, check=False).ok,
        FLUSH_LIMIT_SECONDS,
        f"{machine.name}'s map {disk} to be let go of, so that it can be made anew",
        every_seconds=1.0,
    )
    machine.run("systemctl", "restart", "multipathd.service", timeout=MAP_LIMIT_SECONDS)
    link = f"/dev/disk/by-id/dm-uuid-{uuid}"
    wait_until(
        clock,
        lambda: machine.run("readlink", "-e", "--", link, check=False).ok,
        MAP_LIMIT_SECONDS,
        f"{machine.name}'s {link} after its map was made anew",
        every_seconds=1.0,
    )


def _keep_head(machine: Machine, disk: str, id: str, epoch: int) -> None:
    """Keep the first 64 KiB, so that a table or superblock can be put back."""
    name = id.replace("/", "_")
    machine.run("mkdir", "-p", "-m", "0700", BACKUPS)
    machine.run("dd", f"if={disk}", f"of={BACKUPS}/{name}.superblock.bak.{epoch}",
                f"bs={KEPT_BYTES}", "count=1", "status=none")  # fmt: skip
