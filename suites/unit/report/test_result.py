"""The whole: scope, verdict, findings, and the shape of result.json."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sbsim.errors import UsageError
from sbsim.report import result as results
from sbsim.report.recorded import read
from sbsim.report.records import Command, End, Finding, Phase
from sbsim.report.requirements import Catalogue
from sbsim.report.result import compute

from .small_run import (
    CATALOGUE,
    GOOD,
    IN_SCOPE,
    RUN,
    check,
    see,
    told,
    with_checks,
    with_seen,
)

# The whole ---


def test_out_of_scope_is_listed_with_the_reason_and_changes_nothing() -> None:
    result = compute(CATALOGUE, with_seen(GOOD, see("R1.4", "host1", ok=False)))
    assert told(result, "R1.4") == ("untested", "out of scope: the lab backend lacks pool")
    assert result.scope == IN_SCOPE
    assert result.verdict == "pass"


def test_single_path_is_told_as_such() -> None:
    wanted = CATALOGUE.requirement("R1.1").model_copy(update={"needs": ("machines", "paths")})
    reason = results.out_of_scope(wanted, GOOD)
    assert reason.en.startswith("out of scope: single path")
    lacking_more = wanted.model_copy(update={"needs": ("paths", "pool")})
    assert "lacks paths, pool" in results.out_of_scope(lacking_more, GOOD).en


@pytest.mark.parametrize("ids", [(), ("R1.4",), ("R7.7",)])
def test_any_failed_test_fails_the_run(ids: tuple[str, ...]) -> None:
    result = compute(CATALOGUE, with_checks(GOOD, check(*ids, outcome="failed", test="other")))
    assert (result.verdict, result.tests.failed) == ("fail", 1)


def test_empty_scope_is_no_pass() -> None:
    nothing = replace(GOOD, run=RUN.model_copy(update={"capabilities": ()}), observations=())
    result = compute(CATALOGUE, nothing)
    assert (result.scope, result.verdict) == ((), "inconclusive")


@pytest.mark.parametrize("end", [None, End(seconds=3, interrupted=True)])
def test_cut_short_run_never_passes(end: End | None) -> None:
    result = compute(CATALOGUE, replace(GOOD, end=end))
    assert result.verdict == "inconclusive"
    assert [one.id for one in result.findings] == ["run-cut-short"]
    failed = replace(with_seen(GOOD, see("R1.1", "host1", ok=False)), end=end)
    assert compute(CATALOGUE, failed).verdict == "fail"


def test_killed_run_lasted_until_its_last_command() -> None:
    ends = ((101.0, 2.0), (102.0, 0.5))
    commands = tuple(
        Command(at=at, test=None, phase=None, machine="m", argv=(), status=0, seconds=seconds)
        for at, seconds in ends
    )
    assert compute(CATALOGUE, replace(GOOD, end=None, commands=commands)).seconds == 3.0
    assert compute(CATALOGUE, replace(GOOD, end=None)).seconds == 0.0


def test_unknown_id_is_a_finding() -> None:
    strange = with_checks(GOOD, check("R7.7"))
    strange = with_seen(strange, see("R8.8", "host1"))
    found = compute(CATALOGUE, strange).findings
    assert [(one.id, one.where) for one in found] == [
        ("unknown-requirement", "R7.7"),
        ("unknown-requirement", "R8.8"),
    ]


def test_findings_come_once_and_worst_first() -> None:
    findings = [
        Finding(id="b", severity="info", text="x"),
        Finding(id="a", severity="warning", text="x", where="host2"),
        Finding(id="a", severity="warning", text="x", where="host1"),
        Finding(id="z", severity="error", text="x"),
        Finding(id="b", severity="info", text="x"),
    ]
    result = compute(CATALOGUE, replace(GOOD, findings=tuple(findings)))
    order = [(one.id, one.where) for one in result.findings]
    assert order == [("z", None), ("a", "host1"), ("a", "host2"), ("b", None)]


def test_phases_of_one_name_are_added_up() -> None:
    phases = (
        Phase(name="up", seconds=1.5),
        Phase(name="x", seconds=1),
        Phase(name="up", seconds=2),
    )
    assert compute(CATALOGUE, replace(GOOD, phases=phases)).phases == {"up": 3.5, "x": 1.0}


def test_json_has_exactly_the_shape_of_the_contract() -> None:
    finding = Finding(id="single-link", severity="warning", text="one", where="san-a")
    recorded = replace(GOOD, findings=(finding,), phases=(Phase(name="up", seconds=2),))
    written = json.loads(compute(CATALOGUE, recorded).to_json())
    assert list(written) == [
        *("schema", "verdict", "backend", "profile", "seed", "deployment", "emulated"),
        *("simulated", "scope", "requirements", "findings", "tests", "phases", "seconds"),
    ]
    assert written["schema"] == 1
    assert written["deployment"] == "two"
    assert written["requirements"]["R1.1"] == {
        "status": "pass",
        "checks": ["t[R1.1]"],
        "reason": None,
        "on": None,
    }
    assert written["findings"] == [finding.model_dump()]
    assert written["tests"] == {"passed": 4, "failed": 0, "skipped": 0, "blocked": 0}
    assert (written["phases"], written["seconds"]) == ({"up": 2.0}, 9.5)


def test_result_is_loaded_as_it_was_written(tmp_path: Path) -> None:
    result = compute(CATALOGUE, GOOD)
    (tmp_path / "result.json").write_text(result.to_json())
    assert results.load(tmp_path) == result


@pytest.mark.parametrize("text", ["", "[", "[]", '{"schema": 99}', "\ud800"])
def test_broken_result_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "result.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(UsageError, match=r"result\.json: expected"):
        results.load(tmp_path)


def test_missing_result_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        results.load(tmp_path)


# The guide's catalogue on a made-up run ---


def test_sample_run_passes(tmp_path: Path, sample: Any, catalogue: Catalogue) -> None:
    sample(commands=1).write(tmp_path)
    result = compute(catalogue, read(tmp_path))
    assert (result.verdict, len(result.scope)) == ("pass", 18)
    assert [one.id for one in result.findings] == ["single-link", *["lab-scale"] * 3]


def test_one_host_logged_out_turns_one_id_red(
    tmp_path: Path, sample: Any, catalogue: Catalogue
) -> None:
    host = "sharedblock-host2"
    facts = ("sessions", "lun_list", "transport", "scsi_id", "found_online")
    sample(commands=1, wrong={(fact, host) for fact in facts}).write(tmp_path)
    result = compute(catalogue, read(tmp_path))
    assert result.with_status("fail") == ("R3.8",)
    assert result.with_status("blocked") == ("R3.9", "R3.10", "R3.11", "R3.12")
    assert result.requirements["R3.12"].reason == f"cannot be judged on {host}: R3.8 failed there"
