"""Several workers of pytest-xdist: they can share one set of machines only by one of them."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from sbsim.errors import UsageError


def groups_are_kept() -> bool:
    """Whether xdist can keep a group on one worker: 3.8.0 renames tests as pytest 9.2 ignores."""
    old = [int(part) for part in version("pytest-xdist").split(".")[:3]] <= [3, 8, 0]
    return hasattr(pytest.Item, "_nodeid") or not old


def check_workers(config: pytest.Config) -> None:
    """Raise UsageError if several workers would each bring the same machines up."""
    if not getattr(config.option, "numprocesses", None) or hasattr(config, "workerinput"):
        return
    if config.option.dist != "loadgroup":
        raise UsageError("tests that need machines share them: give --dist loadgroup with -n")
    if not groups_are_kept():
        raise UsageError(
            f"this pytest-xdist cannot keep tests together under pytest {pytest.__version__}, and "
            "machines cannot be shared by workers; leave -n out, or install 'pytest<9.2'"
        )
