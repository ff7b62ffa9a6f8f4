"""One requirement judged: its status and the reasons for it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sbsim.report.reason import Reason, gather
from sbsim.report.recorded import Recorded
from sbsim.report.records import Check, Observation
from sbsim.report.requirements import Requirement
from sbsim.report.scope import places_of

Status = Literal["pass", "fail", "inconclusive", "blocked", "untested"]

EVERYWHERE = "*"
"""Stands for every machine, where a failure names none."""


@dataclass(frozen=True)
class Judgement:
    """A requirement's status, why, by which checks, and where it is unfit to build on.

    `down` maps each machine on which it failed, or could not be judged, to the id at the root.
    """

    requirement: Requirement
    status: Status
    reasons: tuple[Reason, ...]
    checks: tuple[str, ...]
    missing: tuple[tuple[str, str], ...]
    down: Mapping[str, str]


def judge(
    requirement: Requirement, recorded: Recorded, before: Mapping[str, Judgement]
) -> Judgement:
    """Judge one requirement in scope. `before` holds every judged id its `after` may name.

    Failures on a machine where such an id failed are not this one's: they block it. Facts that
    were seen to be right there stay right.
    """
    return _Bench(requirement, recorded, before).judgement()


def not_begun(requirement: Requirement, variant: str) -> Judgement:
    """The judgement of a requirement whose variant of the deployment was not run."""
    reason = Reason("variant-not-begun", where=variant)
    return Judgement(requirement, "untested", (reason,), checks=(), missing=(), down={})


class _Bench:
    """What is on the table while one requirement is judged."""

    def __init__(
        self, requirement: Requirement, recorded: Recorded, before: Mapping[str, Judgement]
    ) -> None:
        id = requirement.id
        self.requirement = requirement
        self.roots = _roots(requirement, before)
        self.checks = sorted(
            (one for one in recorded.checks if id in one.requirements),
            key=lambda one: (one.test, one.machine or "", one.outcome, one.reason or ""),
        )
        self.seen = [one for one in recorded.observations if one.requirement == id]
        self.wanted = {
            (probe.fact, place)
            for probe in requirement.probes
            for place in places_of(recorded.run.deployment, probe.on)
        }
        self.missing = self.wanted - {(one.probe, one.place) for one in self.seen}

    def judgement(self) -> Judgement:
        failed = self._failed()
        blocked = self._blocked()
        status, reasons = self._status(failed, blocked)
        tests = {one.test for one in self.checks} | {one.test for one in self.seen}
        return Judgement(
            requirement=self.requirement,
            status=status,
            reasons=reasons,
            checks=tuple(sorted(tests)),
            missing=tuple(sorted(self.missing)),
            down=self._down(),
        )

    def _status(
        self, failed: tuple[Reason, ...], blocked: tuple[Reason, ...]
    ) -> tuple[Status, tuple[Reason, ...]]:
        skipped = tuple(
            Reason("skipped-check", one.test, detail=_first_line(one))
            for one in self.checks
            if one.outcome == "skipped"
        )
        if failed:
            return "fail", failed
        if blocked:
            return "blocked", blocked
        if untold := gather(
            "untold-probe", ((one.probe, one.place) for one in self.seen if one.ok is None)
        ):
            return "inconclusive", untold
        if all(one.outcome == "skipped" for one in self.checks):
            return "untested", (Reason("no-check-ran"), *skipped)
        if self.missing:
            return "inconclusive", (*gather("missing-probe", self.missing), *skipped)
        if not self.wanted:
            return "inconclusive", (Reason("no-probe-defined"),)
        return "pass", ()

    def _root(self, place: str) -> str | None:
        """The failed id that makes this one unjudgeable on a machine."""
        return self.roots.get(place) or self.roots.get(EVERYWHERE)

    def _failed(self) -> tuple[Reason, ...]:
        probes = ((one.probe, one.place) for one in self._wrong() if not self._root(one.place))
        return (
            *gather("failed-probe", probes),
            *(
                Reason("failed-check", one.test, detail=_first_line(one))
                for one in self._failures()
                if not self._excused(one)
            ),
        )

    def _blocked(self) -> tuple[Reason, ...]:
        places = {one.place for one in self._wrong()} | {place for _, place in self.missing}
        for check in filter(self._excused, self._failures()):
            places |= self._places(check)
        by = [(root, place) for place in places if (root := self._root(place))]
        return (
            *gather("blocked-by", by),
            *(
                Reason("blocked-check", one.test, detail=_first_line(one))
                for one in self.checks
                if one.outcome == "blocked"
            ),
        )

    def _wrong(self) -> list[Observation]:
        return [one for one in self.seen if one.ok is False]

    def _failures(self) -> list[Check]:
        return [one for one in self.checks if one.outcome in ("failed", "error")]

    def _places(self, check: Check) -> set[str]:
        """Where a failed check failed: as it says, else as its probes say, else anywhere."""
        if check.machine:
            return {check.machine}
        told = {one.place for one in self._wrong() if one.test == check.test}
        return told or {place for _, place in self.wanted} or {EVERYWHERE}

    def _excused(self, check: Check) -> bool:
        """Whether a check failed only where something else had failed before."""
        return all(self._root(place) for place in self._places(check))

    def _down(self) -> dict[str, str]:
        places = {one.place for one in self._wrong()}
        for check in self._failures():
            places |= self._places(check)
        down = {place: self._root(place) or self.requirement.id for place in places}
        for _, place in self.missing:
            if root := self._root(place):
                down.setdefault(place, root)
        return down


def _roots(requirement: Requirement, before: Mapping[str, Judgement]) -> dict[str, str]:
    """Machine -> the failed id that a failure of this one is to be laid to."""
    roots: dict[str, str] = {}
    for id in requirement.after:
        if id in before:  # an id out of scope fails nothing, so it excuses nothing
            for place, root in before[id].down.items():
                roots.setdefault(place, root)
    return roots


def _first_line(check: Check) -> str:
    return next((line.strip() for line in (check.reason or "").splitlines() if line.strip()), "")
