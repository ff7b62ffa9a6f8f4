"""Deliberate faults of the simulated world are each caught by the tests that hold it to the real.

Slow: every fault needs a run of its tests in a copy of the project.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from sbsim.bundle import bundle_folder

pytestmark = [pytest.mark.long, pytest.mark.slow]

LIMIT_SECONDS = 600
COPIED = ("conftest.py", "pyproject.toml", "sbsim", "suites", "fixtures")


@dataclass(frozen=True)
class Mutation:
    """A row of mutations.toml."""

    what: str
    file: str
    old: str
    new: str
    caught_by: str


def mutations() -> list[Mutation]:
    text = (bundle_folder() / "fixtures" / "mutations.toml").read_text()
    return [Mutation(**one) for one in tomllib.loads(text)["mutation"]]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project, to be spoilt."""
    to = tmp_path_factory.mktemp("copy")
    for name in COPIED:
        source = bundle_folder() / name
        if source.is_dir():
            shutil.copytree(source, to / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, to)
    return to


def outcome(copy: Path, words: Sequence[str]) -> int:
    """How pytest ends on the copy's own modules: 0 all passed, 1 some failed."""
    done = subprocess.run(
        [sys.executable, "-B", "-m", "pytest", "-q", "-x", "-m", "not long",
         "-p", "no:cacheprovider", *words],
        cwd=copy, env={**os.environ, "PYTHONPATH": str(copy)}, capture_output=True, text=True,
        timeout=LIMIT_SECONDS, check=False,
    )  # fmt: skip
    print(done.stdout[-2000:])
    return done.returncode


@pytest.mark.parametrize("mutation", [pytest.param(one, id=one.what) for one in mutations()])
def test_fault_of_the_model_is_caught(mutation: Mutation, copy: Path) -> None:
    path, words = copy / mutation.file, shlex.split(mutation.caught_by)
    sound = path.read_text()
    assert sound.count(mutation.old) == 1, f"{mutation.file} has changed: mend mutations.toml"
    assert outcome(copy, words) == 0
    path.write_text(sound.replace(mutation.old, mutation.new))
    try:
        assert outcome(copy, words) == 1
    finally:
        path.write_text(sound)
