"""Two sides compared: against SciPy where it has the same, and by what must hold of any."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sbsim.bench.comparison import (
    FEWEST_PAIRS,
    Comparison,
    Interval,
    Outcome,
    block_size,
    compare,
    compare_comparisons,
    compare_ratios,
    in_blocks,
    neighbours_correlation,
    quick_half_width,
)
from sbsim.bench.errors import TooFewPairs


def pairs(seed: int, count: int, ratio: float, spread: float) -> list[float]:
    """Logarithms of ratios around a true one."""
    draw = random.Random(seed)
    return [math.log(ratio) + draw.gauss(0, spread) for _ in range(count)]


@given(st.integers(0, 10**6))
def test_ratio_is_the_geometric_mean(seed: int) -> None:
    draw = random.Random(seed)
    first = [draw.uniform(1, 1000) for _ in range(12)]
    second = [draw.uniform(1, 1000) for _ in range(12)]
    wanted = stats.gmean(np.array(first) / np.array(second))
    assert compare(first, second).ratio == pytest.approx(wanted)


@pytest.mark.parametrize("seed", range(5))
def test_interval_of_many_normal_pairs_is_students(seed: int) -> None:
    """For normal values the bootstrap-t must come to what Student's t gives exactly."""
    logs = pairs(seed, 60, 0.97, 0.05)
    if block_size(logs) > 1:
        pytest.skip("this draw resembles a drift")
    for level, found in ((0.95, "interval"), (0.90, "equivalence"), (0.99, "difference")):
        low, high = stats.t.interval(level, 59, np.mean(logs), stats.sem(logs))
        interval: Interval = getattr(compare_ratios(logs), found)
        width = high - low
        assert math.log(interval.low) == pytest.approx(low, abs=0.12 * width)
        assert math.log(interval.high) == pytest.approx(high, abs=0.12 * width)


@pytest.mark.parametrize("count", [8, 20, 200])
def test_quick_width_is_students(count: int) -> None:
    logs = pairs(count, count, 0.97, 0.05)
    assert block_size(logs) == 1
    low, high = stats.t.interval(0.95, count - 1, np.mean(logs), stats.sem(logs))
    assert math.log1p(quick_half_width(logs)) == pytest.approx((high - low) / 2, rel=0.002)


def test_same_pairs_and_seed_give_the_same_to_the_last_digit() -> None:
    logs = pairs(1, 20, 0.9, 0.1)
    assert compare_ratios(logs, seed=3) == compare_ratios(logs, seed=3)
    assert compare_ratios(logs, seed=3) != compare_ratios(logs, seed=4)


@given(st.integers(0, 10**6), st.floats(0.001, 0.3))
def test_swapped_sides_give_the_reciprocal(seed: int, spread: float) -> None:
    logs = pairs(seed, 16, 0.95, spread)
    one, other = compare_ratios(logs), compare_ratios([-log for log in logs])
    assert one.ratio * other.ratio == pytest.approx(1)
    # Drawn alike, so that even the interval is the mirrored one.
    assert one.interval.low * other.interval.high == pytest.approx(1)


@given(st.integers(0, 10**6), st.floats(0.5, 2.0))
def test_interval_moves_with_the_ratio(seed: int, factor: float) -> None:
    logs = pairs(seed, 16, 1.0, 0.05)
    moved = compare_ratios([log + math.log(factor) for log in logs])
    plain = compare_ratios(logs)
    assert moved.interval.low == pytest.approx(plain.interval.low * factor)
    assert moved.interval.high == pytest.approx(plain.interval.high * factor)


@given(st.integers(0, 10**6))
def test_interval_holds_the_ratio_and_the_narrower_one(seed: int) -> None:
    found = compare_ratios(pairs(seed, 20, 1.0, 0.05))
    assert found.interval.low <= found.equivalence.low <= found.ratio
    assert found.ratio <= found.equivalence.high <= found.interval.high


def test_pairs_that_are_all_the_same_leave_no_doubt() -> None:
    found = compare([95.0] * 10, [100.0] * 10)
    assert found.interval == found.equivalence
    assert found.interval.low == pytest.approx(0.95)
    assert found.interval.half_width == pytest.approx(0)


@pytest.mark.parametrize("few", range(FEWEST_PAIRS))
def test_too_few_pairs_are_refused(few: int) -> None:
    with pytest.raises(TooFewPairs, match=f"{few} pairs; an interval needs 8 or more"):
        compare([1.0] * few, [1.0] * few)
    with pytest.raises(TooFewPairs, match="a width needs 8"):
        quick_half_width([0.1] * few)
    with pytest.raises(TooFewPairs):
        compare_comparisons([0.1] * 20, [0.1] * few)


