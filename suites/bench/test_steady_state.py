"""The steady-state rule against series whose answers SciPy has found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sbsim.bench.steady_state import MOST_ROUNDS, steady_window, why_not, window_at
from suites.bench import golden

ROWS = json.loads(Path(__file__).with_name("steady_state.json").read_text())


def test_there_are_enough_series_of_either_kind() -> None:
    steady = [row["steady_after"] is not None for row in ROWS]
    assert len(ROWS) >= 50
    assert min(steady.count(True), steady.count(False)) >= 15


@pytest.mark.parametrize("number", range(len(ROWS)))
def test_golden_series_is_steady_when_it_must_be(number: int) -> None:
    row = ROWS[number]
    window = steady_window(row["rounds"])
    assert (window.last if window else None) == row["steady_after"]


def test_golden_series_are_what_their_maker_makes() -> None:
    assert [row["rounds"] for row in ROWS] == golden.series()
    assert [row["steady_after"] for row in ROWS] == [golden.answer(row["rounds"]) for row in ROWS]


def test_steady_only_after_the_last_round_that_may_be_run_is_too_late() -> None:
    assert len(ROWS[-1]["rounds"]) > MOST_ROUNDS
    assert steady_window(ROWS[-1]["rounds"]) is None
    assert steady_window(ROWS[-1]["rounds"][MOST_ROUNDS:]) is not None


def test_reason_names_the_last_window_and_both_limits() -> None:
    assert why_not([1, 2, 4]) == "3 rounds are too few: a window has 5"
    said = why_not([1.0, 1.1, 1.2, 1.3, 1.4, 1.5])
    assert said == (
        "rounds 2 to 6 spread by 30.8% of their mean (at most 20%) and drift by 30.8% (at most 10%)"
    )


def test_window_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="does not end with round 4"):
        window_at([1.0] * 10, 4)
    with pytest.raises(ValueError, match="does not end with round 11"):
        window_at([1.0] * 10, 11)
    with pytest.raises(ValueError, match="nothing was done"):
        window_at([1.0, 1.0, 0.0, 1.0, 1.0], 5)
