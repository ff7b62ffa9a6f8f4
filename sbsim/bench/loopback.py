"""A LUN as a disk of its own server: LIO without the network, by its loopback fabric.

Source: the kernel's drivers/target/loopback/tcm_loop.c. What is made in configfs is taken away
again; other fabrics that show the same LUN are not touched.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from sbsim.bench.errors import NoSuchLayer
from sbsim.deployment import Lun
from sbsim.initiator.lsblk import ARGV as LSBLK
from sbsim.initiator.lsblk import parse_lsblk
from sbsim.machines import Clock, Machine
from sbsim.machines.clock import wait_until

_CORE = "/sys/kernel/config/target/core"
_FABRIC = "/sys/kernel/config/target/loopback"
LIMIT_SECONDS = 30.0


def wwn_of(lun: Lun) -> str:
    """The name under which the loopback fabric shows a LUN: of its own, and the same each time."""
    return f"naa.5001405{hashlib.sha256(lun.serial.encode()).hexdigest()[:9]}"


@contextmanager
def loopback(machine: Machine, clock: Clock, lun: Lun) -> Iterator[str]:
    """Inside, the LUN is a disk of its storage server; gives the disk's path."""
    wwn = wwn_of(lun)
    place = f"{_FABRIC}/{wwn}/tpgt_1"
    backstore = machine.run(
        "find", _CORE, "-mindepth", "2", "-maxdepth", "2", "-name", lun.name
    ).lines  # fmt: skip
    if len(backstore) != 1:
        raise NoSuchLayer(f"{machine.name}: LIO has {len(backstore)} backstores named {lun.name}")
    _remove(machine, wwn)  # one of a run that was cut off
    machine.run("modprobe", "tcm_loop")
    try:
        machine.run("mkdir", "-p", f"{place}/lun/lun_0")
        machine.run("tee", f"{place}/nexus", input=wwn)
        machine.run("ln", "-s", backstore[0], f"{place}/lun/lun_0/sbsim-bench")
        yield wait_until(
            clock,
            lambda: _disk(machine, lun),
            LIMIT_SECONDS,
            f"{machine.name} to show {lun.name} as a disk of its own",
        )
    finally:
        _remove(machine, wwn)


def _disk(machine: Machine, lun: Lun) -> str:
    """The disk's path; empty while there is none."""
    shown = parse_lsblk(machine.run(*LSBLK).stdout)
    return next((one.path for one in shown if f"3{(one.wwn or '')[2:]}" == lun.wwid), "")


def _remove(machine: Machine, wwn: str) -> None:
    """Take away what there is of it, the inmost first; nothing if there is nothing."""
    place = f"{_FABRIC}/{wwn}"
    machine.run("rm", "-f", f"{place}/tpgt_1/lun/lun_0/sbsim-bench")
    inner = (f"{place}/tpgt_1/lun/lun_0", f"{place}/tpgt_1", place)
    there = [path for path in inner if machine.run("test", "-d", path, check=False).ok]
    if there:
        machine.run("rmdir", *there)
