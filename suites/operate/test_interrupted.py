"""`kill -9` in the middle of an operation on real hosts: it is done or undone, and nothing leaks.

`suites/unit/management` kills at every commit on fakes; here it is real hosts that are left alone.
"""

from __future__ import annotations

import contextlib
import json
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fixtures.instances import OPERATES
from sbsim.acceptance import Run
from sbsim.acceptance.effects import Effects
from sbsim.checks import disagreements
from sbsim.management import instances, volume_attachment, volumes
from sbsim.management.errors import Refused
from sbsim.management.instance_inventory import InstanceInventory
from sbsim.management.inventory import StorageInventory
from sbsim.management.management import Management
from sbsim.management.recovery import recover
from sbsim.management.volumes import NewDataVolume
from sbsim.sharedblock.sizes import MIB

from .killed import OPERATIONS

pytestmark = [*OPERATES, pytest.mark.breaks, pytest.mark.slow, pytest.mark.long]

LIMIT_SECONDS = 300
# The shortest operation has so many commands; the longest fewer than these.
MOMENTS, MOST_COMMANDS = 4, 100


@pytest.fixture
def data(operated: Management, storage: StorageInventory) -> Iterator[str]:
    """A volume that no instance has; gone afterwards, whoever has it then."""
    volumes.create(operated, NewDataVolume("data", 64 * MIB, storage.name))
    yield "data"
    with contextlib.suppress(Refused):
        volume_attachment.detach(operated, "data")
    volumes.delete(operated, "data")


def killed(run: Run, storage: StorageInventory, what: str, after: int) -> int:
    """The exit status of a process that makes an operation and dies after so many commands."""
    script = Path(__file__).with_name("killed.py")
    options = {"profile": run.options.profile, "io_timeout": run.options.io_timeout}
    ended = subprocess.run(
        [sys.executable, str(script), run.lab_name, str(run.options.deployment),
         json.dumps(options), storage.name, what, str(after)],
        capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False,
    )  # fmt: skip
    assert ended.returncode in (0, -signal.SIGKILL), ended.stdout + ended.stderr
    return ended.returncode


@pytest.fixture
def interrupted(
    sbsim_run: Run,
    data: str,
    enabled_after: None,
    operated: Management,
    storage: StorageInventory,
    make_instance: Callable[..., InstanceInventory],
    effects: Effects,
) -> Callable[[str, int], bool]:
    """``interrupted("stop", 3)``: die after 3 commands of it, recover, make it again, undo it.

    Whether it died: it may have ended before.
    """

    def interrupted(what: str, after: int) -> bool:
        one = OPERATIONS[what]
        make_instance("vm-1")
        if one.at_rest:
            instances.stop(operated, "vm-1")
        died = killed(sbsim_run, storage, what, after) == -signal.SIGKILL
        print(f"{what}: {'killed' if died else 'ended before'} after {after} commands")
        left = recover(operated)
        assert disagreements(operated, effects.seen([storage.uuid])) == [], left
        with contextlib.suppress(Refused):  # it was done
            one.action(operated, storage.name)
        assert disagreements(operated, effects.seen([storage.uuid])) == []
        one.undo(operated, storage.name)
        assert disagreements(operated, effects.seen([storage.uuid])) == []
        return died

    return interrupted


@pytest.mark.parametrize("what", OPERATIONS)
def test_every_operation_is_killed_and_made_again(
    interrupted: Callable[[str, int], bool],
    sbsim_run: Run,
    what: str,
    request: pytest.FixtureRequest,
) -> None:
    if request.config.getoption("--sbsim-all-steps"):
        assert interrupted(what, 1)
        assert any(not interrupted(what, after) for after in range(2, MOST_COMMANDS))
    else:
        draw = random.Random(f"{sbsim_run.options.seed} {what}")
        assert interrupted(what, draw.randint(1, MOMENTS))
