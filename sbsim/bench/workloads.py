"""What is done to a device, and the fio job that does it.

A job file measures one or more sides on the same region, one after the other in short turns: never
at once, for sides that share a processor fall into step (docs/bench.md).
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

KIB = 1024
Pattern = Literal["randread", "randwrite", "randrw", "read", "write"]
_WORDS: dict[Pattern, str] = {
    "randread": "random read",
    "randwrite": "random write",
    "randrw": "mixed",
    "read": "sequential read",
    "write": "sequential write",
}


@dataclass(frozen=True)
class Workload:
    """One way of doing I/O; `block` in bytes, `reads` the percentage of reads where it is mixed.

    `extra` are further fio options: those of a user's own job file.
    """

    pattern: Pattern
    block: int
    depth: int = 1
    jobs: int = 1
    reads: int | None = None
    extra: tuple[tuple[str, str], ...] = field(default=())

    @property
    def name(self) -> str:
        """Such as ``4k-randread-qd1-j1``: a word without blanks."""
        mix = f"-{self.reads}r" if self.reads is not None else ""
        return f"{self.block // KIB}k-{self.pattern}{mix}-qd{self.depth}-j{self.jobs}"

    @property
    def words(self) -> str:
        """The same for a reader."""
        mix = f" {self.reads}/{100 - self.reads}" if self.reads is not None else ""
        return (
            f"{self.block // KIB} KiB {_WORDS[self.pattern]}{mix}, queue depth {self.depth}, "
            f"{self.jobs} job{'s' if self.jobs > 1 else ''}"
        )

    @property
    def writes(self) -> bool:
        """Whether it changes what is on the device."""
        return self.pattern not in ("randread", "read")


@dataclass(frozen=True)
class Preset:
    """A named set of workloads; a turn's `seconds`, the fewest pairs, and what a contest may cost.

    Turns are short: what disturbs a machine comes in bursts, and many short pairs average more of
    them than a few long ones of the same time do (docs/bench.md has the figures).
    """

    name: str
    workloads: tuple[Workload, ...]
    seconds: float
    pairs: int
    budget_seconds: float
    half_width: float
    steady: bool


def _all() -> Iterator[Workload]:
    for depth, jobs in itertools.product((1, 32), (1, 4)):
        yield Workload("randread", 4 * KIB, depth, jobs)
        yield Workload("randwrite", 4 * KIB, depth, jobs)
        yield Workload("randrw", 4 * KIB, depth, jobs, reads=70)
        yield Workload("read", 128 * KIB, depth, jobs)
        yield Workload("write", 128 * KIB, depth, jobs)


PRESETS: dict[str, Preset] = {
    one.name: one
    for one in (
        Preset(
            "quick",
            (Workload("randread", 4 * KIB), Workload("randwrite", 4 * KIB)),
            seconds=0.4, pairs=40, budget_seconds=240, half_width=0.015, steady=False,
        ),
        Preset(
            "standard",
            tuple(one for one in _all() if one.jobs == 1),
            seconds=0.4, pairs=40, budget_seconds=300, half_width=0.015, steady=False,
        ),
        Preset(
            "full",
            tuple(_all()),
            seconds=10, pairs=25, budget_seconds=1800, half_width=0.01, steady=True,
        ),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """One side: a device and where in it the region begins and how long it is, in bytes.

    `options` are fio's, for this side alone: a delay that is planted to see whether it is found.
    """

    side: str
    device: str
    offset: int
    size: int
    options: tuple[tuple[str, str], ...] = ()


def alternating(
    workload: Workload, places: Sequence[Place], turns: int, turn_ms: int, draw: random.Random
) -> str:
    """A job file in which the sides take turns, each `turns` times, in random order within a round.

    Its jobs are named ``SIDE.ROUND``; what a side touches in a round, the other does too: the same
    blocks in the same order.
    """
    if len({place.size for place in places}) != 1:
        raise ValueError("the sides' regions must be of one size: they stand for the same blocks")
    parts = [_global(workload, turn_ms)]
    for turn in range(1, turns + 1):
        seed = draw.randrange(1, 2**31)
        for place in draw.sample(list(places), len(places)):
            parts.append(_job(f"{place.side}.{turn}", place, seed))
    return "\n".join(parts)


def filling(place: Place) -> str:
    """A job file that writes a region once, so that reading it reads what was written."""
    lines = ["[global]", "ioengine=libaio", "direct=1", "rw=write", f"bs={KIB * KIB}", "iodepth=4",
             "allow_file_create=0", ""]  # fmt: skip
    return "\n".join([*lines, _job("fill", place, seed=1)])


def _global(workload: Workload, runtime_ms: int) -> str:
    mix = [f"rwmixread={workload.reads}"] if workload.reads is not None else []
    lines = [
        "[global]",
        "ioengine=libaio",
        # A process for each turn would cost an emulated machine a third of a second.
        "thread=1",
        "direct=1",
        f"rw={workload.pattern}",
        f"bs={workload.block}",
        *mix,
        f"iodepth={workload.depth}",
        f"numjobs={workload.jobs}",
        "group_reporting=1",
        "time_based=1",
        f"runtime={runtime_ms}ms",
        "norandommap=1",
        "allow_file_create=0",
        *(f"{key}={value}" for key, value in workload.extra),
    ]
    return "".join(f"{line}\n" for line in lines)


def _job(name: str, place: Place, seed: int) -> str:
    lines = [
        f"[{name}]",
        "stonewall",
        f"filename={_escaped(place.device)}",
        f"offset={place.offset}",
        f"size={place.size}",
        f"randseed={seed}",
        *(f"{key}={value}" for key, value in place.options),
    ]
    return "".join(f"{line}\n" for line in lines)


def _escaped(device: str) -> str:
    """Colons part the names of several files in fio's own syntax."""
    return device.replace(":", "\\:")
