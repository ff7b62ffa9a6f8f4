"""When a device's performance has settled: the rule of SNIA's Performance Test Specification.

Source: SNIA Solid State Storage PTS 2.0, 2.1.24: in a window of five rounds the values lie within
20 % of their mean of one another, and their best-fit line rises or falls by at most 10 % of the
mean over the window; at most 25 rounds are run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WINDOW = 5
MOST_ROUNDS = 25
LARGEST_SPREAD = 0.20
LARGEST_SLOPE = 0.10


@dataclass(frozen=True)
class Window:
    """Five rounds. `first` is the first one's number, from 1.

    `spread` is their maximum less their minimum, `excursion` what their best-fit line changes from
    the first to the last of them; both as a share of their mean.
    """

    first: int
    values: tuple[float, ...]
    spread: float
    excursion: float

    @property
    def last(self) -> int:
        """The number of its last round, from 1."""
        return self.first + WINDOW - 1

    @property
    def steady(self) -> bool:
        """Whether the rule holds in it."""
        return self.spread <= LARGEST_SPREAD and self.excursion <= LARGEST_SLOPE


def steady_window(rounds: Sequence[float]) -> Window | None:
    """The first window in which the rule holds; None if there is none among the first 25 rounds.

    `rounds` are one value per round in their order, such as IOPS; all must be above 0.
    """
    for last in range(WINDOW, min(len(rounds), MOST_ROUNDS) + 1):
        window = window_at(rounds, last)
        if window.steady:
            return window
    return None


def window_at(rounds: Sequence[float], last: int) -> Window:
    """The window that ends with round `last`, counted from 1. ValueError if there is none."""
    values = tuple(rounds[last - WINDOW : last]) if last >= WINDOW else ()
    if len(values) < WINDOW:
        raise ValueError(f"a window of {WINDOW} rounds does not end with round {last}")
    if min(values) <= 0:
        raise ValueError("a round in which nothing was done has no place in a window")
    mean = sum(values) / WINDOW
    return Window(
        first=last - WINDOW + 1,
        values=values,
        spread=(max(values) - min(values)) / mean,
        excursion=abs(_slope(values)) * (WINDOW - 1) / mean,
    )


def why_not(rounds: Sequence[float]) -> str:
    """Why there is no steady state, in words: what the last window shows."""
    if len(rounds) < WINDOW:
        return f"{len(rounds)} rounds are too few: a window has {WINDOW}"
    last = window_at(rounds, min(len(rounds), MOST_ROUNDS))
    return (
        f"rounds {last.first} to {last.last} spread by {last.spread:.1%} of their mean (at most "
        f"{LARGEST_SPREAD:.0%}) and drift by {last.excursion:.1%} (at most {LARGEST_SLOPE:.0%})"
    )


def _slope(values: Sequence[float]) -> float:
    """The best-fit line's change from one value to the next, by least squares."""
    middle, mean = (len(values) - 1) / 2, sum(values) / len(values)
    rise = sum((place - middle) * (value - mean) for place, value in enumerate(values))
    return rise / sum((place - middle) ** 2 for place in range(len(values)))
