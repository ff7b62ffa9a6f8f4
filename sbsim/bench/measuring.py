"""Two layers measured against each other, pair by pair, until the pairs suffice."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sbsim.bench import series as kept
from sbsim.bench.comparison import FEWEST_PAIRS, quick_half_width
from sbsim.bench.fio import Fio
from sbsim.bench.fio_output import FioOutput, Job
from sbsim.bench.layers import Layer
from sbsim.bench.series import Heading, Keeper, Pair, Reading, Series
from sbsim.bench.stopping import Goal, is_enough, wanted_pairs
from sbsim.bench.workloads import Place, Workload, alternating
from sbsim.machines import Clock

Progress = Callable[[str], None]

# Pairs that one start of fio measures: it takes longer to start than a turn lasts.
_PAIRS_AT_ONCE = 20


@dataclass(frozen=True)
class Contest:
    """Two layers to be compared. `sides` are their names in it, which differ in any case.

    `planted` are options of fio for the first side alone: what the method must find.
    """

    name: str
    first: Layer
    second: Layer
    planted: tuple[tuple[str, str], ...] = ()

    @property
    def sides(self) -> tuple[str, str]:
        """The names of the two: a layer against itself is so called."""
        if self.first == self.second:
            return (self.first.name, f"{self.second.name}-again")
        return (self.first.name, self.second.name)

    @property
    def places(self) -> tuple[Place, Place]:
        """What of the two is measured."""
        first, second = self.sides
        place = replace(self.first.place(first), options=self.planted)
        return (place, self.second.place(second))

    @property
    def words(self) -> str:
        """Such as ``lv / lun``."""
        return " / ".join(self.sides)


@dataclass(frozen=True)
class Turns:
    """How a contest is measured: a turn's length, when it has been enough, and what draws."""

    milliseconds: int
    goal: Goal
    seed: int


@dataclass(frozen=True)
class Measuring:
    """Measures contests with the fio of each machine, by name."""

    fios: Mapping[str, Fio]
    clock: Clock
    progress: Progress

    def measure(
        self, contest: Contest, workload: Workload, turns: Turns, path: Path, heading: Heading
    ) -> Series:
        """Measure until it is enough; go on with what is kept at `path`. Return all of it.

        Every pair is on the disk as soon as it is there, so an interruption loses none.
        """
        keeper = Keeper(path, heading)
        pairs = list(kept.load(path).pairs)
        began = self.clock.now()
        while True:
            logs = Series(heading, tuple(pairs)).logs
            seconds = self.clock.now() - began
            if is_enough(turns.goal, logs, seconds):
                return Series(heading, tuple(pairs))
            for pair in self._some(contest, workload, turns, len(pairs) + 1, logs):
                keeper.add(pair)
                pairs.append(pair)
            self._tell(contest, workload, turns.goal, Series(heading, tuple(pairs)).logs, began)

    def _some(
        self, contest: Contest, workload: Workload, turns: Turns, first: int, logs: list[float]
    ) -> Iterator[Pair]:
        """A few further pairs, the first of them of this number."""
        draw = random.Random(f"{turns.seed} {contest.name} {workload.name} {first}")
        if contest.first.machine != contest.second.machine:
            yield self._apart(contest, workload, turns, first, draw)
            return
        goal, done_already = turns.goal, len(logs)
        wanted = wanted_pairs(goal, logs) or goal.most
        aim = min(wanted, goal.most) if done_already >= goal.pairs else goal.pairs
        count = min(_PAIRS_AT_ONCE, aim - done_already)
        job = alternating(workload, contest.places, count, turns.milliseconds, draw)
        done = self.fios[contest.first.machine].run(job, 2 * count * turns.milliseconds / 1000)
        yield from pairs_of(done, first)

    def _apart(
        self, contest: Contest, workload: Workload, turns: Turns, round: int, draw: random.Random
    ) -> Pair:
        """One pair of layers of two machines: fio is started for each of them."""
        seed = draw.random()
        sides = list(zip(contest.places, (contest.first, contest.second), strict=True))
        readings: dict[str, Reading] = {}
        for place, layer in draw.sample(sides, len(sides)):
            same = random.Random(seed)  # the same blocks on both
            job = alternating(workload, [place], 1, turns.milliseconds, same)
            done = self.fios[layer.machine].run(job, turns.milliseconds / 1000)
            readings[place.side] = reading_of(done.job(f"{place.side}.1"))
        return Pair(round, tuple(readings), readings)

    def _tell(
        self, contest: Contest, workload: Workload, goal: Goal, logs: list[float], began: float
    ) -> None:
        passed = self.clock.now() - began
        said = f"{contest.words}, {workload.words}: {len(logs)} pairs"
        if len(logs) >= FEWEST_PAIRS:
            said += f", ±{quick_half_width(logs):.1%} (wanted ±{goal.half_width:.1%})"
        self.progress(f"{said}; at most {max(0.0, goal.seconds - passed):.0f} s more")


def pairs_of(done: FioOutput, first: int) -> Iterator[Pair]:
    """The pairs of an output of `alternating`, its rounds numbered on from `first`."""
    rounds: dict[int, dict[str, Reading]] = {}
    for job in done.jobs:
        side, _, number = job.name.rpartition(".")
        rounds.setdefault(int(number), {})[side] = reading_of(job)
    for round, readings in sorted(rounds.items()):
        yield Pair(first + round - 1, tuple(readings), readings)


def reading_of(job: Job) -> Reading:
    """What is kept of a job."""
    bandwidth = job.read.bandwidth + job.write.bandwidth
    return Reading(job.iops, bandwidth, job.latency, job.cpu_per_io)
