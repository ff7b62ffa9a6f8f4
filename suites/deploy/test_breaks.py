"""Each break turns red exactly the requirements that breaks.toml lists for it.

Slow: each one brings the lab to a kept state, breaks it and judges it anew. `./run breaks` makes
them one by one. `./run test` makes as many as it takes to see every requirement red once that can
be judged without a change, and several at once where none of them has a hand in what another one
turns red: the red ones must then be exactly those of all.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from sbsim.acceptance import Run
from sbsim.bundle import bundle_folder
from sbsim.faults import breaks
from sbsim.faults.scene import Scene

LIMIT_SECONDS = 600
# What is judged on a broken state: all that can be, without changing it.
JUDGED = {"provisioned": ("2", "3.1", "3.2", "3.3", "3.4"), "connected": ("1", "3.5", "4")}


@dataclass(frozen=True)
class Expected:
    """A break's row in breaks.toml."""

    name: str
    red: tuple[str, ...]
    blocked: tuple[str, ...]
    needs: frozenset[str]
    on: str
    applied: tuple[str, ...]


def expected() -> list[Expected]:
    text = (bundle_folder() / "fixtures" / "breaks.toml").read_text()
    return [
        Expected(
            one["name"],
            tuple(one["red"]),
            tuple(one.get("blocked", ())),
            frozenset(one.get("needs", ())),
            one.get("on", "provisioned"),
            tuple(one.get("applied", ())),
        )
        for one in tomllib.loads(text)["breaks"]
    ]


def enough(rows: Iterable[Expected]) -> set[str]:
    """Names of breaks that together turn every id red that can be judged without a change."""
    left = {one for one in rows if not one.applied}
    red: set[str] = set()
    chosen: set[str] = set()
    while left:
        best = max(left, key=lambda one: (len(set(one.red) - red), one.name))
        if not set(best.red) - red:
            break
        red |= set(best.red)
        chosen.add(best.name)
        left.remove(best)
    return chosen


def together(rows: Iterable[Expected]) -> list[Expected]:
    """Breaks that can be made at once, as one row each; a red id tells which one it was."""
    groups: list[Expected] = []
    for row in sorted(rows, key=lambda one: one.name):
        for place, group in enumerate(groups):
            if _apart(row, group):
                groups[place] = Expected(
                    f"{group.name}+{row.name}",
                    group.red + row.red,
                    tuple(dict.fromkeys(group.blocked + row.blocked)),
                    group.needs,
                    group.on,
                    (),
                )
                break
        else:
            groups.append(row)
    return groups


def _apart(one: Expected, other: Expected) -> bool:
    touched = {*one.red, *one.blocked} & {*other.red} or {*other.red, *other.blocked} & {*one.red}
    return not touched and (one.on, one.needs) == (other.on, other.needs)


ROWS = expected()
ENOUGH = [row for row in ROWS if row.name in enough(ROWS)]


@pytest.mark.breaks
@pytest.mark.destructive
@pytest.mark.slow
@pytest.mark.requires("disposable", "power_cycle")
@pytest.mark.parametrize(
    "expected",
    [
        *(pytest.param(one, id=one.name) for one in together(ENOUGH)),
        *(pytest.param(one, id=one.name, marks=pytest.mark.long) for one in ROWS),
    ],
)
def test_break_turns_red_exactly_what_is_listed(
    saved: Run, enter: Callable[[str], None], expected: Expected, tmp_path: Path
) -> None:
    if lacking := expected.needs - saved.backend.traits.capabilities:
        pytest.skip(f"the deployment lacks {', '.join(sorted(lacking))}")
    enter(expected.on)
    for name in expected.name.split("+"):
        breaks.find(name)(Scene(saved.deployed, saved.backend))
    judged = expected.applied or JUDGED[expected.on]
    done = subprocess.run(
        [sys.executable, "-m", "sbsim", "accept", *saved.options.described,
         *(() if expected.applied else ("--no-apply",)),
         "--lab", saved.lab_name, "--out", str(tmp_path / "out"),
         *(word for one in judged for word in ("--only", one))],
        capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False,
    )  # fmt: skip
    told = json.loads((tmp_path / "out" / "result.json").read_text())
    seen = {
        status: sorted(id for id in told["scope"] if told["requirements"][id]["status"] == status)
        for status in ("fail", "blocked", "inconclusive", "untested")
    }
    assert seen == {
        "fail": sorted(expected.red),
        "blocked": sorted(expected.blocked),
        "inconclusive": [],
        "untested": [],
    }, done.stdout
    assert done.returncode == 1
