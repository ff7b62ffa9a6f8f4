"""Waiting until what the kernel has found is there for everybody: devices, links, ids."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sbsim.errors import WaitedInVain
from sbsim.initiator.lsscsi import IdLine, parse_lsscsi_ids
from sbsim.initiator.vpd import read_wwid
from sbsim.machines import Clock, Machine

SETTLE_LIMIT_SECONDS = 60.0


def read_disk_ids(machine: Machine) -> tuple[IdLine, ...]:
    """Return the disks as `lsscsi -i` shows them, each with its id.

    lsscsi follows udev's links, and of several paths to one LUN only one has the link: the others
    show no id. Theirs is what the kernel says, as udev would read it.
    """
    lines = parse_lsscsi_ids(machine.run("lsscsi", "-i").stdout)
    return tuple(
        line if line.wwid or not line.device.node
        else replace(line, wwid=read_wwid(machine, line.device.hctl))
        for line in lines if line.device.kind == "disk"
    )  # fmt: skip


def settle(machine: Machine, clock: Clock, wwids: Collection[str], limit_seconds: float) -> None:
    """Wait until udev is done, every disk has its sd device and id, and `wwids` are there.

    Raises WaitedInVain, which names what is missing.
    """
    end = clock.now() + limit_seconds
    while True:
        late = clock.now() >= end
        seconds = max(1.0, end - clock.now())
        machine.run(
            "udevadm", "settle", f"--timeout={seconds:.0f}", timeout=seconds + 10, check=False
        )
        lines = read_disk_ids(machine)
        missing = sorted(set(wwids) - {line.wwid for line in lines if line.wwid})
        unready = [str(line.device.hctl) for line in lines if not line.wwid]
        if not missing and not unready:
            return
        if late:
            raise WaitedInVain(_text(machine.name, limit_seconds, missing, unready))
        clock.sleep(1.0)


def _text(host: str, seconds: float, missing: list[str], unready: list[str]) -> str:
    text = f"{host}: waited {seconds:g} s in vain for its disks"
    if missing:
        text += f"; not there: {', '.join(missing)} (check the target's LUNs and ACL)"
    if unready:
        text += f"; without device or id: {', '.join(unready)} (check udev)"
    return text
