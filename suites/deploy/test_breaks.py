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
from collections.abc import Callable
from pathlib import Path

import pytest

from sbsim.acceptance import Run
from sbsim.bundle import bundle_folder
from sbsim.faults.expected import Expected, enough, expected, together

LIMIT_SECONDS = 600
ROWS = expected()
ENOUGH = [row for row in ROWS if row.name in enough(ROWS)]


@pytest.mark.breaks
@pytest.mark.destructive
@pytest.mark.slow
@pytest.mark.requires("disposable", "kept_states", "power_cycle")
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
    description, *changed = saved.options.described
    # Not the command line's accept: it would provision what was just broken.
    done = subprocess.run(
        [sys.executable, str(bundle_folder() / "suites" / "broken.py"), description,
         str(tmp_path / "out"), *changed, "--backend", "lab", "--lab", saved.lab_name,
         "--breaks", expected.name, "--state", expected.on,
         "--applied", "+".join(expected.applied)],
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
