"""Volumes and instances in memory, or in one JSON file that outlives a kill.

What is modelled is what must not go wrong: locks (one exclusive user, or several that share), what
each logical volume holds (blocks by number, read through the chain), and that an instance runs only
where all of its volumes are active.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sbsim.errors import SbsimError
from sbsim.kvm.domain import Domain, Drive
from sbsim.kvm.instances import Running
from sbsim.sharedblock.qemu_img import Format
from sbsim.sharedblock.request import Capacity
from sbsim.sharedblock.sizes import GIB, space, volume_size
from sbsim.sharedblock.volumes import NewVolume, Use

POOL = 100 * GIB


class FakeWorld:
    """`lvs` by ``vg/name``: size, format, what lies behind, blocks. `locks`: each one's users.

    `domains` by host: of each instance the paths of its disks by target.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.lvs: dict[str, dict[str, Any]] = {}
        self.locks: dict[str, dict[str, str]] = {}
        self.domains: dict[str, dict[str, dict[str, str]]] = {}
        self.errors: dict[tuple[str, str], Exception] = {}
        self.deaf: set[str] = set()  # instances that do not hear their power button
        self.paused: set[str] = set()
        self.calls: list[tuple[str, str]] = []
        self.before: Callable[[], None] = lambda: None
        self.lock = threading.RLock()
        if path is not None and path.exists():
            self.lvs, self.locks, self.domains = json.loads(path.read_text())

    def save(self) -> None:
        if self.path is not None:
            new = self.path.with_suffix(".new")
            new.write_text(json.dumps([self.lvs, self.locks, self.domains]))
            new.replace(self.path)

    def called(self, host: str, what: str) -> None:
        with self.lock:
            self.before()
            self.calls.append((host, what))
            if error := self.errors.get((host, what)):
                raise error

    def changed(self) -> None:
        self.save()
        self.before()

    def chain(self, lv: str) -> list[str]:
        """A logical volume and all that lies behind it."""
        found = [lv]
        while behind := self.lvs[found[-1]]["behind"]:
            found.append(behind)
        return found

    def write(self, lv: str, block: int, text: str) -> None:
        """What a guest writes."""
        self.lvs[lv]["blocks"][str(block)] = text

    def read(self, lv: str, block: int) -> str:
        """What a guest reads: the newest layer that has the block."""
        layers = (self.lvs[one]["blocks"] for one in self.chain(lv))
        return next((blocks[str(block)] for blocks in layers if str(block) in blocks), "")

    def users(self, lv: str) -> dict[str, str]:
        return self.locks.get(lv, {})

    def running(self) -> dict[str, str]:
        """The host of every instance that runs; one that runs twice is an error of the plane's."""
        found: dict[str, str] = {}
        for host, domains in self.domains.items():
            for uuid in domains:
                assert uuid not in found, f"{uuid} runs on {found[uuid]} and on {host}"
                found[uuid] = host
        return found


