"""bench.html: the report of a run of measurements, in one file without network and scripts."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from jinja2 import ChoiceLoader, PackageLoader

from sbsim.bench.comparison import Outcome
from sbsim.bench.histogram import PERCENTILES, Histogram, merged
from sbsim.bench.run import ADDED, NOISE, Found, Kept, Plan, verdicts_of
from sbsim.bench.series import Reading
from sbsim.bench.verdict import NEEDS, Status, Verdict, exit_status
from sbsim.bench.words import words
from sbsim.report.folder import BENCH_REPORT
from sbsim.report.html import both, environment
from sbsim.report.quantity import duration, memory, value
from sbsim.report.requirements import Wording

_WIDTH, _ROW, _LEFT, _RIGHT = 960.0, 26.0, 330.0, 20.0
_CURVE_WIDTH, _CURVE_HEIGHT, _CURVE_LEFT, _CURVE_BELOW = 440.0, 240.0, 62.0, 34.0
# Where a latency curve has its points: percentiles by the number of nines.
_NINES = (50.0, 90.0, 99.0, 99.9, 99.99)


@dataclass(frozen=True)
class Mark:
    """One row of the ratios: places on the axis in pixels, and its texts."""

    y: float
    sides: str
    workload: str
    low: float
    middle: float
    high: float
    text: str
    state: str


@dataclass(frozen=True)
class Tick:
    """A line of an axis: its place in pixels, and what stands at it."""

    at: float
    text: str


@dataclass(frozen=True)
class Ratios:
    """The ratios of all contests on one logarithmic axis. `band` is the margin's two ends."""

    width: float
    height: float
    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]
    band: tuple[float, float]


@dataclass(frozen=True)
class LayerRow:
    """What a layer did under a workload."""

    workload: str
    layer: str
    iops: str
    bandwidth: str
    latencies: tuple[str, ...]
    cpu: str


@dataclass(frozen=True)
class Curve:
    """One layer's line in a picture; `points` as SVG wants them."""

    name: str
    points: str
    number: int


