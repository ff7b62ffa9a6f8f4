"""The result of a run: catalogue and evidence in, verdict out. Pure; `result.json` is its form."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sbsim.errors import UsageError
from sbsim.report import folder as out
from sbsim.report.judgement import Judgement, Status, judge, not_begun
from sbsim.report.reason import Kind, Reason, english
from sbsim.report.recorded import Recorded
from sbsim.report.records import Check, Finding, Outcome
from sbsim.report.requirements import Catalogue, Requirement

Verdict = Literal["pass", "fail", "inconclusive"]

_EXIT_STATUS: dict[Verdict, int] = {"pass": 0, "fail": 1, "inconclusive": 3}
_RANK: dict[Outcome, int] = {"passed": 0, "skipped": 1, "blocked": 2, "failed": 3, "error": 3}
_SEVERITY = {"error": 0, "warning": 1, "info": 2}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RequirementResult(_Part):
    """A requirement's status, the tests that looked at it, and the reason where it is no pass.

    `on` names the variant of the deployment on which it was judged, if it was one.
    """

    status: Status
    checks: tuple[str, ...] = ()
    reason: str | None = None
    on: str | None = None


class Tests(_Part):
    """How many tests ended how; an error counts as failed."""

    __test__ = False  # pytest takes the name for a test class

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    blocked: int = 0


class FindingResult(_Part):
    """A finding as result.json has it; `mend` says what to do about it, where that is known."""

    id: str
    severity: Literal["error", "warning", "info"]
    text: str
    where: str | None = None
    mend: str | None = None


class Result(_Part):
    """What result.json says. `deployment` is the description's name; times are seconds."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    verdict: Verdict
    backend: str
    profile: str
    seed: int | None
    deployment: str
    emulated: bool
    simulated: bool
    scope: tuple[str, ...]
    requirements: dict[str, RequirementResult]
    findings: tuple[FindingResult, ...]
    tests: Tests
    phases: dict[str, float]
    seconds: float

    @property
    def exit_status(self) -> int:
        """What the command line ends with: 0 pass, 1 fail, 3 inconclusive."""
        return _EXIT_STATUS[self.verdict]

    def to_json(self) -> str:
        """The text of result.json."""
        return json.dumps(self.model_dump(mode="json", by_alias=True), indent=2) + "\n"

    def with_status(self, *statuses: Status) -> tuple[str, ...]:
        """The ids in scope with one of these statuses, in the catalogue's order."""
        return tuple(one for one in self.scope if self.requirements[one].status in statuses)


def judgements(catalogue: Catalogue, recorded: Recorded) -> dict[str, Judgement]:
    """Every requirement in scope judged, by id: by this run, or by the one on a variant."""
    judged = _judged_here(catalogue, recorded)
    for name, ids in recorded.run.variants.items():
        variant = recorded.variants.get(name)
        there = judgements(catalogue, variant) if variant else {}
        for id in ids:
            judged[id] = there.get(id) or not_begun(catalogue.requirement(id), name)
    return judged


def _judged_here(catalogue: Catalogue, recorded: Recorded) -> dict[str, Judgement]:
    run = recorded.run
    in_scope = {one.id for one in catalogue.in_scope(run.capabilities, run.only)}
    judged: dict[str, Judgement] = {}
    for requirement in catalogue.in_order():
        if requirement.id in in_scope:
            judged[requirement.id] = judge(requirement, recorded, judged)
    return judged


def compute(catalogue: Catalogue, recorded: Recorded) -> Result:
    """The result of what was recorded. The order of the evidence's lines does not matter."""
    judged = judgements(catalogue, recorded)
    run = recorded.run
    requirements = {
        one.id: _in_scope(judged[one.id], recorded.variant_of(one.id))
        if one.id in judged
        else _out_of_scope(one, recorded)
        for one in catalogue.requirements
    }
    tests = _count(recorded)
    return Result(
        verdict=_verdict(judged.values(), tests, recorded),
        backend=run.backend,
        profile=run.profile,
        seed=run.seed,
        deployment=str(run.deployment.get("name", "")),
        emulated=run.emulated,
        simulated=run.simulated,
        scope=tuple(one for one in requirements if one in judged),
        requirements=requirements,
        findings=_findings(catalogue, recorded),
        tests=tests,
        phases=_phases(recorded),
        seconds=math.fsum(_seconds(one) for one in recorded.runs),
    )


def load(folder: Path) -> Result:
    """Read a folder's result.json; UsageError when it is missing or not one."""
    path = folder / out.RESULT
    try:
        return Result.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{path}: expected a result of sbsim, {place}: {first['msg']}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: expected JSON: {error}") from None


