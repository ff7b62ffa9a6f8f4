"""What a host is asked for about a pool, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

CandidateKind = Literal["disk", "mpath", "lvm-pv"]


@dataclass(frozen=True)
class Capacity:
    """A pool's room in bytes, as LVM counts it: whole extents."""

    total: int
    available: int


@dataclass(frozen=True)
class ConnectRequest:
    """Connect one host to the pool whose volume group is `vg` (the primary storage's uuid).

    `disks` are the ids of its LUNs as the user gave them, `known` those of all pools of the host.
    `wipe` clears old signatures on `disks`. `first`: this host may create the volume group;
    profiles that know no such word ignore it.
    """

    vg: str
    host_uuid: str
    host_id: int
    disks: tuple[str, ...]
    wipe: bool
    first: bool
    known: tuple[str, ...] = ()


@dataclass(frozen=True)
class Connected:
    """A host is connected. `host_id` is the one that it runs with, whatever was asked for.

    `created`: it made the volume group in this call. `vg_uuid` is LVM's own: two hosts that answer
    with different ones see different storage. `seconds` is what each step took; `lock_wait` the
    seconds for which sanlock alone has whoever joins wait: 2 x io_timeout + 1.
    """

    host_id: int
    created: bool
    vg_uuid: str
    capacity: Capacity
    seconds: Mapping[str, float] = field(default_factory=dict)
    lock_wait: float = 0.0


@dataclass(frozen=True)
class Candidate:
    """A LUN that could be added to a pool, as one host sees it (R4.14). `size` in bytes.

    `path` is the name of its link in /dev/disk/by-path. Texts are empty where nothing is known.
    """

    wwid: str
    vendor: str
    model: str
    wwn: str
    serial: str
    hctl: str
    kind: CandidateKind
    size: int
    path: str