@dataclass(frozen=True)
class Picture:
    """A small picture with lines or dots on two axes."""

    title: str
    width: float
    height: float
    curves: tuple[Curve, ...]
    dots: tuple[tuple[float, float], ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    left: float
    bottom: float


def write(kept: Kept) -> Path:
    """Write the report of a run into its folder; return its path."""
    path = kept.folder / BENCH_REPORT
    path.write_text(render(kept.plan(), kept.found()), encoding="utf-8")
    return path


def render(plan: Plan, found: Sequence[Found]) -> str:
    """The report as HTML."""
    made = environment()
    made.loader = ChoiceLoader(
        [PackageLoader("sbsim.bench"), made.loader or PackageLoader("sbsim")]
    )
    made.globals["t"] = lambda key, **values: both(words(key, **values))
    made.globals["words"] = words
    verdicts = verdicts_of(plan, list(found))
    overall = {0: Status.PASS, 1: Status.FAIL}.get(exit_status(verdicts), Status.INCONCLUSIVE)
    return made.get_template("bench.html.jinja").render(
        plan=plan,
        overall=overall.value,
        verdicts=[(one, _said(one, plan, found)) for one in verdicts],
        noise=_noise(found),
        found=found,
        outcome=lambda one: _outcome(plan, one),
        ratios=_ratios(plan, found) if any(one.comparison for one in found) else None,
        rows=list(_rows(found)),
        percentiles=[f"p{percent:g}" for percent in PERCENTILES],
        latencies=list(_latencies(found)),
        rounds=list(_rounds(found)),
        machine={
            name: memory(item) if name == "memory" else value(item)
            for name, item in plan.machine.items()
        },
        raw=json.dumps(_raw(plan, found), separators=(",", ":")).replace("<", "\\u003c"),
    )


# --- what is said -----------------------------------------------------------------------------


def _said(one: Verdict, plan: Plan, found: Sequence[Found]) -> Wording:
    need = NEEDS[one.name]
    if need not in plan.capabilities:
        return words(f"needs-{need}")
    of = {each.workload: each.comparison for each in found if each.contest == one.name}
    comparison = of.get(one.workload)
    if comparison is None:
        return words("not-measured")
    return words(
        "shown-one" if len(of) == 1 else "shown",
        ratio=f"{comparison.ratio:.3f}",
        low=f"{comparison.interval.low:.3f}",
        high=f"{comparison.interval.high:.3f}",
        pairs=comparison.pairs,
        count=len(of),
        workload=one.workload,
        margin=f"{plan.margin:.1%}",
    )


def _noise(found: Sequence[Found]) -> Wording | None:
    floors = [one.comparison.interval for one in found if one.contest == NOISE and one.comparison]
    if not floors:
        return None
    low, high = min(one.low for one in floors), max(one.high for one in floors)
    return words("noise", low=f"{low:.3f}", high=f"{high:.3f}")


# --- the ratios -------------------------------------------------------------------------------


def _ratios(plan: Plan, found: Sequence[Found]) -> Ratios:
    shown = [(one, one.comparison) for one in found if one.comparison is not None]
    ends = [1 - plan.margin, 1 / (1 - plan.margin)]
    low = min([of.interval.low for _, of in shown] + ends) / 1.02
    high = max([of.interval.high for _, of in shown] + ends) * 1.02

    def place(ratio: float) -> float:
        share = math.log(ratio / low) / math.log(high / low)
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    marks = tuple(
        Mark(
            y=(number + 0.5) * _ROW,
            sides=" / ".join(one.series.heading.sides),
            workload=one.workload,
            low=place(of.interval.low),
            middle=place(of.ratio),
            high=place(of.interval.high),
            text=f"{of.ratio:.3f} ({of.interval.low:.3f} – {of.interval.high:.3f})",
            state=_STATES[_outcome(plan, one)],
        )
        for number, (one, of) in enumerate(shown)
    )
    ticks = tuple(Tick(place(each), f"{each:g}") for each in _round_ratios(low, high))
    return Ratios(_WIDTH, len(marks) * _ROW + 26, marks, ticks, (place(ends[0]), place(ends[1])))


def _outcome(plan: Plan, one: Found) -> str:
    """What a comparison shows, by a key of the words; what is not judged here says so."""
    if one.contest not in (NOISE, ADDED) and NEEDS["claim"] not in plan.capabilities:
        return "not-judged"
    return "" if one.comparison is None else one.comparison.outcome(plan.margin).value


_STATES = {
    Outcome.EQUAL.value: "good",
    Outcome.WITHIN.value: "good",
    Outcome.BETTER.value: "good",
    Outcome.WORSE.value: "bad",
    Outcome.UNCLEAR.value: "unclear",
    "not-judged": "shown",
}


def _round_ratios(low: float, high: float) -> list[float]:
    """Ratios that read well, some six of them: finer where the axis is short."""
    if high / low > 2.5:
        steps = [n * 10.0**power for power in range(-4, 3) for n in (1, 2, 5)]
        return [one for one in steps if low <= one <= high]
    step = next(s for s in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5) if (high - low) / s <= 8)
    return [
        round(number * step, 4) for number in range(math.ceil(low / step), int(high / step) + 1)
    ]


# --- layers and latencies ---------------------------------------------------------------------


def _by_layer(found: Sequence[Found]) -> dict[tuple[str, str], list[Reading]]:
    """All readings of a layer under a workload, whatever it was compared with."""
    readings: dict[tuple[str, str], list[Reading]] = {}
    for one in found:
        for pair in one.series.pairs:
            for side, reading in pair.readings.items():
                name = side.removesuffix("-again")
                readings.setdefault((one.workload, name), []).append(reading)
    return dict(sorted(readings.items()))


def _rows(found: Sequence[Found]) -> Iterator[LayerRow]:
    for (workload, layer), readings in _by_layer(found).items():
        latency = merged(one.latency for one in readings)
        yield LayerRow(
            workload,
            layer,
            f"{median(one.iops for one in readings):.0f}",
            f"{median(one.bandwidth for one in readings) / 1e6:.1f} MB/s",
            (*(_time(latency.percentile(one)) for one in PERCENTILES), _time(latency.largest)),
            _time(round(median(one.cpu_per_io for one in readings) * 1e9)),
        )


