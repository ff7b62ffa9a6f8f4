"""Fifty-seven series of rounds with their answers by the published rule, found by SciPy and NumPy.

    python suites/bench/golden.py > suites/bench/steady_state.json

makes them anew. They are of the kinds that devices show: steady from the start, a decay to a
plateau, a ramp, a slow wave, a step, noise, and both sides of each of the rule's two limits.
"""

from __future__ import annotations

import json
import math
import random

import numpy as np
from scipy.stats import linregress

WINDOW, MOST = 5, 25


def answer(rounds: list[float]) -> int | None:
    """The number of the round with which the first steady window ends; None without one."""
    for last in range(WINDOW, min(len(rounds), MOST) + 1):
        window = np.array(rounds[last - WINDOW : last])
        line = linregress(np.arange(WINDOW), window)
        ends = line.intercept + line.slope * np.array([0, WINDOW - 1])
        spread_fits = np.ptp(window) <= 0.2 * window.mean()
        if spread_fits and abs(ends[1] - ends[0]) <= 0.1 * window.mean():
            return last
    return None


def series() -> list[list[float]]:
    """The rounds of every series, rounded so that a file holds them exactly."""
    draw = random.Random("steady state")
    found: list[list[float]] = []
    for level in (0.5, 1000.0, 1e6):
        found.append([level] * 5)
        found.append([level] * 4)
    for half_life in (1, 2, 4, 8):
        for height in (0.5, 2, 10):
            found.append([1000 * (1 + height * 0.5 ** (n / half_life)) for n in range(25)])
    # A ramp's line is the ramp: it changes by 4 steps of 1000 over a window around its mean.
    for percent in (2.0, 2.4, 2.5, 2.6, 3.0, 6.0):
        found.append([1000 * (1 + percent / 100) ** n for n in range(25)])
        found.append([1000 * (1 - percent / 100) ** n for n in range(25)])
    # No slope, two values: the spread alone decides.
    for spread in (0.15, 0.19, 0.199, 0.201, 0.21, 0.4):
        found.append([1000 * (1 + (spread / 2 if n % 2 else -spread / 2)) for n in range(12)])
    for at in (3, 6, 9, 20):
        found.append([2000.0 if n < at else 1000.0 for n in range(25)])
    for period in (6, 10, 20):
        for height in (0.1, 0.3):
            found.append([1000 * (1 + height * math.sin(2 * math.pi * n / period))
                          for n in range(25)])  # fmt: skip
    for noise in (0.02, 0.05, 0.08, 0.12, 0.2):
        for _ in range(2):
            found.append([1000 * draw.lognormvariate(0, noise) for _ in range(25)])
    # Steady only after the 25th round, which is too late.
    found.append([1000.0 * 1.2**n for n in range(25)] + [1000.0] * 6)
    return [[round(one, 6) for one in rounds] for rounds in found]


if __name__ == "__main__":
    rows = [{"rounds": one, "steady_after": answer(one)} for one in series()]
    print("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]")
