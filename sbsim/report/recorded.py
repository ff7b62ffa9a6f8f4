"""Evidence read back: tolerant of a killed run, strict about everything else."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from sbsim.errors import UsageError
from sbsim.report import folder as out
from sbsim.report.records import (
    Check,
    Command,
    End,
    Finding,
    Observation,
    Phase,
    Record,
    Run,
    Session,
)
from sbsim.report.requirements import Catalogue

R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Recorded:
    """All that one run recorded. `sessions` is None where nobody looked at them.

    `variants` are the runs on other descriptions that judge a part of it, by name; one that has not
    begun is missing.
    """

    run: Run
    end: End | None = None
    checks: tuple[Check, ...] = ()
    observations: tuple[Observation, ...] = ()
    commands: tuple[Command, ...] = ()
    findings: tuple[Finding, ...] = ()
    phases: tuple[Phase, ...] = ()
    sessions: tuple[Session, ...] | None = None
    blobs: Path | None = None
    variants: Mapping[str, Recorded] = field(default_factory=dict)

    @property
    def runs(self) -> tuple[Recorded, ...]:
        """The run itself and those on its variants."""
        return (self, *self.variants.values())

    def variant_of(self, requirement: str) -> str | None:
        """The variant on which a requirement is judged; None where it is judged here."""
        judged = self.run.variants.items()
        return next((name for name, ids in judged if requirement in ids), None)

    def judging(self, requirement: str) -> Recorded:
        """What was recorded where a requirement is judged: here, or on a variant."""
        return self.variants.get(self.variant_of(requirement) or "", self)

    def output(self, sha256: str | None, limit_bytes: int) -> tuple[str, int]:
        """The beginning of a command's output and the whole's size in bytes; ("", 0): none."""
        path = self.blobs / sha256 if sha256 and self.blobs else None
        if path is None or not path.is_file():
            return "", 0
        with path.open("rb") as file:
            return file.read(limit_bytes).decode("utf-8", errors="replace"), path.stat().st_size


def read(folder: Path) -> Recorded:
    """Read a run's evidence from its folder.

    Each file but run.json may be missing, and the last line of a .jsonl file cut off: the run was
    killed. Any other fault is a UsageError with file and line.
    """
    evidence = folder / out.EVIDENCE
    if not (evidence / out.RUN).is_file():
        raise UsageError(f"{folder}: expected the evidence of a run, found no {evidence / out.RUN}")
    sessions = evidence / out.SESSIONS
    end = evidence / out.END
    run = _object(evidence / out.RUN, Run)
    return Recorded(
        run=run,
        end=_object(end, End) if end.is_file() else None,
        checks=tuple(_lines(evidence / out.TESTS, Check)),
        observations=tuple(_lines(evidence / out.PROBES, Observation)),
        commands=tuple(_lines(evidence / out.COMMANDS, Command)),
        findings=tuple(_lines(evidence / out.FINDINGS, Finding)),
        phases=tuple(_lines(evidence / out.PHASES, Phase)),
        sessions=_sessions(sessions) if sessions.is_file() else None,
        blobs=evidence / out.BLOBS,
        variants={
            name: read(place)
            for name in run.variants
            if ((place := folder / out.VARIANTS / name) / out.EVIDENCE / out.RUN).is_file()
        },
    )


def read_catalogue(folder: Path) -> Catalogue | None:
    """The catalogue kept beside the evidence; None when the run kept none."""
    path = folder / out.EVIDENCE / out.CATALOGUE
    if not path.is_file():
        return None
    try:
        return Catalogue.model_validate(_json(path))
    except ValidationError as error:
        raise UsageError(f"{path}: expected a catalogue, found {_said(error)}") from None


def _object(path: Path, kind: type[R]) -> R:
    try:
        return kind.model_validate(_json(path))
    except ValidationError as error:
        raise UsageError(f"{path}: expected {_a(kind)}, found {_said(error)}") from None


def _sessions(path: Path) -> tuple[Session, ...]:
    found = _json(path)
    if not isinstance(found, list):
        raise UsageError(f"{path}: expected a list of sessions, found {type(found).__name__}")
    try:
        return tuple(Session.model_validate(one) for one in found)
    except ValidationError as error:
        raise UsageError(f"{path}: expected sessions, found {_said(error)}") from None


def _lines(path: Path, kind: type[R]) -> Iterator[R]:
    if not path.is_file():
        return
    # Split at line feeds only: a text may hold U+2028, at which str.splitlines splits as well.
    *lines, rest = _bytes(path).split(b"\n")
    for number, line in enumerate([*lines, rest], start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            if number > len(lines):
                return  # no line feed at its end: the run was killed while it wrote
            raise UsageError(f"{path}:{number}: expected JSON, found {error}") from None
        try:
            yield kind.model_validate(value)
        except ValidationError as error:
            raise UsageError(
                f"{path}:{number}: expected {_a(kind)}, found {_said(error)}"
            ) from None


def _json(path: Path) -> Any:
    try:
        return json.loads(_bytes(path).decode("utf-8"))
    except json.JSONDecodeError as error:
        raise UsageError(f"{path}:{error.lineno}: expected JSON, found {error.msg}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: expected JSON in UTF-8: {error}") from None


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None


def _a(kind: type[Record]) -> str:
    name = kind.__name__.lower()
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _said(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"]) or "the whole"
    return f"{place}: {first['msg']}"
