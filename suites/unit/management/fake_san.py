"""Hosts and LUNs in memory, or in one JSON file that outlives a kill: enough to see who joined.

A disk id leads each host to a LUN (`seen`); a LUN holds a volume group or nothing (`groups`);
`joined` are the hosts that are in. `errors` makes one call of one host fail. `guarded` agents
refuse to make a volume group unless they are first; others make it, as the old product does.
"""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sbsim.errors import SbsimError
from sbsim.sharedblock.request import Candidate, Capacity, Connected, ConnectRequest

GIB = 2**30
DISK = "3600140500000001"
SECOND_DISK = "3600140500000002"


def candidate(wwid: str, hctl: str = "2:0:0:1") -> Candidate:
    return Candidate(wwid, "LIO-ORG", "zstack-sto-1", f"0x{wwid[1:]}", "00a1", hctl, "disk",
                     20 * GIB, f"ip-172.20.12.221:3260-lun-{wwid[-1]}")  # fmt: skip


class FakeSan:
    def __init__(self, hosts: tuple[str, ...], path: Path | None = None) -> None:
        self.path = path
        self.guarded = True
        self.seen = {host: {DISK: "lun-1", SECOND_DISK: "lun-2"} for host in hosts}
        self.filters: dict[str, set[str]] = {}
        self.groups: dict[str, list[str]] = {}
        self.joined: dict[str, dict[str, int]] = {}
        # Of each volume group: its LUNs, and the bytes that each of them brings.
        self.members: dict[str, dict[str, int]] = {}
        self.sizes: dict[str, int] = defaultdict(lambda: 18 * GIB)
        self.errors: dict[tuple[str, str], Exception] = {}
        # As `errors`, but the host has done what it was asked for.
        self.after: dict[tuple[str, str], Exception] = {}
        self.calls: list[tuple[str, str]] = []
        self.requests: list[ConnectRequest] = []
        # What each step of a host's connect took.
        self.seconds: dict[str, dict[str, float]] = {}
        # Hosts that tell another capacity than is true.
        self.views: dict[str, Capacity] = {}
        self.candidates = {host: (candidate(DISK), candidate(SECOND_DISK)) for host in hosts}
        self.before: Callable[[], None] = lambda: None
        self.lock = threading.RLock()
        if path is not None and path.exists():
            self.groups, self.joined, self.members = json.loads(path.read_text())

    def save(self) -> None:
        if self.path is not None:
            new = self.path.with_suffix(".new")
            new.write_text(json.dumps([self.groups, self.joined, self.members]))
            new.replace(self.path)

    @property
    def agents(self) -> dict[str, FakeAgent]:
        return {host: FakeAgent(host, self) for host in self.seen}


class FakeAgent:
    def __init__(self, name: str, san: FakeSan) -> None:
        self.name = name
        self.san = san

    def check_disks(self, disks: tuple[str, ...]) -> None:
        self._called("check_disks")
        for disk in disks:
            if disk not in self.san.seen[self.name]:
                raise SbsimError(f"{self.name}: can not find disk with {disk}")

    def connect(self, request: ConnectRequest) -> Connected:
        with self.san.lock:
            self._called("connect")
            self.san.requests.append(request)
            luns = [self.san.seen[self.name][disk] for disk in request.disks]
            made = luns[0] not in self.san.groups
            if made and self.san.guarded and not request.first:
                raise SbsimError(f"{self.name}: the volume group was created before and is gone")
            if made:
                self.san.groups[luns[0]] = [request.vg, f"uuid-of-{luns[0]}"]
                self.san.members[request.vg] = {lun: self.san.sizes[lun] for lun in luns}
            vg, uuid = self.san.groups[luns[0]]
            if vg != request.vg:
                raise SbsimError(f"{self.name}: {luns[0]} is a disk of the volume group {vg}")
            members = self.san.joined.setdefault(luns[0], {})
            if request.host_id in (i for host, i in members.items() if host != self.name):
                raise SbsimError(f"{self.name}: host id {request.host_id} is in use")
            members[self.name] = request.host_id
            self.san.save()
            self.san.before()
            room, took = self._room(vg), self.san.seconds.get(self.name, {})
            return Connected(request.host_id, made, uuid, room, took, lock_wait=21)

    def disconnect(self, vg: str, host_uuid: str) -> None:
        with self.san.lock:
            self._called("disconnect")
            for lun, (name, _) in self.san.groups.items():
                if name == vg:
                    self.san.joined.get(lun, {}).pop(self.name, None)
            self.san.save()
            self.san.before()

    def add_disk(self, vg: str, disk: str, wipe_first: bool) -> Capacity:
        with self.san.lock:
            self._called("add_disk")
            lun = self.san.seen[self.name][disk]
            self.san.members[vg][lun] = self.san.sizes[lun]
            self.san.save()
            self.san.before()
            if error := self.san.after.get((self.name, "add_disk")):
                raise error
            return self._room(vg)

    def has_disk(self, vg: str, disk: str) -> bool:
        self._called("has_disk")
        return self.san.seen[self.name][disk] in self.san.members[vg]

    def see_only(self, disks: tuple[str, ...]) -> None:
        self._called("see_only")
        self.san.filters[self.name] = set(disks)

    def rescan(self, vg: str) -> None:
        self._called("rescan")

    def grow(self, vg: str) -> Capacity:
        with self.san.lock:
            self._called("grow")
            members = self.san.members[vg]
            if any(self.san.sizes[lun] < size for lun, size in members.items()):
                raise SbsimError(f"{self.name}: a LUN of vg {vg} has shrunk")
            members.update({lun: self.san.sizes[lun] for lun in members})
            self.san.save()
            self.san.before()
            return self._room(vg)

    def capacity(self, vg: str) -> Capacity:
        self._called("capacity")
        return self.san.views.get(self.name) or self._room(vg)

    def _room(self, vg: str) -> Capacity:
        size = sum(self.san.members[vg].values())
        return Capacity(size, size - GIB)

    def candidates(self) -> tuple[Candidate, ...]:
        self._called("candidates")
        return self.san.candidates[self.name]

    def _called(self, what: str) -> None:
        with self.san.lock:
            self.san.before()
            self.san.calls.append((self.name, what))
            if error := self.san.errors.get((self.name, what)):
                raise error


class Counter:
    """Uuids and times that are the same in every run."""

    def __init__(self) -> None:
        self.value = 0

    def ids(self) -> str:
        self.value += 1
        return f"{self.value:032x}"

    def now(self) -> float:
        return 1000.0 + self.value


def unexpected(*_: Any) -> tuple[str, ...]:
    raise AssertionError("not expected to be called")
