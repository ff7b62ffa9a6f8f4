"""Latencies as fio counts them: how many fell near each value.

fio keeps them in bins of about 1.6 % width (64 per power of two) and names a bin by its middle;
so every value read from a histogram is exact to some 0.8 %.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate

PERCENTILES = (50.0, 95.0, 99.0, 99.9)


@dataclass(frozen=True)
class Histogram:
    """Counts by latency in nanoseconds; `largest` is the longest one that was seen, exactly.

    Example: `merged([one, other]).percentile(99.9)`
    """

    counts: Mapping[int, int] = field(default_factory=dict)
    largest: int = 0

    def __post_init__(self) -> None:
        if any(value < 0 or count < 1 for value, count in self.counts.items()):
            raise ValueError("a latency is 0 ns or more, and a bin holds 1 or more")

    @property
    def number(self) -> int:
        """How many latencies there are."""
        return sum(self.counts.values())

    @property
    def mean(self) -> float:
        """Their mean in nanoseconds, from the bins. ValueError if there are none."""
        if not self.counts:
            raise ValueError("no latency was counted")
        return sum(value * count for value, count in self.counts.items()) / self.number

    def percentile(self, percent: float) -> int:
        """The smallest bin up to which `percent` of all latencies lie, in nanoseconds.

        It is fio's own rule. ValueError outside 0 to 100, or if there are none.
        """
        if not 0 < percent <= 100:
            raise ValueError(f"a percentile lies above 0 and up to 100, not at {percent}")
        if not self.counts:
            raise ValueError("no latency was counted")
        values = sorted(self.counts)
        up_to = list(accumulate(self.counts[value] for value in values))
        return values[bisect_left(up_to, percent / 100 * up_to[-1])]


def merged(histograms: Iterable[Histogram]) -> Histogram:
    """One histogram of all that were counted in any."""
    total: Counter[int] = Counter()
    largest = 0
    for one in histograms:
        total.update(one.counts)
        largest = max(largest, one.largest)
    return Histogram(dict(sorted(total.items())), largest)
