"""Two sides measured in pairs: their ratio, its interval, and what that shows.

Each pair is measured close together, so that what disturbs the machine disturbs both; a pair gives
one ratio, whose logarithm is what is averaged. From n pairs:

* the ratio is the geometric mean of the pairs' ratios;
* its interval is a studentised bootstrap's (bootstrap-t): the pairs are drawn anew 2000 times, and
  the interval comes from how far each drawing's mean lies from the real one in units of its own
  standard error. It holds its level for few and skewed pairs better than one by percentiles
  (Efron and Tibshirani, An Introduction to the Bootstrap, 12.5);
* where neighbouring pairs resemble one another, which drift does to them, they are first averaged
  in blocks, and the blocks are drawn (Carlstein's block bootstrap): drawing single pairs would
  promise more than they hold;
* *different* asks more than the interval that is shown: 1 must lie outside the 99 % one, for the
  pairs were measured until the interval was narrow, which costs it some of its level;
* *equivalent within m* is two one-sided tests at 5 %: the 90 % interval lies inside 1 - m to
  1 / (1 - m). A true ratio outside passes in at most 5 % of cases.

All of it is a function of the pairs: drawings are seeded.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist

from sbsim.bench.errors import TooFewPairs

FEWEST_PAIRS = 8
DRAWINGS = 2000
LEVEL = 0.95
DIFFERENCE_LEVEL = 0.99
# Two one-sided tests at 5 % are one 90 % interval.
EQUIVALENCE_LEVEL = 0.90
# With all of the 95 % interval within this, both sides are called equal: a true difference as large
# as this is so called in at most 2.5 % of cases.
EQUAL_MARGIN = 0.02
# Correlation of neighbours beyond which pairs are averaged in blocks, in standard errors of it.
_CORRELATED = 1.0
_FEWEST_BLOCKS = 8


class Outcome(StrEnum):
    """What a comparison shows of the first side against the second, given a margin."""

    EQUAL = "equal"
    WITHIN = "within the margin"
    WORSE = "worse"
    BETTER = "better"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Interval:
    """Where the true ratio lies, at a level: `low` to `high`."""

    low: float
    high: float

    @property
    def half_width(self) -> float:
        """Half of its width as a ratio: 0.015 is an interval of about ±1.5 %."""
        return math.sqrt(self.high / self.low) - 1

    def inside(self, margin: float) -> bool:
        """Whether all of it lies within 1 - margin and 1 / (1 - margin)."""
        return 1 - margin < self.low and self.high < 1 / (1 - margin)

    def holds(self, ratio: float) -> bool:
        """Whether a ratio lies in it."""
        return self.low <= ratio <= self.high


@dataclass(frozen=True)
class Comparison:
    """What the pairs of two sides show.

    `ratio` is the first side's to the second's. `interval` is at 95 %, `equivalence` at 90 %,
    `difference` at 99 %.
    `block` is how many neighbours were averaged before the drawing: 1 where pairs are independent.
    """

    pairs: int
    ratio: float
    interval: Interval
    equivalence: Interval
    difference: Interval
    block: int

    @property
    def different(self) -> bool:
        """Whether the sides are shown to differ: 1 lies outside the 99 % interval."""
        return not self.difference.holds(1.0)

    def equivalent(self, margin: float) -> bool:
        """Whether the true ratio is shown to lie within the margin. Errs in at most 5 %."""
        return self.equivalence.inside(margin)

    def outcome(self, margin: float) -> Outcome:
        """What this shows, for a margin stated before."""
        if self.interval.inside(min(EQUAL_MARGIN, margin)):
            return Outcome.EQUAL
        if self.equivalent(margin):
            return Outcome.WITHIN
        if self.interval.high < 1 - margin:
            return Outcome.WORSE
        if self.interval.low > 1 / (1 - margin):
            return Outcome.BETTER
        return Outcome.UNCLEAR


def compare(first: Sequence[float], second: Sequence[float], seed: int = 0) -> Comparison:
    """Compare two sides, value by value; both are of one length, all values above 0.

    Raises TooFewPairs below `FEWEST_PAIRS`, ValueError for values that no ratio can be made of.
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} values on one side, {len(second)} on the other")
    return compare_ratios(
        [_log(one, other) for one, other in zip(first, second, strict=True)], seed
    )


def compare_ratios(logs: Sequence[float], seed: int = 0) -> Comparison:
    """Compare by the logarithms of the pairs' ratios, in the order in which they were measured."""
    if len(logs) < FEWEST_PAIRS:
        raise TooFewPairs(f"{len(logs)} pairs; an interval needs {FEWEST_PAIRS} or more")
    size = block_size(logs)
    sample = in_blocks(logs, size)
    centre = _mean(logs)
    drawn = _studentised(sample, random.Random(f"{seed} {len(logs)}"))
    return Comparison(
        pairs=len(logs),
        ratio=math.exp(centre),
        interval=_interval(centre, sample, drawn, LEVEL),
        equivalence=_interval(centre, sample, drawn, EQUIVALENCE_LEVEL),
        difference=_interval(centre, sample, drawn, DIFFERENCE_LEVEL),
        block=size,
    )


