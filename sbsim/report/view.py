"""The requirement matrix as a report shows it: status, reasons, facts, checks and commands."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from sbsim.report import quantity
from sbsim.report.judgement import Judgement, Status
from sbsim.report.reason import english
from sbsim.report.recorded import Recorded
from sbsim.report.records import Command, Observation
from sbsim.report.requirements import Catalogue, Chapter, Requirement, Wording
from sbsim.report.result import RequirementResult, Result, judgements, out_of_scope

COMMANDS_SHOWN = 40
OUTPUT_BYTES = 1600
OUTPUT_LINES = 14


@dataclass(frozen=True)
class Output:
    """The beginning of an output; `size` (bytes) of the whole and `sha256` when it was cut."""

    text: str
    size: int = 0
    sha256: str = ""


@dataclass(frozen=True)
class CommandView:
    """One command as one would type it, with what it said."""

    machine: str
    line: str
    status: int | None
    seconds: float
    stdout: Output
    stderr: Output


@dataclass(frozen=True)
class CheckView:
    """A test that looked at a requirement.

    `outcome` is a key of `texts`. Its commands are shown once, `elsewhere` names where.
    """

    test: str
    outcome: str
    seconds: float
    reason: str
    commands: tuple[CommandView, ...] = ()
    count: int = 0
    elsewhere: str = ""


@dataclass(frozen=True)
class FactView:
    """One fact on all the machines that showed the same. `state` is a key of `texts`."""

    fact: str
    machines: tuple[str, ...]
    seen: str
    wanted: str
    state: str
    cut: bool = False


@dataclass(frozen=True)
class Row:
    """One requirement. `shown_status` is `out-of-scope` for ids outside the scope.

    `lacking` are the capabilities that it needs and the run did not have; `on` is the variant
    of the deployment on which it was judged, if it was one.
    """

    requirement: Requirement
    status: Status
    in_scope: bool
    lacking: tuple[str, ...]
    on: str | None
    reasons: tuple[Wording, ...]
    facts: tuple[FactView, ...]
    checks: tuple[CheckView, ...]

    @property
    def shown_status(self) -> str:
        """The status as shown."""
        return self.status if self.in_scope else "out-of-scope"

    @property
    def is_open(self) -> bool:
        """Whether the evidence is unfolded from the start: where something is wrong."""
        return self.status == "fail"


@dataclass(frozen=True)
class ChapterView:
    """The rows of one chapter."""

    chapter: Chapter
    rows: tuple[Row, ...]


@dataclass
class _Index:
    """The evidence by what it belongs to, and what has been shown already."""

    recorded: Recorded
    facts: dict[str, list[Observation]] = field(default_factory=lambda: defaultdict(list))
    commands: dict[str, list[Command]] = field(default_factory=lambda: defaultdict(list))
    shown: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for observation in self.recorded.observations:
            self.facts[observation.requirement].append(observation)
        for command in self.recorded.commands:
            if command.test is not None:
                self.commands[command.test].append(command)


def matrix(catalogue: Catalogue, result: Result, recorded: Recorded) -> tuple[ChapterView, ...]:
    """All requirements chapter by chapter, in the catalogue's order."""
    judged = judgements(catalogue, recorded)
    indices = {id(one): _Index(one) for one in recorded.runs}
    return tuple(
        ChapterView(
            chapter,
            tuple(
                _row(one, result, judged.get(one.id), indices[id(recorded.judging(one.id))])
                for one in catalogue.requirements
                if one.chapter == chapter.id
            ),
        )
        for chapter in catalogue.chapters
    )


def _row(
    requirement: Requirement, result: Result, judgement: Judgement | None, index: _Index
) -> Row:
    id = requirement.id
    told = result.requirements.get(id) or RequirementResult(status="untested")
    return Row(
        requirement=requirement,
        status=told.status,
        in_scope=id in result.scope,
        lacking=tuple(sorted(set(requirement.needs) - set(index.recorded.run.capabilities))),
        reasons=_reasons(requirement, told, judgement, index.recorded),
        facts=tuple(_facts(index.facts[id], judgement)),
        checks=tuple(_check(test, id, index) for test in told.checks),
        on=told.on,
    )


def _reasons(
    requirement: Requirement,
    told: RequirementResult,
    judgement: Judgement | None,
    recorded: Recorded,
) -> tuple[Wording, ...]:
    """The reasons in both languages; result.json's own words where they are not ours."""
    if told.reason is None:
        return ()
    ours = judgement.reasons if judgement else (out_of_scope(requirement, recorded),)
    if english(ours) == told.reason:
        return tuple(Wording(en=one.en, zh=one.zh) for one in ours)
    return (Wording(en=told.reason or "-", zh=told.reason or "-"),)


def _facts(seen: Iterable[Observation], judgement: Judgement | None) -> Iterable[FactView]:
    """What was seen, machines that agree on one line, and what is missing; trouble first."""
    groups: dict[tuple[str, str, str, str], set[str]] = defaultdict(set)
    for one in seen:
        key = (one.probe, _state(one), quantity.value(one.seen), quantity.value(one.wanted))
        groups[key].add(one.place)
    for fact, place in judgement.missing if judgement else ():
        groups[(fact, "not-recorded", "", "")].add(place)
    for fact, state, found, wanted in sorted(groups, key=lambda key: (_STATES.index(key[1]), key)):
        machines = groups[(fact, state, found, wanted)]
        limit = quantity.VALUE_LIMIT
        yield FactView(
            fact=fact,
            machines=tuple(sorted(machines)),
            seen=found[:limit],
            wanted=wanted[:limit],
            state=state,
            cut=max(len(found), len(wanted)) > limit,
        )


_STATES = ["not-as-wanted", "not-told", "not-recorded", "as-wanted"]


def _state(observation: Observation) -> str:
    if observation.ok is None:
        return "not-told"
    return "as-wanted" if observation.ok else "not-as-wanted"


def _check(test: str, id: str, index: _Index) -> CheckView:
    records = [one for one in index.recorded.checks if one.test == test]
    worst = max(records, key=lambda one: _SEVERITY[one.outcome], default=None)
    commands = index.commands.get(test, [])
    elsewhere = index.shown.setdefault(test, id)
    shown = commands[-COMMANDS_SHOWN:] if elsewhere == id else []
    return CheckView(
        test=test,
        outcome=_OUTCOME_KEYS.get(worst.outcome, worst.outcome) if worst else "unended",
        seconds=sum(one.seconds for one in records),
        reason=(worst.reason or "").strip()[: quantity.VALUE_LIMIT] if worst else "",
        commands=tuple(_command(one, index.recorded) for one in shown),
        count=len(commands),
        elsewhere=elsewhere if elsewhere != id else "",
    )


_OUTCOME_KEYS = {"blocked": "check-blocked"}
_SEVERITY = {"passed": 0, "skipped": 1, "blocked": 2, "failed": 3, "error": 4}


def _command(command: Command, recorded: Recorded) -> CommandView:
    return CommandView(
        machine=command.machine,
        line=shlex.join(command.argv),
        status=command.status,
        seconds=command.seconds,
        stdout=_output(command.stdout, recorded),
        stderr=_output(command.stderr, recorded),
    )


def _output(sha256: str | None, recorded: Recorded) -> Output:
    text, size = recorded.output(sha256, OUTPUT_BYTES)
    lines = text.splitlines()
    if size <= OUTPUT_BYTES and len(lines) <= OUTPUT_LINES:
        return Output(text.rstrip("\n"))
    return Output("\n".join(lines[:OUTPUT_LINES]), size, sha256 or "")