def was_cut_short(recorded: Recorded) -> bool:
    """Whether the run was killed or interrupted: what did not run is then no one's fault."""
    return any(one.end is None or one.end.interrupted for one in recorded.runs)


# Capabilities that no backend lacks: the description or the run has them or not.
_OF_THE_RUN: dict[str, Kind] = {
    "paths": "single-path",
    "apply": "only-looks",
    "iscsi": "over-fc",
    "fc": "over-iscsi",
}


def out_of_scope(requirement: Requirement, recorded: Recorded) -> Reason:
    """Why a requirement lies outside a run's scope."""
    lacking = sorted(set(requirement.needs) - set(recorded.run.capabilities))
    if not lacking:
        return Reason("not-asked-for", requirement.chapter)
    if len(lacking) == 1 and (kind := _OF_THE_RUN.get(lacking[0])):
        return Reason(kind)
    return Reason("out-of-scope", ", ".join(lacking), recorded.run.backend)


def _verdict(judged: Iterable[Judgement], tests: Tests, recorded: Recorded) -> Verdict:
    statuses = {one.status for one in judged}
    if tests.failed or "fail" in statuses:
        return "fail"
    # An empty scope has shown nothing, so it is no pass either.
    if was_cut_short(recorded) or statuses != {"pass"}:
        return "inconclusive"
    return "pass"


def _in_scope(judgement: Judgement, variant: str | None) -> RequirementResult:
    return RequirementResult(
        on=variant,
        status=judgement.status,
        checks=judgement.checks,
        reason=english(judgement.reasons) or None,
    )


def _out_of_scope(requirement: Requirement, recorded: Recorded) -> RequirementResult:
    checks = {one.test for one in recorded.checks if requirement.id in one.requirements}
    return RequirementResult(
        status="untested",
        checks=tuple(sorted(checks)),
        reason=out_of_scope(requirement, recorded).en,
    )


def _count(recorded: Recorded) -> Tests:
    ranks = [rank for one in recorded.runs for rank in _worst_ranks(one.checks)]
    return Tests(
        passed=ranks.count(0), skipped=ranks.count(1), blocked=ranks.count(2), failed=ranks.count(3)
    )


def _worst_ranks(checks: Iterable[Check]) -> Iterable[int]:
    worst: dict[str, int] = {}
    for check in checks:
        worst[check.test] = max(worst.get(check.test, 0), _RANK[check.outcome])
    return worst.values()


def _phases(recorded: Recorded) -> dict[str, float]:
    """The run's phases by name; a variant's run is one phase."""
    parts: dict[str, list[float]] = {}
    for phase in recorded.phases:
        parts.setdefault(phase.name, []).append(phase.seconds)
    for name, variant in recorded.variants.items():
        parts[f"variant {name}"] = [_seconds(variant)]
    # fsum: the sum must not depend on the order of the lines.
    return {name: round(math.fsum(seconds), 3) for name, seconds in parts.items()}


def _seconds(recorded: Recorded) -> float:
    """How long a run took; a killed one is known to have run until its last command ended."""
    if recorded.end:
        return recorded.end.seconds
    ends = [one.at + one.seconds for one in recorded.commands]
    return round(max([*ends, recorded.run.started]) - recorded.run.started, 3)


def _findings(catalogue: Catalogue, recorded: Recorded) -> tuple[FindingResult, ...]:
    found = set(_all_findings(catalogue, recorded))
    ordered = sorted(
        found, key=lambda one: (_SEVERITY[one.severity], one.id, one.where or "", one.text)
    )
    return tuple(FindingResult(**one.model_dump()) for one in ordered)


def _all_findings(catalogue: Catalogue, recorded: Recorded) -> Iterable[Finding]:
    yield from recorded.findings
    yield from _own_findings(catalogue, recorded)
    for name, variant in recorded.variants.items():
        for one in _all_findings(catalogue, variant):
            if one.severity != "info":  # what is only told is told by the variant's own report
                where = f"{name}: {one.where}" if one.where else name
                yield one.model_copy(update={"where": where})


def _own_findings(catalogue: Catalogue, recorded: Recorded) -> Iterable[Finding]:
    """What only the evidence as a whole shows."""
    if recorded.end is None:
        text = "The run was killed before it ended; what is missing below did not run."
        yield Finding(id="run-cut-short", severity="error", text=text)
    elif recorded.end.interrupted:
        text = "The run was interrupted by the user; what is missing below did not run."
        yield Finding(id="run-cut-short", severity="warning", text=text)
    named = {one.requirement for one in recorded.observations}
    named |= {id for one in recorded.checks for id in one.requirements}
    for id in sorted(named):
        if id not in catalogue:
            text = f"A test claims {id}, which the catalogue does not know; correct the test."
            yield Finding(id="unknown-requirement", severity="error", text=text, where=id)
