"""Make one operation on a lab that is up, and die of SIGKILL after so many commands on its hosts.

Usage: python killed.py LAB DESCRIPTION OPTIONS STORAGE OPERATION COMMANDS

OPTIONS is a JSON object with the run's profile and io_timeout, each of which may be null.
Exit status 0 where the operation ended before that.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sbsim.acceptance.options import Options
from sbsim.backends import LabBackend
from sbsim.initiator.chap import chap_of
from sbsim.machines.recorded import CommandRecord, RecordedMachine
from sbsim.management import (
    instances,
    migration,
    operating,
    snapshots,
    volume_attachment,
    volumes,
)
from sbsim.management.deployed import Deployed
from sbsim.management.management import Management
from sbsim.management.opening import open_management
from sbsim.management.volumes import NewDataVolume
from sbsim.sharedblock.sizes import MIB

Action = Callable[[Management, str], object]


@dataclass(frozen=True)
class Interrupted:
    """An operation, and what undoes it; `at_rest`: vm-1 is stopped before it."""

    action: Action
    undo: Action
    at_rest: bool = False


def _nothing(_management: Management, _storage: str) -> None:
    """What leaves no trace, or one that the next beginning takes away."""


# On vm-1, which runs, and the volume "data", which is its own or nobody's.
OPERATIONS = {
    "start": Interrupted(lambda one, _: instances.start(one, "vm-1"), _nothing, at_rest=True),
    "stop": Interrupted(lambda one, _: instances.stop(one, "vm-1"), _nothing),
    "migrate": Interrupted(lambda one, _: migration.migrate(one, "vm-1"), _nothing),
    "create-volume": Interrupted(
        lambda one, storage: volumes.create(one, NewDataVolume("more", 64 * MIB, storage)),
        lambda one, _: volumes.delete(one, "more"),
    ),
    "attach-volume": Interrupted(
        lambda one, _: volume_attachment.attach(one, "data", "vm-1"),
        lambda one, _: volume_attachment.detach(one, "data"),
    ),
    "take-snapshot": Interrupted(
        lambda one, _: snapshots.take(one, "data", "s-1"),
        lambda one, _: snapshots.delete(one, "s-1"),
    ),
    "resize": Interrupted(lambda one, _: volumes.resize(one, "data", 96 * MIB), _nothing),
    "maintain": Interrupted(
        lambda one, storage: operating.maintain(one, storage),
        lambda one, storage: operating.enable(one, storage),
    ),
}


def main(lab: str, options: Options, storage: str, what: str, commands: int) -> None:
    """Make the operation; die after `commands` commands."""
    deployment = options.load()
    backend = LabBackend(deployment, name=lab)
    backend.up(print)
    done = itertools.count(1)

    def count(_command: CommandRecord) -> None:
        if next(done) == commands:
            os.kill(os.getpid(), signal.SIGKILL)

    machines = {name: RecordedMachine(one, count) for name, one in backend.machines.items()}
    chap = chap_of(deployment, True, options.deployment.parent)
    deployed = Deployed(deployment, machines, chap, backend.clock, backend.hypervisor)
    try:
        OPERATIONS[what].action(open_management(deployed, backend.store, print), storage)
    finally:
        backend.down()  # of a lab that it did not boot, it only lets go


if __name__ == "__main__":
    folder, path, more, storage, name, number = sys.argv[1:]
    asked = Options(Path(path), "lab", Path(os.devnull), **json.loads(more))
    main(folder, asked, storage, name, int(number))
