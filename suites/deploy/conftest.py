"""What the tests that break a deployment share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sbsim.acceptance import Run
from sbsim.acceptance.run import PROVISIONED


@pytest.fixture(scope="session")
def provisioned(sbsim_run: Run) -> Iterator[Run]:
    """The lab as it was provisioned, to come back to."""
    sbsim_run.backend.save(PROVISIONED, sbsim_run.progress)
    yield sbsim_run
    sbsim_run.backend.restore(PROVISIONED, sbsim_run.progress)
