from __future__ import annotations

import importlib
import threading
from dataclasses import dataclass

import pytest

from sbsim.errors import ParallelError
from sbsim.machines import parallel


@dataclass(frozen=True)
class Item:
    name: str


ITEMS = [Item("c"), Item("a"), Item("b")]


def test_answers_come_by_name_in_the_order_given() -> None:
    assert list(parallel(ITEMS, lambda item: item.name * 2).items()) == [
        ("c", "cc"),
        ("a", "aa"),
        ("b", "bb"),
    ]


def test_items_run_at_the_same_time() -> None:
    meeting = threading.Barrier(len(ITEMS), timeout=10)
    assert len(parallel(ITEMS, lambda _item: meeting.wait())) == len(ITEMS)


def test_every_failed_item_is_named_and_the_others_are_finished() -> None:
    done: list[str] = []

    def act(item: Item) -> None:
        if item.name != "a":
            raise ValueError(f"no {item.name}")
        done.append(item.name)

    with pytest.raises(ParallelError) as caught:
        parallel(ITEMS, act)
    assert set(caught.value.errors) == {"b", "c"}
    assert "c: no c" in str(caught.value)
    assert done == ["a"]


def test_single_items_error_comes_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError):
        parallel(ITEMS[:1], lambda _item: 1 / 0)


def test_nothing_gives_nothing() -> None:
    assert parallel([], lambda item: item) == {}


def test_interrupted_wait_does_not_wait_for_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, ended = threading.Event(), threading.Event()

    def interrupted(_futures: object) -> None:
        raise KeyboardInterrupt

    def action(_item: object) -> None:
        go_on.wait(10)
        ended.set()

    # The module, not the function of its name that the package shows.
    module = importlib.import_module("sbsim.machines.parallel")
    monkeypatch.setattr(module, "wait", interrupted)
    try:
        with pytest.raises(KeyboardInterrupt):
            parallel([Item("one")], action)
        assert not ended.is_set()
    finally:
        go_on.set()


def test_error_that_is_given_back_is_an_answer() -> None:
    error = ValueError("given, not raised")
    assert parallel([Item("a"), Item("b")], lambda _: error) == {"a": error, "b": error}
