"""When enough pairs have been measured.

What decides is the interval's width alone, never where the ratio lies: stopping as soon as a result
pleases would find one where there is none. A width may still be reached by luck, while the first
pairs happen to lie close together: so a quarter more is measured once it is reached, and what is
called different has to be so at 99 % (`comparison`). The proof in suites/bench counts both.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sbsim.bench.comparison import FEWEST_PAIRS, quick_half_width

# The width is looked at after the fewest pairs, and again after each further tenth.
_GROWTH = 1.1
_MORE = 1.25


@dataclass(frozen=True)
class Goal:
    """How narrow the 95 % interval is to become, as a ratio (0.015: ±1.5 %), and what it may cost.

    `pairs` is the fewest that are measured, `most` where it ends in any case; `seconds` likewise.
    """

    half_width: float
    seconds: float
    pairs: int = FEWEST_PAIRS
    most: int = 2000

    def looks(self, up_to: int) -> Iterator[int]:
        """The numbers of pairs after which the width is looked at."""
        place = float(max(self.pairs, FEWEST_PAIRS))
        while round(place) <= up_to:
            yield round(place)
            place = max(place * _GROWTH, place + 1)


def is_enough(goal: Goal, logs: Sequence[float], seconds: float) -> bool:
    """Whether the pairs suffice, or no further one may be measured.

    `logs` are the logarithms of the pairs' ratios so far, `seconds` what measuring them took; a
    further pair is taken to last as long as those did on average.
    """
    count = len(logs)
    if count >= goal.most or (count and seconds + seconds / count > goal.seconds):
        return True
    wanted = wanted_pairs(goal, logs)
    return wanted is not None and count >= wanted


def wanted_pairs(goal: Goal, logs: Sequence[float]) -> int | None:
    """With how many pairs it will have been enough; None while the width is not reached."""
    for count in goal.looks(len(logs)):
        if quick_half_width(logs[:count]) <= goal.half_width:
            return math.ceil(count * _MORE)
    return None