class FakeVolumes:
    def __init__(self, name: str, world: FakeWorld) -> None:
        self.name = name
        self.world = world

    def make(self, vg: str, new: NewVolume) -> int:
        with self.world.lock:
            self.world.called(self.name, "make")
            lv = f"{vg}/{new.name}"
            if lv not in self.world.lvs:
                behind = new.backing.removeprefix("/dev/") if new.backing else None
                self.world.lvs[lv] = {
                    "size": space(new.virtual, new.room),
                    "room": new.room,
                    "format": new.format,
                    "virtual": new.virtual,
                    "behind": behind if new.format == "qcow2" else None,
                    "blocks": {},
                }
                if new.format == "raw" and behind:
                    self.world.lvs[lv]["blocks"] = dict(self.world.lvs[behind]["blocks"])
                self.world.changed()
            return int(self.world.lvs[lv]["size"])

    def fill(self, vg: str, name: str, data: bytes) -> None:
        with self.world.lock:
            self.world.called(self.name, "fill")
            self.world.write(f"{vg}/{name}", 0, data[:16].hex())
            self.world.changed()

    def delete(self, vg: str, name: str) -> None:
        with self.world.lock:
            self.world.called(self.name, "delete")
            lv = f"{vg}/{name}"
            if lv not in self.world.lvs:
                return
            others = [host for host in self.world.users(lv) if host != self.name]
            if others or any(lv in paths.values() for domains in self.world.domains.values()
                             for paths in domains.values()):  # fmt: skip
                raise SbsimError(f"{self.name}: {lv} is in use by {others}")
            leaning = [one for one, it in self.world.lvs.items() if it["behind"] == lv]
            assert not leaning, f"{lv} is removed though {leaning} go on from it"
            self.world.locks.pop(lv, None)
            del self.world.lvs[lv]
            self.world.changed()

    def grow(
        self, vg: str, name: str, virtual: int, format: Format, live: bool, room: int | None = None
    ) -> int:
        with self.world.lock:
            self.world.called(self.name, "grow")
            lv = f"{vg}/{name}"
            assert self.name in self.world.users(lv), f"{lv} grows while it is not active"
            row = self.world.lvs[lv]
            row["size"] = max(row["size"], space(virtual, room))
            if not live:
                row["virtual"] = virtual
            self.world.changed()
            return int(row["size"])

    def extend(self, vg: str, name: str, size: int) -> int:
        with self.world.lock:
            self.world.called(self.name, "extend")
            row = self.world.lvs[f"{vg}/{name}"]
            row["size"] = max(row["size"], size)
            self.world.changed()
            return int(row["size"])

    def rebase(self, vg: str, name: str, onto: str | None, onto_format: Format | None) -> int:
        with self.world.lock:
            self.world.called(self.name, "rebase")
            lv, target = f"{vg}/{name}", f"{vg}/{onto}" if onto else None
            for one in self.world.chain(lv)[1:]:
                assert self.name in self.world.users(one), f"{one} is read while it is not active"
            if target:
                assert self.world.lvs[target]["format"] == onto_format
            chain = self.world.chain(lv)
            lost = chain[1 : chain.index(target)] if target in chain else chain[1:]
            for one in lost:
                for block, text in self.world.lvs[one]["blocks"].items():
                    self.world.lvs[lv]["blocks"].setdefault(block, text)
            row = self.world.lvs[lv]
            row["behind"] = target
            row["size"] = max(row["size"], volume_size(row["virtual"]))
            self.world.changed()
            return int(row["size"])

    def use(self, vg: str, names: Sequence[str], use: Use) -> None:
        with self.world.lock:
            self.world.called(self.name, f"use {use}")
            for name in names:
                self._use(f"{vg}/{name}", use)
            self.world.changed()

    def _use(self, lv: str, use: Use) -> None:
        users = self.world.locks.setdefault(lv, {})
        if use is Use.NONE:
            open_here = [path for paths in self.world.domains.get(self.name, {}).values()
                         for top in paths.values() for path in self.world.chain(top)]  # fmt: skip
            if lv in open_here:
                raise SbsimError(f"{self.name}: {lv} is in use")
            users.pop(self.name, None)
            return
        if lv not in self.world.lvs:
            raise SbsimError(f"{self.name}: there is no {lv}")
        others = {host: mode for host, mode in users.items() if host != self.name}
        if others and (use is Use.EXCLUSIVE or Use.EXCLUSIVE in others.values()):
            raise SbsimError(f"{self.name}: LV locked by other host: {lv}")
        users[self.name] = use.value

    def uses(self, vg: str) -> dict[str, Use]:
        self.world.called(self.name, "uses")
        return {
            lv.removeprefix(f"{vg}/"): Use(users.get(self.name, Use.NONE))
            for lv, users in self.world.locks.items()
            if lv.startswith(f"{vg}/")
        }

    def capacity(self, vg: str) -> Capacity:
        self.world.called(self.name, "capacity of volumes")
        used = sum(row["size"] for lv, row in self.world.lvs.items() if lv.startswith(f"{vg}/"))
        return Capacity(POOL, POOL - used)


