"""The method's own proof: what it says of sides that are the same, and of one that is slower.

Slow: 200 comparisons of each kind are drawn anew some thousand times each.
"""

from __future__ import annotations

import math
import random

import pytest

from sbsim.bench.comparison import Comparison, Outcome, compare_ratios
from sbsim.bench.stopping import Goal, is_enough, wanted_pairs
from suites.bench.rounds import Recorded, recorded, slowed

COMPARISONS = 200
MARGIN = 0.05
RUNS = recorded()
GOAL = Goal(half_width=0.015, seconds=math.inf, most=400)


def found(run: Recorded, number: int, share: float = 0.0) -> Comparison:
    """One comparison as the method makes it: pairs until the interval is narrow enough."""
    draw = random.Random(f"{run.name} {number}")
    logs = slowed(run.draw(GOAL.most, draw), share)
    # Found in one step: `is_enough` would come to the same pair by pair.
    count = min(wanted_pairs(GOAL, logs) or GOAL.most, GOAL.most)
    assert is_enough(GOAL, logs[:count], 0.0)
    return compare_ratios(logs[:count], number)


@pytest.fixture(scope="module")
def same() -> list[Comparison]:
    """Sides that are the same: 200 comparisons over all recorded runs."""
    return [found(RUNS[number % len(RUNS)], number) for number in range(COMPARISONS)]


def test_sides_that_are_the_same_are_rarely_called_different(same: list[Comparison]) -> None:
    """At most in 5 % of cases."""
    assert sum(one.different for one in same) <= 0.05 * COMPARISONS


def test_sides_that_are_the_same_are_never_called_worse(same: list[Comparison]) -> None:
    outcomes = [one.outcome(MARGIN) for one in same]
    assert not {Outcome.WORSE, Outcome.BETTER} & set(outcomes)
    assert outcomes.count(Outcome.EQUAL) >= 0.4 * COMPARISONS
    assert outcomes.count(Outcome.UNCLEAR) == 0


def test_slow_down_of_a_twentieth_is_found() -> None:
    """In at least 95 % of cases."""
    seen = [found(RUNS[n % len(RUNS)], n, share=0.05) for n in range(COMPARISONS)]
    assert sum(one.different and one.ratio < 1 for one in seen) >= 0.95 * COMPARISONS


def test_slow_down_of_a_fiftieth_is_not_called_equal() -> None:
    """In at most 5 % of cases; it lies at the very limit of what is called equal."""
    seen = [found(RUNS[n % len(RUNS)], n, share=0.02) for n in range(COMPARISONS)]
    assert sum(one.outcome(MARGIN) is Outcome.EQUAL for one in seen) <= 0.05 * COMPARISONS


def test_slow_down_beyond_the_margin_fails_and_one_inside_it_does_not() -> None:
    beyond = [found(RUNS[n % len(RUNS)], n, share=0.08) for n in range(50)]
    assert sum(one.outcome(MARGIN) is Outcome.WORSE for one in beyond) >= 45
    inside = [found(RUNS[n % len(RUNS)], n, share=0.02) for n in range(50)]
    assert not any(one.outcome(MARGIN) is Outcome.WORSE for one in inside)
