"""Checks a description: every finding at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path

from pydantic import ValidationError

from sbsim.deployment.chap import Chap, MutualChap
from sbsim.deployment.deployment import Deployment
from sbsim.deployment.finding import Fault, FieldPath, Finding, field_path
from sbsim.deployment.node import Node
from sbsim.deployment.rules import RULES
from sbsim.deployment.shape import faults_of_shape
from sbsim.deployment.source import Source, Unreadable, read

# A file with more is no description; listing all would take minutes and help nobody.
MOST = 1000


def report(path: str | os.PathLike[str]) -> tuple[list[Finding], Deployment | None]:
    """Return all findings of the file, sorted by line, and the deployment if none is an error."""
    file = Path(path)
    try:
        source = read(file)
    except Unreadable as error:
        return [error.finding], None
    return examine(source, file.parent)


def examine(source: Source, base: Path) -> tuple[list[Finding], Deployment | None]:
    """Return the findings and the deployment of a parsed description in the folder `base`."""
    shape: Iterable[Fault] = ()
    deployment: Deployment | None = None
    try:
        deployment = Deployment.model_validate(source.tables)
    except ValidationError as error:
        shape = faults_of_shape(error, 2 * MOST)
    faults = chain(shape, _faults_of_rules(source), _exposed(deployment, base))
    findings = _findings(faults, source)
    if any(finding.severity == "error" for finding in findings):
        return findings, None
    return findings, deployment


def _faults_of_rules(source: Source) -> Iterator[Fault]:
    root = Node((), source.tables)
    for rule in RULES:
        yield from rule(root)


def _exposed(deployment: Deployment | None, base: Path) -> Iterator[Fault]:
    """Warn of password files that others can read."""
    chap = deployment.chap if deployment is not None else None
    if chap is None:
        return
    places: dict[FieldPath, Chap | MutualChap | None] = {
        ("chap",): chap,
        ("chap", "mutual"): chap.mutual,
    }
    for path, credentials in places.items():
        exposure = credentials.password.exposure(base) if credentials is not None else None
        if exposure is not None:
            field = (*path, "password", "file")
            yield Fault(field, exposure, "mode 0600", "run chmod 600 on it", "warning")


def _findings(faults: Iterator[Fault], source: Source) -> list[Finding]:
    places = [(source.lines.of(fault.path), fault) for fault in islice(faults, MOST)]
    places.sort(key=lambda place: (place[0], _order(place[1].path)))
    found = [_finding(line, fault) for line, fault in places]
    if next(faults, None) is not None:
        advice = "mend the findings above, then check again"
        found.append(Finding(None, "", f"more than {MOST} faults", "", advice))
    return found


def _order(path: FieldPath) -> list[tuple[str, int]]:
    """Return what sorts the paths of one line: keys by name, elements by number."""
    return [("", part) if isinstance(part, int) else (part, 0) for part in path]


def _finding(line: int, fault: Fault) -> Finding:
    field = field_path(fault.path)
    return Finding(line, field, fault.found, fault.expected, fault.advice, fault.severity)