def compare_comparisons(
    first: Sequence[float], second: Sequence[float], seed: int = 0
) -> Comparison:
    """Compare two runs, each given by the logarithms of its pairs' ratios: a ratio of two ratios.

    Runs are not pairs of one another, so each is drawn by itself (Welch's standard error).
    """
    for logs in (first, second):
        if len(logs) < FEWEST_PAIRS:
            raise TooFewPairs(f"{len(logs)} pairs; an interval needs {FEWEST_PAIRS} or more")
    sizes = block_size(first), block_size(second)
    samples = in_blocks(first, sizes[0]), in_blocks(second, sizes[1])
    draw = random.Random(f"{seed} {len(first)} {len(second)}")
    means = [_mean(sample) for sample in samples]
    centre = _mean(first) - _mean(second)
    drawn = sorted(_drawn_difference(samples, means, draw) for _ in range(DRAWINGS))
    error = math.hypot(*map(_standard_error, samples))
    return Comparison(
        pairs=min(len(first), len(second)),
        ratio=math.exp(centre),
        interval=_between(centre, error, drawn, LEVEL),
        equivalence=_between(centre, error, drawn, EQUIVALENCE_LEVEL),
        difference=_between(centre, error, drawn, DIFFERENCE_LEVEL),
        block=max(sizes),
    )


def quick_half_width(logs: Sequence[float]) -> float:
    """About the half width of the 95 % interval, without a drawing: by Student's t.

    For deciding whether to measure on. Raises TooFewPairs.
    """
    if len(logs) < FEWEST_PAIRS:
        raise TooFewPairs(f"{len(logs)} pairs; a width needs {FEWEST_PAIRS} or more")
    sample = in_blocks(logs, block_size(logs))
    return math.exp(_students_quantile(len(sample) - 1) * _standard_error(sample)) - 1


def _students_quantile(freedom: int) -> float:
    """Student's t at 97.5 %, by its expansion in 1 / freedom (Abramowitz and Stegun, 26.7.5)."""
    x = NormalDist().inv_cdf((1 + LEVEL) / 2)
    first, second = (x**3 + x) / 4, (5 * x**5 + 16 * x**3 + 3 * x) / 96
    third = (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / 384
    return x + first / freedom + second / freedom**2 + third / freedom**3


# --- blocks -----------------------------------------------------------------------------------


def block_size(logs: Sequence[float]) -> int:
    """How many neighbours to average: 1, unless they resemble one another.

    Where their correlation is more than chance gives, blocks grow with it, as long as eight remain.
    """
    count, correlation = len(logs), neighbours_correlation(logs)
    if correlation <= _CORRELATED / math.sqrt(count):
        return 1
    # Twice the number of neighbours of an autoregressive series that tell as much as one alone.
    wanted = math.ceil(2 * (1 + correlation) / (1 - correlation))
    return max(1, min(wanted, count // _FEWEST_BLOCKS))


def neighbours_correlation(logs: Sequence[float]) -> float:
    """The correlation of each value with the next; 0 where all are the same."""
    mean = _mean(logs)
    apart = [one - mean for one in logs]
    whole = sum(one * one for one in apart)
    if not whole:
        return 0.0
    return sum(one * other for one, other in itertools.pairwise(apart)) / whole


def in_blocks(logs: Sequence[float], size: int) -> list[float]:
    """Means of `size` neighbours each; what is left over goes into the last block."""
    if size == 1:
        return list(logs)
    starts = range(0, len(logs) - size + 1, size)
    ends = [*[start + size for start in starts][:-1], len(logs)]
    return [_mean(logs[start:end]) for start, end in zip(starts, ends, strict=True)]


# --- drawings ---------------------------------------------------------------------------------


def _studentised(sample: Sequence[float], draw: random.Random) -> list[float]:
    """Sorted: how far each drawing's mean lies from the sample's, in its own standard errors."""
    mean, count = _mean(sample), len(sample)
    found = []
    for _ in range(DRAWINGS):
        drawn = draw.choices(sample, k=count)
        found.append(_in_errors(_mean(drawn) - mean, _standard_error(drawn)))
    return sorted(found)


def _drawn_difference(
    samples: tuple[Sequence[float], Sequence[float]], means: Sequence[float], draw: random.Random
) -> float:
    drawn = [draw.choices(sample, k=len(sample)) for sample in samples]
    apart = (_mean(drawn[0]) - means[0]) - (_mean(drawn[1]) - means[1])
    return _in_errors(apart, math.hypot(*map(_standard_error, drawn)))


def _in_errors(apart: float, error: float) -> float:
    """In standard errors; a drawing of one and the same value shows no spread, and counts as 0."""
    return apart / error if error > 0 else 0.0


def _interval(
    centre: float, sample: Sequence[float], drawn: Sequence[float], level: float
) -> Interval:
    return _between(centre, _standard_error(sample), drawn, level)


def _between(centre: float, error: float, drawn: Sequence[float], level: float) -> Interval:
    """The high end of the drawings gives the low end of the interval, and the other way round."""
    tail = (1 - level) / 2
    low, high = _quantile(drawn, tail), _quantile(drawn, 1 - tail)
    return Interval(math.exp(centre - high * error), math.exp(centre - low * error))


def _quantile(ordered: Sequence[float], share: float) -> float:
    """Between the two nearest values, by their distance."""
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def _standard_error(sample: Sequence[float]) -> float:
    mean, count = _mean(sample), len(sample)
    return math.sqrt(sum((one - mean) ** 2 for one in sample) / (count - 1) / count)


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _log(one: float, other: float) -> float:
    if not (one > 0 and other > 0 and math.isfinite(one) and math.isfinite(other)):
        raise ValueError(f"no ratio can be made of {one} and {other}: both must be above 0")
    return math.log(one / other)
