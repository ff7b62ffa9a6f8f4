"""report.html: one file that needs no network and no scripts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from sbsim.report import quantity, san, texts, topology
from sbsim.report.diagnoses import DIAGNOSES
from sbsim.report.drawing import Drawing
from sbsim.report.recorded import Recorded
from sbsim.report.requirements import Catalogue, Wording
from sbsim.report.result import FindingResult, Result
from sbsim.report.verdict import facts_of, sentences
from sbsim.report.view import matrix

_SPANS = Markup('<span class="en" lang="en">{}</span><span class="zh" lang="zh-CN">{}</span>')


@dataclass(frozen=True)
class FindingView:
    """A finding, the places it was found at gathered."""

    id: str
    name: Wording
    severity: str
    text: str
    where: tuple[str, ...]
    mend: str | None


@dataclass(frozen=True)
class Bar:
    """A phase in the chart; `percent` of the longest."""

    name: Wording
    seconds: float
    percent: float


def render(catalogue: Catalogue, result: Result, recorded: Recorded) -> str:
    """The report as HTML. Everything that comes from evidence is escaped."""
    described = san.describe(recorded.run.deployment, recorded.sessions)
    drawings: tuple[tuple[str, Drawing], ...] = ()
    if described.machines or described.servers:
        drawings = (
            ("wide", topology.draw_wide(described)),
            ("narrow", topology.draw_narrow(described)),
        )
    return (
        environment()
        .get_template("report.html.jinja")
        .render(
            result=result,
            run=recorded.run,
            chapters=matrix(catalogue, result, recorded),
            sentences=sentences(result, recorded),
            facts=facts_of(result, recorded),
            san=described,
            drawings=drawings,
            findings=tuple(_gathered(result.findings)),
            bars=tuple(_bars(result.phases)),
            machine=_flat(recorded.run.machine),
        )
    )


def environment() -> Environment:
    """Templates that escape by themselves and stop at a name they do not know."""
    made = Environment(
        loader=PackageLoader("sbsim.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["t"] = lambda key, **values: both(texts.words(key, **values))
    made.globals["words"] = texts.words
    made.filters["both"] = both
    made.filters["bilingual"] = lambda item: isinstance(item, Wording)
    made.filters["size"] = quantity.size
    made.filters["duration"] = quantity.duration
    return made


def both(wording: Wording) -> Markup:
    """A text in both languages, of which the page shows one."""
    if wording.en == wording.zh:
        return escape(wording.en)
    return Markup(
        '<span class="en" lang="en">{}</span><span class="zh" lang="zh-CN">{}</span>'
    ).format(wording.en, wording.zh)


def _gathered(findings: Iterable[FindingResult]) -> Iterable[FindingView]:
    places: dict[tuple[str, str, str, str | None], list[str]] = {}
    for one in findings:
        places.setdefault((one.id, one.severity, one.text, one.mend), []).extend(
            [one.where] if one.where else []
        )
    for (id, severity, text, mend), where in places.items():
        name = texts.named(DIAGNOSES if id in DIAGNOSES else texts.FINDINGS, id)
        yield FindingView(id, name, severity, text, tuple(where), mend)


def _bars(phases: dict[str, float]) -> Iterable[Bar]:
    longest = max(phases.values(), default=0.0) or 1.0
    for name, seconds in phases.items():
        percent = round(max(0.0, 100 * seconds / longest), 2)
        yield Bar(texts.named(texts.PHASES, name), seconds, percent)


def _flat(machine: dict[str, Any]) -> dict[str, str]:
    """What is known of the computer, as text; its memory in binary units."""
    flat = {name: quantity.value(item) for name, item in machine.items()}
    if isinstance(machine.get("memory"), int):
        flat["memory"] = quantity.memory(machine["memory"])
    return flat
