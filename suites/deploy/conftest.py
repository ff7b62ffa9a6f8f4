"""What the tests that break a deployment share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from sbsim.acceptance import Run
from sbsim.acceptance.platform import connected_state, hosts_taken_over, make_platform
from sbsim.acceptance.run import PROVISIONED
from sbsim.lab.lab import ignore


@pytest.fixture(scope="session")
def saved(sbsim_run: Run, machines: object) -> Iterator[Run]:
    """The lab as it was provisioned, kept to come back to."""
    sbsim_run.backend.save(provisioned_state(sbsim_run), sbsim_run.progress)
    yield sbsim_run
    sbsim_run.backend.forget(provisioned_state(sbsim_run))


def provisioned_state(run: Run) -> str:
    """The state's name: other labs may have the same machines."""
    return f"{PROVISIONED}-{run.lab_name}"


@pytest.fixture(scope="module")
def enter(saved: Run) -> Iterator[Callable[[str], None]]:
    """``enter("provisioned" | "taken-over" | "connected")``: the lab in that state, untouched.

    Whatever a module's tests do to it, it is provisioned again after the last of them.
    """

    def enter(state: str) -> None:
        _STATES[state](saved)

    yield enter
    _provisioned(saved)


def _provisioned(run: Run) -> None:
    run.backend.restore(provisioned_state(run), ignore)


def _taken_over(run: Run) -> None:
    _provisioned(run)
    hosts_taken_over(run.deployed, run.backend, run.progress)


def _connected(run: Run) -> None:
    kept = connected_state(run.deployed)
    if run.backend.has(*kept):
        run.backend.restore(kept.name, ignore)
    else:
        _provisioned(run)
        make_platform(run.deployed, run.backend, run.progress, keep=True)


_STATES = {"provisioned": _provisioned, "taken-over": _taken_over, "connected": _connected}