def _time(nanoseconds: float) -> str:
    for unit, size in (("µs", 1e3), ("ms", 1e6)):
        if nanoseconds < 999.5 * size:
            return f"{nanoseconds / size:.3g} {unit}"
    return duration(nanoseconds / 1e9)


def _latencies(found: Sequence[Found]) -> Iterator[Picture]:
    layers = _by_layer(found)
    for workload in dict.fromkeys(name for name, _ in layers):
        histograms = {
            layer: merged(one.latency for one in readings)
            for (name, layer), readings in layers.items()
            if name == workload
        }
        yield _curves(workload, histograms)


def _curves(title: str, histograms: dict[str, Histogram]) -> Picture:
    low = min(min(one.counts) for one in histograms.values())
    high = max(one.percentile(_NINES[-1]) for one in histograms.values())
    decades = range(math.floor(math.log10(max(low, 1))), math.ceil(math.log10(high)) + 1)
    bottom, top = 10.0 ** decades[0], 10.0 ** max(decades[-1], decades[0] + 1)

    def x(percent: float) -> float:
        share = -math.log10(1 - percent / 100) / -math.log10(1 - _NINES[-1] / 100)
        return _CURVE_LEFT + share * (_CURVE_WIDTH - _CURVE_LEFT - 12)

    def y(nanoseconds: float) -> float:
        share = math.log(max(nanoseconds, bottom) / bottom) / math.log(top / bottom)
        return 8 + (1 - share) * (_CURVE_HEIGHT - 8 - _CURVE_BELOW)

    curves = []
    for number, (layer, histogram) in enumerate(histograms.items()):
        points = [100 - 100 * 10 ** (-step / 10) for step in range(1, 41)]
        line = " ".join(f"{x(one):.1f},{y(histogram.percentile(one)):.1f}" for one in points)
        curves.append(Curve(layer, line, number))
    return Picture(
        title, _CURVE_WIDTH, _CURVE_HEIGHT, tuple(curves), (),
        tuple(Tick(x(one), f"p{one:g}") for one in _NINES),
        tuple(Tick(y(10.0**one), _time(10.0**one)) for one in decades if 10.0**one <= top),
        _CURVE_LEFT, _CURVE_HEIGHT - _CURVE_BELOW,
    )  # fmt: skip


def _rounds(found: Sequence[Found]) -> Iterator[Picture]:
    for one in found:
        ratios = [math.exp(each) for each in one.series.logs]
        if not ratios:
            continue
        low, high = min([*ratios, 1.0]) / 1.01, max([*ratios, 1.0]) * 1.01

        def x(number: int, count: int = len(ratios)) -> float:
            return _CURVE_LEFT + (number + 0.5) / count * (_CURVE_WIDTH - _CURVE_LEFT - 12)

        def y(ratio: float, low: float = low, high: float = high) -> float:
            share = math.log(ratio / low) / math.log(high / low)
            return 8 + (1 - share) * (_CURVE_HEIGHT - 8 - _CURVE_BELOW)

        yield Picture(
            f"{' / '.join(one.series.heading.sides)} · {one.workload}",
            _CURVE_WIDTH, _CURVE_HEIGHT, (),
            tuple((x(number), y(ratio)) for number, ratio in enumerate(ratios)),
            (Tick(x(0), "1"), Tick(x(len(ratios) - 1), str(len(ratios)))),
            tuple(Tick(y(each), f"{each:g}") for each in _round_ratios(low, high)),
            _CURVE_LEFT, _CURVE_HEIGHT - _CURVE_BELOW,
        )  # fmt: skip


# --- raw data ---------------------------------------------------------------------------------


def _raw(plan: Plan, found: Sequence[Found]) -> dict[str, Any]:
    return {
        "command": plan.command,
        "kind": plan.kind,
        "machine": plan.machine,
        "series": [
            {
                "contest": one.contest,
                "workload": one.workload,
                "sides": one.series.heading.sides,
                "rounds": [
                    {
                        "round": pair.round,
                        "order": pair.order,
                        "iops": {side: each.iops for side, each in pair.readings.items()},
                    }
                    for pair in one.series.pairs
                ],
                "bins_ns": {
                    side: merged(pair.readings[side].latency for pair in one.series.pairs).counts
                    for side in one.series.heading.sides
                },
            }
            for one in found
        ],
    }
