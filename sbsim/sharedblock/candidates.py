"""The LUNs that one host could bring into a pool, with what the product shows of each (R4.14)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sbsim.machines import Machine
from sbsim.sharedblock.errors import UnreadableReport
from sbsim.sharedblock.request import Candidate, CandidateKind

# NAME makes it a tree, in which the maps stand under their paths.
LSBLK = ("lsblk", "--json", "--bytes", "--output",
         "NAME,KNAME,TYPE,HCTL,VENDOR,MODEL,WWN,SERIAL,SIZE,FSTYPE")  # fmt: skip
LINKS = ("find", "/dev/disk/by-id", "/dev/disk/by-path", "-type", "l", "-printf", "%p %l\\n")

# udev's links that carry a SCSI id; a multipath device has the first kind.
_MULTIPATH = "/dev/disk/by-id/dm-uuid-mpath-"
_SCSI = "/dev/disk/by-id/scsi-"
_BY_PATH = "/dev/disk/by-path/"


def read_candidates(machine: Machine) -> tuple[Candidate, ...]:
    """Every multipath device and every disk that is not a path of one, in order of WWID.

    Without a WWID a disk cannot be named, so it is left out; so are the host's own disks, which
    have no SCSI address.
    """
    links = parse_links(machine.run(*LINKS, check=False).stdout)
    return candidates_of(machine.run(*LSBLK).stdout, links)


def parse_links(text: str) -> dict[str, tuple[str, ...]]:
    """The links of every device by its kernel name, sorted, from `LINKS`."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        link, _, target = line.rpartition(" ")
        if link:
            found.setdefault(target.rpartition("/")[2], []).append(link)
    return {device: tuple(sorted(names)) for device, names in found.items()}


def candidates_of(text: str, links: dict[str, tuple[str, ...]]) -> tuple[Candidate, ...]:
    """What lsblk tells, with the links of each device."""
    try:
        devices = json.loads(text)["blockdevices"]
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableReport("lsblk", text, str(error)) from None
    found: dict[str, Candidate] = {}
    for device in devices:
        for one in _of_device(device, links):
            found.setdefault(one.wwid, one)
    return tuple(found[wwid] for wwid in sorted(found))


def _of_device(device: dict[str, Any], links: dict[str, tuple[str, ...]]) -> Iterator[Candidate]:
    maps = [child for child in device.get("children", ()) if child["type"] == "mpath"]
    for child in maps:
        yield from _candidate(child, device, "mpath", links)
    if not maps and device["type"] == "disk" and device["hctl"]:
        kind: CandidateKind = "lvm-pv" if device["fstype"] == "LVM2_member" else "disk"
        yield from _candidate(device, device, kind, links)


def _candidate(
    shown: dict[str, Any],
    disk: dict[str, Any],
    kind: CandidateKind,
    links: dict[str, tuple[str, ...]],
) -> Iterator[Candidate]:
    """`shown` is the device that would be used, `disk` the one that knows what the LUN is."""
    own, below = links.get(shown["kname"], ()), links.get(disk["kname"], ())
    wwid = _after(own, _MULTIPATH if kind == "mpath" else _SCSI)
    if wwid is None:
        return
    yield Candidate(
        wwid=wwid,
        vendor=_text(disk, "vendor"),
        model=_text(disk, "model"),
        wwn=_text(disk, "wwn"),
        serial=_text(disk, "serial"),
        hctl=_text(disk, "hctl"),
        kind=kind,
        size=int(shown["size"]),
        path=_after(below, _BY_PATH) or "",
    )


def _after(links: tuple[str, ...], prefix: str) -> str | None:
    return next((link.removeprefix(prefix) for link in links if link.startswith(prefix)), None)


def _text(device: dict[str, Any], key: str) -> str:
    return str(device[key] or "").strip()
