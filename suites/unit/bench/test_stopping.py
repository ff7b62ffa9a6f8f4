"""When enough pairs have been measured."""

from __future__ import annotations

import itertools
import math
import random

import pytest

from sbsim.bench.stopping import Goal, is_enough, wanted_pairs

GOAL = Goal(half_width=0.015, seconds=600)


def logs(count: int, spread: float = 0.05) -> list[float]:
    draw = random.Random(count)
    return [draw.gauss(0, spread) for _ in range(count)]


def test_fewer_than_the_fewest_pairs_are_never_enough() -> None:
    assert not any(is_enough(GOAL, [0.0] * count, 1.0) for count in range(10))
    assert is_enough(GOAL, [0.0] * 10, 1.0)


def test_quarter_more_is_measured_once_the_width_is_reached() -> None:
    narrow = logs(60, 0.03)
    wanted = wanted_pairs(GOAL, narrow)
    assert wanted is not None
    assert 12 < wanted <= 50
    assert not is_enough(GOAL, narrow[: wanted - 1], 60)
    assert is_enough(GOAL, narrow[:wanted], 60)
    reached_at = math.floor(wanted / 1.25)
    assert wanted_pairs(GOAL, narrow[: reached_at - 1]) is None


def test_wide_interval_is_not_enough() -> None:
    assert wanted_pairs(GOAL, logs(60, 0.2)) is None
    assert not is_enough(GOAL, logs(60, 0.2), 60)


def test_width_is_looked_at_less_and_less_often() -> None:
    looks = list(GOAL.looks(200))
    assert looks[:4] == [8, 9, 10, 11]
    gaps = [later - earlier for earlier, later in itertools.pairwise(looks)]
    assert gaps[0] == 1
    assert gaps[-1] > 10
    assert list(Goal(0.015, 600, pairs=16).looks(20)) == [16, 18, 19]


@pytest.mark.parametrize(("seconds", "enough"), [(500, False), (594, False), (595, True)])
def test_no_pair_is_begun_that_the_time_does_not_suffice_for(seconds: float, enough: bool) -> None:
    """A hundred pairs took `seconds`: one more takes a hundredth of that."""
    assert is_enough(GOAL, logs(101, 1.0), seconds) is enough


def test_most_pairs_are_enough_whatever_they_show() -> None:
    assert is_enough(Goal(0.001, 1e9, most=20), logs(20, 1.0), 1.0)


def test_where_the_ratio_lies_decides_nothing() -> None:
    found = logs(40, 0.03)
    for shift in (-1.0, -0.05, 0.05, 1.0):
        moved = [one + shift for one in found]
        assert wanted_pairs(GOAL, moved) == wanted_pairs(GOAL, found)
