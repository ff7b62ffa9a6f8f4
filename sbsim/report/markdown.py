"""report.md: the summary, for a ticket or a mail."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from sbsim.report import quantity
from sbsim.report.recorded import Recorded
from sbsim.report.requirements import Catalogue
from sbsim.report.result import Result
from sbsim.report.texts import words
from sbsim.report.verdict import facts_of, sentences

# What Markdown would take for markup in the middle of a line.
_SPECIAL = re.compile(r"([\\`*_\[\]|~#])")


def render(catalogue: Catalogue, result: Result, recorded: Recorded) -> str:
    """The summary in Markdown, in English, the verdict in both languages."""
    verdict = words(result.verdict)
    said = sentences(result, recorded)
    parts = [
        [f"# {verdict.en} · {verdict.zh}: {plain(result.deployment)}"],
        [plain(" ".join(one.en for one in said))],
        [plain("".join(one.zh for one in said))],
        _table(["", ""], ([name.en, plain(text.en)] for name, text in facts_of(result, recorded))),
        ["## Requirements"],
        _table(["id", "status", "requirement", "reason"], _requirements(catalogue, result)),
        ["## Findings"],
        [
            f"- {one.severity} {plain(one.id)}"
            f"{f' ({plain(one.where)})' if one.where else ''}: {plain(one.text)}"
            f"{f'. To mend it: {plain(one.mend)}' if one.mend else ''}"
            for one in result.findings
        ]
        or ["None."],
        ["## Phases"],
        _table(
            ["phase", "time"],
            ([plain(name), quantity.duration(time)] for name, time in result.phases.items()),
        ),
        ["## Run it again"],
        ["    " + " ".join(recorded.run.command.split())],
    ]
    return "\n\n".join("\n".join(lines) for lines in parts) + "\n"


def plain(text: str) -> str:
    """Text that Markdown leaves alone, on one line."""
    return html.escape(_SPECIAL.sub(r"\\\1", " ".join(text.split())), quote=False)


def _requirements(catalogue: Catalogue, result: Result) -> Iterable[list[str]]:
    for one in catalogue.requirements:
        told = result.requirements.get(one.id)
        status = told.status if told else "untested"
        shown = f"**{status}**" if status == "fail" else status
        if one.id not in result.scope:
            shown = "out of scope"
        reason = (told.reason if told else None) or ""
        if told and told.on:
            reason = f"on {told.on}{': ' if reason else ''}{reason}"
        yield [one.id, shown, plain(one.text_en), plain(reason)]


def _table(head: list[str], rows: Iterable[list[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(cells)} |" for cells in lines]