@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan, math.inf])
def test_value_that_no_ratio_can_be_made_of_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="no ratio can be made of"):
        compare([1.0] * 9 + [bad], [1.0] * 10)


def test_sides_of_two_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="10 values on one side, 9 on the other"):
        compare([1.0] * 10, [1.0] * 9)


# --- what it shows ----------------------------------------------------------------------------


def shown(low: float, high: float, margin: float = 0.05) -> Outcome:
    interval = Interval(low, high)
    found = Comparison(20, math.sqrt(low * high), interval, interval, interval, 1)
    return found.outcome(margin)


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [
        (0.99, 1.01, Outcome.EQUAL),
        (0.981, 1.0199, Outcome.EQUAL),
        (0.97, 0.99, Outcome.WITHIN),
        (0.96, 1.04, Outcome.WITHIN),
        (0.94, 0.99, Outcome.UNCLEAR),
        (0.99, 1.08, Outcome.UNCLEAR),
        (0.90, 0.949, Outcome.WORSE),
        (0.90, 0.951, Outcome.UNCLEAR),
        (1.06, 1.10, Outcome.BETTER),
        (1.04, 1.10, Outcome.UNCLEAR),
        (0.5, 2.0, Outcome.UNCLEAR),
    ],
)
def test_outcome_follows_the_interval_and_the_margin(
    low: float, high: float, wanted: Outcome
) -> None:
    assert shown(low, high) is wanted


def test_margin_below_that_of_equality_is_the_one_that_counts() -> None:
    assert shown(0.985, 1.01, margin=0.01) is Outcome.UNCLEAR
    assert shown(0.995, 1.004, margin=0.01) is Outcome.EQUAL


def test_half_width_is_that_of_the_ratio() -> None:
    assert Interval(1 / 1.015, 1.015).half_width == pytest.approx(0.015)


# --- pairs that resemble their neighbours -----------------------------------------------------


def drifting(seed: int, count: int, memory: float) -> list[float]:
    draw = random.Random(seed)
    value, found = draw.gauss(0, 0.05), []
    for _ in range(count):
        found.append(value)
        value = memory * value + draw.gauss(0, 0.05 * math.sqrt(1 - memory**2))
    return found


def test_correlation_of_neighbours_is_numpys() -> None:
    logs = np.array(drifting(5, 200, 0.7))
    apart = logs - logs.mean()
    wanted = float((apart[:-1] @ apart[1:]) / (apart @ apart))
    assert neighbours_correlation(list(logs)) == pytest.approx(wanted)
    assert neighbours_correlation([0.5] * 9) == 0.0


def test_drifting_pairs_are_averaged_in_blocks_and_widen_the_interval() -> None:
    logs = drifting(1, 200, 0.8)
    alone = compare_ratios(random.Random(1).sample(logs, len(logs)))
    found = compare_ratios(logs)
    assert found.block > 1
    assert alone.block == 1
    assert found.interval.half_width > 1.5 * alone.interval.half_width


def test_pairs_that_alternate_are_not_averaged() -> None:
    assert block_size([0.1, -0.1] * 20) == 1


@given(st.lists(st.floats(-1, 1), min_size=8, max_size=100), st.integers(1, 12))
def test_blocks_hold_every_pair_once(logs: list[float], size: int) -> None:
    if len(logs) // size < 1:
        return
    blocks = in_blocks(logs, size)
    assert len(blocks) == len(logs) // size
    whole = blocks[:-1]
    last = len(logs) - size * len(whole)
    assert size * sum(whole) + last * blocks[-1] == pytest.approx(sum(logs), abs=1e-9)


@given(st.integers(8, 400), st.floats(-0.9, 0.99))
def test_eight_blocks_are_left_however_much_pairs_drift(count: int, memory: float) -> None:
    size = block_size(drifting(count, count, memory))
    assert count // size >= 8


# --- two runs ---------------------------------------------------------------------------------


def test_two_runs_are_compared_by_the_ratio_of_their_ratios() -> None:
    found = compare_comparisons(pairs(1, 40, 0.90, 0.02), pairs(2, 60, 0.99, 0.02))
    assert found.ratio == pytest.approx(0.90 / 0.99, rel=0.02)
    assert found.different
    assert found.pairs == 40


def test_interval_of_two_runs_is_welchs() -> None:
    first, second = pairs(3, 60, 1.0, 0.02), pairs(4, 90, 1.0, 0.06)
    assert (block_size(first), block_size(second)) == (1, 1)
    found = compare_comparisons(first, second)
    wanted = stats.ttest_ind(first, second, equal_var=False).confidence_interval(0.95)
    width = wanted.high - wanted.low
    assert math.log(found.interval.low) == pytest.approx(wanted.low, abs=0.12 * width)
    assert math.log(found.interval.high) == pytest.approx(wanted.high, abs=0.12 * width)
