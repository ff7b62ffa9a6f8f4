"""Run an operation again and again, each time killed (SIGKILL) one moment later than before.

Usage: python killed.py FOLDER OPERATION START MANY SEED

A moment is before and after every commit, and before and after every change on a host. Moment N
leaves its store, its SAN and its volumes in FOLDER/N; the last folder is that of the run that was
not killed. START holds what every run starts from. MANY moments are drawn by SEED; 0 is all.
"""

from __future__ import annotations

import importlib
import os
import random
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sbsim.machines import WallClock
from sbsim.management import (
    attachment,
    growth,
    instances,
    migration,
    operating,
    primary_storage,
    reconnection,
    snapshots,
    volume_attachment,
    volumes,
)
from sbsim.management.instances import NewInstance
from sbsim.management.management import Management
from sbsim.management.store import Store, Transaction
from sbsim.management.volumes import NewDataVolume

ROOT = Path(__file__).parents[3]
MIB = 2**20
SECOND_DISK = "3600140500000002"
DISK = primary_storage.NewStorage("PS-1", "zone-1", ("3600140500000001",))

OPERATIONS: dict[str, Callable[[Management], object]] = {
    "add": lambda one: primary_storage.add_and_attach(one, DISK, ("cluster-1",)),
    "detach": lambda one: attachment.detach_from_cluster(one, "PS-1", "cluster-1"),
    "reconnect": lambda one: reconnection.reconnect(one, "PS-1"),
    "add-disk": lambda one: growth.add_disk(one, "PS-1", SECOND_DISK),
    "refresh": lambda one: growth.refresh(one, "PS-1"),
    "create-vm": lambda one: instances.create(one, NewInstance("vm-2", "guest", "small")),
    "start": lambda one: instances.start(one, "vm-1"),
    "stop": lambda one: instances.stop(one, "vm-1"),
    "reboot": lambda one: instances.reboot(one, "vm-1"),
    "migrate": lambda one: migration.migrate(one, "vm-1"),
    "destroy": lambda one: instances.destroy(one, "vm-1"),
    "create-volume": lambda one: volumes.create(one, NewDataVolume("disk-2", 64 * MIB, "PS-1")),
    "delete-volume": lambda one: volumes.delete(one, "disk-1"),
    "attach-volume": lambda one: volume_attachment.attach(one, "disk-1", "vm-1"),
    "detach-volume": lambda one: volume_attachment.detach(one, "disk-1"),
    "resize": lambda one: volumes.resize(one, "vm-1-root", 80 * MIB),
    "extend": lambda one: volumes.extend(one, "disk-3"),
    "take-snapshot": lambda one: snapshots.take(one, "vm-1-root", "s-2"),
    "revert": lambda one: snapshots.revert(one, "s-1"),
    "delete-snapshot": lambda one: snapshots.delete(one, "s-1"),
    "maintain": lambda one: operating.maintain(one, "PS-1"),
}


class Moments:
    """Counts moments; the wanted one is the last."""

    def __init__(self, last: int) -> None:
        self.left = last

    def pass_one(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class MortalStore(Store):
    """A store whose every transaction is two moments."""

    moments = Moments(0)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        with super().transaction() as rows:
            yield rows
            self.moments.pass_one()
        self.moments.pass_one()


def run(folder: Path, what: str, moments: Moments) -> None:
    plane = importlib.import_module("suites.unit.management.plane")
    fake_san = importlib.import_module("suites.unit.management.fake_san")
    san = fake_san.FakeSan(plane.HOSTS, folder / "san.json")
    san.before = moments.pass_one
    store = MortalStore(folder / "store.db", WallClock())
    store.moments = moments
    fake_volumes = importlib.import_module("suites.unit.management.fake_volumes")
    world = fake_volumes.FakeWorld(folder / "world.json")
    world.before = moments.pass_one
    management = plane.plane(store, san, me="the killed one", start=2000, world=world)
    OPERATIONS[what](management)


def main(folder: Path, what: str, start: Path, many: int, seed: int) -> None:
    """Kill at `many` of the moments, drawn by `seed`; at every one if `many` is 0."""
    whole = in_child(folder, start, what, 0)
    moments = range(1, whole)
    for moment in random.Random(seed).sample(moments, many) if many else moments:
        in_child(folder, start, what, moment)


def in_child(folder: Path, start: Path, what: str, moment: int) -> int:
    """Run it in a copy, to that moment or, if that is 0, to its end; one more than it has."""
    here = folder / f"{moment:03}"
    shutil.copytree(start, here)
    child = os.fork()
    if child == 0:
        moments = Moments(moment)
        run(here, what, moments)
        (here / "moments").write_text(str(-moments.left))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if not moment and status:
        sys.exit(os.WEXITSTATUS(status) or 1)
    if moment:
        assert os.WIFSIGNALED(status), f"moment {moment} was not reached"
        return moment
    whole = int((here / "moments").read_text()) + 1
    here.rename(folder / f"{whole:03}")
    return whole


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
