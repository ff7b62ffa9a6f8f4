"""The simulator beside the lab: what is broken on purpose turns red the same on both.

breaks.toml lists what the lab's real kernels have shown; here it is made on the simulated ones.
"""

from __future__ import annotations

import html
import json
import subprocess
import sys
from pathlib import Path

import pytest

from sbsim.backends.sim import CAPABILITIES
from sbsim.bundle import bundle_folder, default_deployment
from sbsim.faults.expected import Expected, enough, expected, together

LIMIT_SECONDS = 120
SIMULATED = [one for one in expected() if one.needs <= CAPABILITIES | {"paths", "iscsi", "fc"}]
ENOUGH = [one for one in SIMULATED if one.name in enough(SIMULATED)]
DESCRIPTIONS = {
    frozenset(): default_deployment(),
    frozenset({"paths"}): default_deployment().with_name("multipath.toml"),
    frozenset({"fc"}): default_deployment().with_name("fc.toml"),
    frozenset({"fc", "paths"}): default_deployment().with_name("fc-multipath.toml"),
}


def judged(
    names: str, description: Path, out: Path, state: str = "provisioned", applied: str = ""
) -> dict[str, list[str]]:
    """The ids that fail and those that are blocked, on a deployment broken in these ways."""
    script = bundle_folder() / "suites" / "broken.py"
    done = subprocess.run(
        [sys.executable, str(script), str(description), str(out), "--breaks", names,
         "--state", state, "--applied", applied],
        capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False,
    )  # fmt: skip
    assert (out / "result.json").exists(), done.stderr
    told = json.loads((out / "result.json").read_text())
    return {
        status: sorted(id for id in told["scope"] if told["requirements"][id]["status"] == status)
        for status in ("fail", "blocked", "inconclusive", "untested")
    }


@pytest.mark.parametrize("state", ["provisioned", "connected"])
@pytest.mark.parametrize("description", DESCRIPTIONS.values(), ids=lambda one: one.stem)
def test_nothing_is_red_where_nothing_is_broken(
    description: Path, state: str, tmp_path: Path
) -> None:
    assert judged("", description, tmp_path / "out", state) == {
        "fail": [], "blocked": [], "inconclusive": [], "untested": [],
    }  # fmt: skip


def test_report_says_what_is_wrong_where_and_how_to_mend_it(tmp_path: Path) -> None:
    out = tmp_path / "out"
    judged("lun-masked", default_deployment(), out)
    told = json.loads((out / "result.json").read_text())["findings"]
    (masked,) = [one for one in told if one["id"] == "lun-masked"]
    assert masked["severity"] == "error"
    assert masked["where"].startswith("openfiler: LUN 1 for sharedblock-host3 in portal group 1")
    page = (out / "report.html").read_text()
    for words in ("LUN masked from one host", masked["where"], masked["text"], masked["mend"]):
        assert html.escape(words) in page


@pytest.mark.parametrize(
    "row",
    [
        *(pytest.param(one, id=one.name) for one in together(ENOUGH)),
        *(pytest.param(one, id=one.name, marks=pytest.mark.long) for one in SIMULATED),
    ],
)
def test_break_turns_red_what_it_turns_red_on_real_kernels(row: Expected, tmp_path: Path) -> None:
    description = DESCRIPTIONS[row.needs & {"fc", "paths"}]
    applied = "+".join(row.applied)
    assert judged(row.name, description, tmp_path / "out", row.on, applied) == {
        "fail": sorted(row.red), "blocked": sorted(row.blocked), "inconclusive": [], "untested": [],
    }  # fmt: skip
