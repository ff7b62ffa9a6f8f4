"""Each break turns red exactly the requirements that breaks.toml lists for it.

Slow: each one breaks the lab, judges it anew with ``accept --no-apply``, and restores it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from sbsim.acceptance import Run
from sbsim.bundle import bundle_folder
from sbsim.faults import breaks
from sbsim.faults.scene import Scene

LIMIT_SECONDS = 600
# The breaks are made before there is a primary storage, and are about what comes before one.
CHAPTERS = ("2", "3.1", "3.2", "3.3", "3.4")


@dataclass(frozen=True)
class Expected:
    """A break's row in breaks.toml."""

    name: str
    red: tuple[str, ...]
    blocked: tuple[str, ...]
    needs: frozenset[str]


def expected() -> list[Expected]:
    text = (bundle_folder() / "fixtures" / "breaks.toml").read_text()
    return [
        Expected(
            one["name"],
            tuple(one["red"]),
            tuple(one.get("blocked", ())),
            frozenset(one.get("needs", ())),
        )
        for one in tomllib.loads(text)["breaks"]
    ]


@pytest.mark.breaks
@pytest.mark.destructive
@pytest.mark.slow
@pytest.mark.requires("disposable", "power_cycle")
@pytest.mark.parametrize("expected", expected(), ids=lambda one: one.name)
def test_break_turns_red_exactly_what_is_listed(
    provisioned: Run, machines: object, expected: Expected, tmp_path: Path
) -> None:
    if lacking := expected.needs - provisioned.backend.traits.capabilities:
        pytest.skip(f"the deployment lacks {', '.join(sorted(lacking))}")
    breaks.find(expected.name)(Scene(provisioned.deployed, provisioned.backend))
    done = subprocess.run(
        [sys.executable, "-m", "sbsim", "accept", str(provisioned.options.deployment),
         "--no-apply", "--lab", provisioned.lab_name, "--out", str(tmp_path / "out"),
         *(word for chapter in CHAPTERS for word in ("--chapter", chapter))],
        capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False,
    )  # fmt: skip
    judged = json.loads((tmp_path / "out" / "result.json").read_text())
    seen = {
        status: sorted(
            (id for id in judged["scope"] if judged["requirements"][id]["status"] == status),
        )
        for status in ("fail", "blocked", "inconclusive", "untested")
    }
    assert seen == {
        "fail": sorted(expected.red),
        "blocked": sorted(expected.blocked),
        "inconclusive": [],
        "untested": [],
    }, done.stdout
    assert done.returncode == 1
