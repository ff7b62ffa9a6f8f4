"""The pairs of a series as they are kept: one JSON object a line, each written when it is there.

    {"series": {"workload": …, "sides": [first, second], "emulated": …, …}}    the first line
    {"pair": {"round": 1, "order": ["lv", "lun"], "lun": {…}, "lv": {…}}}      every further one

A run that was interrupted leaves a last line that is cut off: it is passed over, and said.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sbsim.bench.errors import UnreadableSeries
from sbsim.bench.histogram import Histogram

SCHEMA = 1


@dataclass(frozen=True)
class Heading:
    """What a series is: its workload by name, its two sides, and where it was measured.

    `kind` says what its numbers are: ``measured``, ``emulated`` (ratios mean something, absolute
    numbers do not) or ``modelled``.
    """

    workload: str
    sides: tuple[str, str]
    kind: str
    machine: Mapping[str, Any]


@dataclass(frozen=True)
class Reading:
    """One side of one pair: I/Os and bytes per second, how long I/Os took, CPU seconds per I/O."""

    iops: float
    bandwidth: float
    latency: Histogram
    cpu_per_io: float


@dataclass(frozen=True)
class Pair:
    """A round: its number from 1, the order in which the sides ran, and what each did."""

    round: int
    order: tuple[str, ...]
    readings: Mapping[str, Reading]


@dataclass(frozen=True)
class Series:
    """What was kept. `cut_off`: the last line was not whole, and is not in it."""

    heading: Heading
    pairs: tuple[Pair, ...]
    cut_off: bool = False

    def values(self, side: str) -> list[float]:
        """A side's I/Os per second, round by round."""
        return [pair.readings[side].iops for pair in self.pairs]

    @property
    def logs(self) -> list[float]:
        """The logarithms of the first side's ratios to the second."""
        first, second = self.heading.sides
        return [
            math.log(one / other)
            for one, other in zip(self.values(first), self.values(second), strict=True)
        ]


class Keeper:
    """Appends pairs to a file. Example: `Keeper(path, heading).add(pair)`."""

    def __init__(self, path: Path, heading: Heading) -> None:
        """Begin the file, or go on with one of the same heading.

        Raises UnreadableSeries if another series is kept there, or something else.
        """
        self._path = path
        if path.exists() and path.stat().st_size:
            kept = load(path)
            if kept.heading != heading:
                raise UnreadableSeries(
                    f"{path}: holds {kept.heading.workload} of {' and '.join(kept.heading.sides)}, "
                    "measured on another machine or otherwise; give another folder with --out"
                )
            if kept.cut_off:
                path.write_text(_text(kept), encoding="utf-8")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_line("series", _heading(heading)), encoding="utf-8")

    def add(self, pair: Pair) -> None:
        """Keep a pair: it is on the disk when this returns."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(_line("pair", _pair(pair)))


def load(path: Path) -> Series:
    """Read a kept series. Raises UnreadableSeries, naming the line."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise UnreadableSeries(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UnreadableSeries(
            f"{path}: expected the lines of a kept series, found bytes"
        ) from None
    *whole, rest = lines
    heading, pairs = None, []
    for number, line in enumerate(whole, start=1):
        try:
            if number == 1:
                heading = _read_heading(json.loads(line)["series"])
            else:
                pairs.append(_read_pair(json.loads(line)["pair"]))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise UnreadableSeries(
                f"{path}:{number}: expected {'the heading' if number == 1 else 'a pair'} of a kept "
                f"series: {type(error).__name__}: {error}; remove the line, or the file"
            ) from None
    if heading is None:
        raise UnreadableSeries(f"{path}: expected a kept series, found no heading; remove the file")
    for pair in pairs:
        if set(pair.readings) != set(heading.sides):
            raise UnreadableSeries(f"{path}: round {pair.round} is not of the sides in the heading")
    return Series(heading, tuple(pairs), cut_off=bool(rest))


# --- to and from JSON -------------------------------------------------------------------------


def _text(series: Series) -> str:
    return _line("series", _heading(series.heading)) + "".join(
        _line("pair", _pair(pair)) for pair in series.pairs
    )


def _line(kind: str, value: Mapping[str, Any]) -> str:
    return json.dumps({kind: value}, separators=(",", ":"), sort_keys=True) + "\n"


def _heading(heading: Heading) -> dict[str, Any]:
    return {"schema": SCHEMA, **asdict(heading)}


def _read_heading(value: Mapping[str, Any]) -> Heading:
    if value["schema"] != SCHEMA:
        raise ValueError(f"schema {value['schema']}, known is {SCHEMA}")
    first, second = value["sides"]
    return Heading(
        str(value["workload"]), (str(first), str(second)), str(value["kind"]), value["machine"]
    )


def _pair(pair: Pair) -> dict[str, Any]:
    return {
        "round": pair.round,
        "order": list(pair.order),
        "readings": {side: _reading(one) for side, one in pair.readings.items()},
    }


def _reading(one: Reading) -> dict[str, Any]:
    return {
        "iops": one.iops,
        "bandwidth": one.bandwidth,
        "cpu_per_io": one.cpu_per_io,
        "largest_ns": one.latency.largest,
        "bins": {str(value): count for value, count in one.latency.counts.items()},
    }


def _read_pair(value: Mapping[str, Any]) -> Pair:
    return Pair(
        round=int(value["round"]),
        order=tuple(map(str, value["order"])),
        readings={side: _read_reading(one) for side, one in value["readings"].items()},
    )


def _read_reading(value: Mapping[str, Any]) -> Reading:
    counts = {int(name): int(count) for name, count in value["bins"].items()}
    iops = float(value["iops"])
    if not (iops > 0 and math.isfinite(iops)):
        raise ValueError(f"{iops} I/Os per second")
    return Reading(
        iops=iops,
        bandwidth=float(value["bandwidth"]),
        latency=Histogram(counts, int(value["largest_ns"])),
        cpu_per_io=float(value["cpu_per_io"]),
    )
