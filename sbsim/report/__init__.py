"""The report: from evidence to a verdict that an acceptance engineer can hand over.

evidence = Evidence(folder)      written while the run goes on
result = write(folder, load(path))   result.json, report.html and report.md
result = rebuild(folder)         the same pages again, from what lies in the folder
"""

from __future__ import annotations

from pathlib import Path

from sbsim.errors import UsageError
from sbsim.report import folder as out
from sbsim.report import html, markdown, result
from sbsim.report.evidence import Evidence
from sbsim.report.recorded import Recorded, read, read_catalogue
from sbsim.report.requirements import Catalogue, Requirement, load
from sbsim.report.result import Result, compute

__all__ = ["Catalogue", "Evidence", "Requirement", "Result", "load", "rebuild", "write"]


def write(folder: Path, catalogue: Catalogue) -> Result:
    """Judge a run by its evidence and write result.json, report.html and report.md.

    The catalogue is kept with the evidence, so that `rebuild` needs nothing else.
    """
    recorded = read(folder)
    Evidence(folder).catalogue(catalogue)
    judged = compute(catalogue, recorded)
    _put(folder / out.RESULT, judged.to_json())
    _pages(folder, catalogue, judged, recorded)
    return judged


def rebuild(folder: Path) -> Result:
    """Write report.html and report.md anew from result.json and evidence/ alone.

    A killed run has no result.json yet: it is made then. UsageError when the folder holds no run.
    """
    recorded = read(folder)
    catalogue = read_catalogue(folder)
    if catalogue is None:
        missing = folder / out.EVIDENCE / out.CATALOGUE
        raise UsageError(f"{folder}: expected the run's requirements, found no {missing}")
    if not (folder / out.RESULT).exists():
        return write(folder, catalogue)
    judged = result.load(folder)
    _pages(folder, catalogue, judged, recorded)
    return judged


def _pages(folder: Path, catalogue: Catalogue, judged: Result, recorded: Recorded) -> None:
    _put(folder / out.REPORT, html.render(catalogue, judged, recorded))
    _put(folder / out.SUMMARY, markdown.render(catalogue, judged, recorded))


def _put(path: Path, text: str) -> None:
    with out.explained(path):
        out.write_atomically(path, text.encode("utf-8", errors="backslashreplace"))
