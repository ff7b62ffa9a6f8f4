"""What the tests that break a deployment share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sbsim.acceptance import Run
from sbsim.acceptance.run import PROVISIONED
from sbsim.lab.lab import ignore


@pytest.fixture(scope="session")
def saved(sbsim_run: Run) -> Run:
    """The lab as it was provisioned, kept to come back to."""
    sbsim_run.backend.save(PROVISIONED, sbsim_run.progress)
    return sbsim_run


@pytest.fixture
def provisioned(saved: Run) -> Iterator[Run]:
    """The lab as it was provisioned. Whatever the test does to it, it is brought back after."""
    yield saved
    saved.backend.restore(PROVISIONED, ignore)
