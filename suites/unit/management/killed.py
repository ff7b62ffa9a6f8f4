"""Run an operation again and again, each time killed (SIGKILL) one moment later than before.

Usage: python killed.py FOLDER add|detach|reconnect|add-disk|refresh START

A moment is before and after every commit, and before and after every change on a host. Moment N
leaves its store and its SAN in FOLDER/N; the last folder is that of the run that was not killed.
START holds the store and the SAN that every run starts from.
"""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sbsim.machines import WallClock
from sbsim.management import attachment, growth, primary_storage, reconnection
from sbsim.management.store import Store, Transaction

MOST_MOMENTS = 120
ROOT = Path(__file__).parents[3]


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
    management = plane.plane(store, san, me="the killed one", start=2000)
    if what == "add":
        primary_storage.add_and_attach(management, plane.new(), ("cluster-1",))
    elif what == "detach":
        attachment.detach_from_cluster(management, "PS-1", "cluster-1")
    elif what == "reconnect":
        reconnection.reconnect(management, "PS-1")
    elif what == "add-disk":
        growth.add_disk(management, "PS-1", fake_san.SECOND_DISK)
    else:
        growth.refresh(management, "PS-1")


def main(folder: Path, what: str, start: Path) -> None:
    for moment in range(1, MOST_MOMENTS):
        here = folder / f"{moment:03}"
        shutil.copytree(start, here)
        child = os.fork()
        if child == 0:
            run(here, what, Moments(moment))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            sys.exit(os.WEXITSTATUS(status))
    sys.exit(f"not done after {MOST_MOMENTS} moments")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
