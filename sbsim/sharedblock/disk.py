"""Which disk an id names: the product's order of looking, and its refusal to guess.

1. a link in /dev/disk/by-id, with each of the profile's prefixes before the id
2. lsblk: lines that hold the id; of multipath devices if there are any, and exactly one
3. an absolute path, where the profile takes one
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from sbsim.machines import Machine
from sbsim.sharedblock.errors import DiskNotFound

BY_ID = "/dev/disk/by-id"
LSBLK = ("lsblk", "--pairs", "--paths", "--output",
         "NAME,TYPE,FSTYPE,LABEL,UUID,VENDOR,MODEL,MODE,WWN")  # fmt: skip


@dataclass(frozen=True)
class DiskRules:
    """How a profile finds disks: `prefixes` in order, and whether an id may be a path."""

    prefixes: tuple[str, ...]
    paths: bool


def find_disk(machine: Machine, id: str, rules: DiskRules) -> str:
    """The device that `id` names on this machine, such as ``/dev/sdb`` or ``/dev/dm-3``.

    Raises DiskNotFound if there is none, or if several paths lead there without a multipath
    device: choosing one would tie the pool to a path that may fail.
    """
    if found := _linked(machine, id, rules):
        return found[0]
    lines = matching_lines(machine.run(*LSBLK).stdout, id)
    if len(lines) == 1:
        return _canonical(machine, lines[0]["NAME"])
    if rules.paths and id.startswith("/") and (named := _existing(machine, id)):
        return named
    raise DiskNotFound(machine.name, _text(id, [line["NAME"] for line in lines]))


def is_linked(machine: Machine, id: str, rules: DiskRules) -> bool:
    """Whether an id names a disk by its link in /dev/disk/by-id."""
    return bool(_linked(machine, id, rules))


def _linked(machine: Machine, id: str, rules: DiskRules) -> tuple[str, ...]:
    links = [f"{BY_ID}/{prefix}{id}" for prefix in rules.prefixes]
    return tuple(machine.run("readlink", "-e", "--", *links, check=False).lines)


def matching_lines(text: str, id: str) -> list[dict[str, str]]:
    """Lsblk's distinct lines that hold the id; those of multipath devices alone, if there are any.

    A device that lies on several others is printed below each of them: it counts once.
    """
    rows = parse_pairs(line for line in text.splitlines() if id in line)
    return [row for row in rows if row["TYPE"] == "mpath"] or rows


def parse_pairs(lines: Iterable[str]) -> list[dict[str, str]]:
    """The columns of lsblk's distinct ``NAME="value"`` lines."""
    return [dict(part.split("=", 1) for part in shlex.split(line)) for line in dict.fromkeys(lines)]


def _canonical(machine: Machine, path: str) -> str:
    return machine.run("readlink", "-e", "--", path).stdout.strip()


def _existing(machine: Machine, path: str) -> str | None:
    return machine.run("readlink", "-e", "--", path, check=False).stdout.strip() or None


def _text(id: str, devices: list[str]) -> str:
    wanted = f"can not find disk with {id!r} as wwid, uuid or wwn"
    if not devices:
        return (
            f"{wanted}; expected a name in {BY_ID} or what lsblk shows. Check that the LUN is "
            "mapped to this host (`sbsim ps candidates`)"
        )
    return (
        f"{wanted}: {len(devices)} devices qualify ({', '.join(devices)}) and none is a multipath "
        "device; enable multipath, or give the id of one LUN"
    )