class FakeInstances:
    def __init__(self, name: str, world: FakeWorld) -> None:
        self.name = name
        self.world = world

    @property
    def _domains(self) -> dict[str, dict[str, str]]:
        return self.world.domains.setdefault(self.name, {})

    def states(self) -> dict[str, Running]:
        self.world.called(self.name, "states")
        return {
            uuid: Running.PAUSED if uuid in self.world.paused else Running.RUNNING
            for uuid in self._domains
        }

    def start(self, wanted: Domain) -> None:
        with self.world.lock:
            self.world.called(self.name, "start")
            if wanted.uuid in self._domains:
                return
            assert wanted.drives[0].number == 0
            paths = {}
            for drive in wanted.drives:
                paths[drive.target] = self._opened(drive)
            self._domains[wanted.uuid] = paths
            self.world.changed()

    def _opened(self, drive: Drive) -> str:
        lv = drive.path.removeprefix("/dev/")
        if drive.shareable and drive.format != "raw":
            raise SbsimError(f"{self.name}: shared access for disk requires use of raw format")
        assert self.world.lvs[lv]["format"] == drive.format, lv
        for one in self.world.chain(lv):
            assert self.name in self.world.users(one), f"{one} is opened while it is not active"
        wanted = Use.SHARED if drive.shareable else Use.EXCLUSIVE
        mode = self.world.users(lv)[self.name]
        assert mode == wanted, f"{lv} is opened while it is {mode}"
        return lv

    def shut_down(self, uuid: str, limit: float) -> bool:
        with self.world.lock:
            self.world.called(self.name, "shut_down")
            if uuid in self.world.deaf and uuid in self._domains:
                return False
            self._domains.pop(uuid, None)
            self.world.changed()
            return True

    def destroy(self, uuid: str) -> None:
        with self.world.lock:
            self.world.called(self.name, "destroy")
            self._domains.pop(uuid, None)
            self.world.changed()

    def reset(self, uuid: str) -> None:
        self.world.called(self.name, "reset")

    def go_on(self, uuid: str) -> None:
        with self.world.lock:
            self.world.called(self.name, "go_on")
            self.world.paused.discard(uuid)
            self.world.changed()

    def drives(self, uuid: str) -> dict[str, str]:
        self.world.called(self.name, "drives")
        return {target: f"/dev/{lv}" for target, lv in self._domains[uuid].items()}

    def attach(self, uuid: str, drive: Drive) -> None:
        with self.world.lock:
            self.world.called(self.name, "attach")
            self._domains[uuid].setdefault(drive.target, self._opened(drive))
            self.world.changed()

    def detach(self, uuid: str, drive: Drive) -> None:
        with self.world.lock:
            self.world.called(self.name, "detach")
            self._domains[uuid].pop(drive.target, None)
            self.world.changed()

    def resize(self, uuid: str, drive: Drive, virtual: int) -> None:
        with self.world.lock:
            self.world.called(self.name, "resize")
            lv = self._domains[uuid][drive.target]
            assert space(virtual, self.world.lvs[lv]["room"]) <= self.world.lvs[lv]["size"]
            self.world.lvs[lv]["virtual"] = virtual
            self.world.changed()

    def go_on_in(self, uuid: str, drive: Drive, path: str) -> None:
        with self.world.lock:
            self.world.called(self.name, "go_on_in")
            lv = path.removeprefix("/dev/")
            assert self.world.users(lv).get(self.name) == Use.EXCLUSIVE, lv
            assert self.world.lvs[lv]["behind"] == self._domains[uuid][drive.target]
            self._domains[uuid][drive.target] = lv
            self.world.changed()

    def migrate(self, uuid: str, host: str, address: str) -> None:
        with self.world.lock:
            self.world.called(self.name, "migrate")
            paths = self._domains[uuid]
            for lv in (one for top in paths.values() for one in self.world.chain(top)):
                users = self.world.users(lv)
                assert {self.name, host} <= set(users), f"{lv} is not shared: {users}"
            self.world.domains.setdefault(host, {})[uuid] = self._domains.pop(uuid)
            self.world.changed()


class FakeFolders:
    def __init__(self, name: str, world: FakeWorld) -> None:
        self.name = name
        self.world = world

    def make(self, path: str) -> tuple[int, int]:
        self.world.called(self.name, "make folder")
        return 10 * GIB, 8 * GIB
