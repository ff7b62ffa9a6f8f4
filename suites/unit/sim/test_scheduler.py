"""Virtual time: in order, cooperative, repeatable, and quick."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sbsim.errors import ParallelError, WaitedInVain
from sbsim.machines import parallel
from sbsim.machines.clock import wait_until
from sbsim.machines.parallel import run_by
from sbsim.sim.scheduler import Scheduler, Stuck


class Item:
    def __init__(self, name: str) -> None:
        self.name = name


def test_sleeping_moves_time_and_nothing_else() -> None:
    clock = Scheduler()
    clock.sleep(86_400)
    clock.sleep(0.5)
    assert clock.now() == 86_400.5


@given(st.lists(st.floats(0, 100, allow_nan=False), max_size=20), st.integers())
def test_what_is_due_is_done_in_the_order_of_its_moments(moments: list[float], seed: int) -> None:
    clock, done = Scheduler(seed), []
    for moment in moments:
        clock.after(moment, lambda moment=moment: done.append((moment, clock.now())))
    clock.sleep(1000)
    assert [moment for moment, _ in done] == sorted(moments)
    assert all(moment == at for moment, at in done)


def test_stopped_timer_does_nothing() -> None:
    clock, done = Scheduler(), []
    timer = clock.after(1, lambda: done.append(1))
    timer.stop()
    clock.sleep(2)
    assert done == []


def order_of(seed: int) -> list[str]:
    clock, order = Scheduler(seed), []

    def visit(item: Item) -> None:
        for _ in range(3):
            order.append(item.name)
            clock.sleep(1)

    with run_by(clock.run_all):
        parallel([Item(name) for name in "abcd"], visit)
    assert clock.now() == 3
    return order


def test_tasks_take_turns_in_an_order_that_the_seed_decides() -> None:
    assert order_of(1) == order_of(1)
    assert sorted(order_of(1)[:4]) == list("abcd")
    assert len({tuple(order_of(seed)) for seed in range(20)}) > 1


def test_answers_and_errors_are_those_of_threads() -> None:
    clock = Scheduler()

    def double(item: Item) -> str:
        clock.sleep(1)
        return item.name * 2

    def fail(item: Item) -> str:
        raise ValueError(item.name)

    with run_by(clock.run_all):
        assert parallel([Item("a"), Item("b")], double) == {"a": "aa", "b": "bb"}
        with pytest.raises(ParallelError, match=r"b"):
            parallel([Item("a"), Item("b")], fail)
        with pytest.raises(ValueError, match=r"a"):
            parallel([Item("a")], fail)
    assert clock.now() == 1


def test_error_that_is_given_back_is_an_answer() -> None:
    error = ValueError("given, not raised")
    with run_by(Scheduler().run_all):
        assert parallel([Item("a"), Item("b")], lambda _: error) == {"a": error, "b": error}


def test_tasks_may_have_tasks() -> None:
    clock = Scheduler()

    def inner(item: Item) -> str:
        clock.sleep(2)
        return item.name

    def outer(item: Item) -> list[str]:
        return list(parallel([Item(f"{item.name}{number}") for number in range(3)], inner).values())

    with run_by(clock.run_all):
        assert parallel([Item("a"), Item("b")], outer) == {
            "a": ["a0", "a1", "a2"], "b": ["b0", "b1", "b2"],
        }  # fmt: skip
    assert clock.now() == 2


def test_waiting_for_a_condition_ends_when_it_is_so_or_at_its_limit() -> None:
    clock, there = Scheduler(), []
    clock.after(7, lambda: there.append(1))
    wait_until(clock, lambda: there, 60, "it")
    assert 7 <= clock.now() < 7.5
    with pytest.raises(WaitedInVain):
        wait_until(clock, lambda: False, 60, "nothing")


def test_wait_that_can_never_end_is_told() -> None:
    clock = Scheduler()

    def wait_for_ever(item: Item) -> None:
        clock._give_way()

    with run_by(clock.run_all), pytest.raises(Stuck, match="nothing is due"):
        parallel([Item("a")], wait_for_ever)
    clock.sleep(1)
    assert clock.now() == 1


def test_what_a_task_of_its_own_raises_reaches_whoever_waits() -> None:
    clock = Scheduler()

    def fail() -> None:
        raise ValueError("in the background")

    clock.start(fail)
    with pytest.raises(ValueError, match="in the background"):
        clock.sleep(10)
    clock.sleep(1)
