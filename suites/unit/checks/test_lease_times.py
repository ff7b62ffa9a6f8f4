"""When locks come free: the table of sanlock's own documentation, less one renewal at the start."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sbsim.checks.lease_times import Bounds, free_after_power_cut
from sbsim.sharedblock.profiles import profile


@pytest.mark.parametrize(
    ("io_timeout", "dead", "latest"), [(5, 100, 135), (10, 140, 210), (20, 220, 360)]
)
def test_bounds_are_those_of_the_table(io_timeout: int, dead: int, latest: int) -> None:
    found = free_after_power_cut(profile("zstack-2.6"), io_timeout)
    assert found == Bounds(dead - 2 * io_timeout, latest)


def test_a_short_watchdog_shortens_them_and_the_profile_gives_what_is_not_said() -> None:
    of = profile("zstack-5")
    assert free_after_power_cut(of) == Bounds(6 * 40 + 1, 15 * 40 + 1)
    assert free_after_power_cut(replace(of, sanlock={})) == Bounds(6 * 40 + 60, 15 * 40 + 60)
