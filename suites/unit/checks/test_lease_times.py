"""When locks come free: the table of sanlock's own documentation, less one renewal at the start."""

from __future__ import annotations

import pytest

from sbsim.checks.lease_times import Bounds, free_after_power_cut


@pytest.mark.parametrize(
    ("io_timeout", "dead", "latest"), [(5, 100, 135), (10, 140, 210), (20, 220, 360)]
)
def test_bounds_are_those_of_the_table(io_timeout: int, dead: int, latest: int) -> None:
    assert free_after_power_cut(io_timeout, 60) == Bounds(dead - 2 * io_timeout, latest)


def test_a_short_watchdog_shortens_them() -> None:
    assert free_after_power_cut(40, 1) == Bounds(6 * 40 + 1, 15 * 40 + 1)
