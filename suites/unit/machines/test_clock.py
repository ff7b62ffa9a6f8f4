from __future__ import annotations

import pytest

from sbsim.errors import WaitedInVain
from sbsim.machines.clock import wait_until


class Ticking:
    """A clock whose time passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.time = 100.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.time += seconds


def test_answer_comes_back_as_soon_as_it_is_true() -> None:
    clock, answers = Ticking(), iter([0, "", "yes", "later"])
    assert wait_until(clock, lambda: next(answers), 10, "an answer", every_seconds=1) == "yes"
    assert clock.time == 102


def test_error_names_what_was_waited_for_and_how_long() -> None:
    clock = Ticking()
    with pytest.raises(WaitedInVain, match=r"7 s in vain for the moon"):
        wait_until(clock, lambda: False, 7, "the moon", every_seconds=2)
    assert clock.time == 107


def test_condition_is_asked_once_more_at_the_end_of_the_limit() -> None:
    clock = Ticking()
    assert wait_until(clock, lambda: clock.now() >= 105, 5, "105", every_seconds=100)


def test_condition_is_asked_even_without_time() -> None:
    assert wait_until(Ticking(), lambda: True, 0, "nothing")
