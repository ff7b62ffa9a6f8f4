"""One action on several machines at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from sbsim.errors import ParallelError


class Named(Protocol):
    """Anything with a name: machines, hosts."""

    @property
    def name(self) -> str:
        """What it is called."""


N = TypeVar("N", bound=Named)
T = TypeVar("T")

Calls = Mapping[str, Callable[[], Any]]


@dataclass(frozen=True)
class Ended:
    """How a call ended: what it gave, or what it raised."""

    value: Any = None
    error: BaseException | None = None


# Runs calls at once and waits for all.
Runner = Callable[[Calls], Mapping[str, Ended]]

MOST_AT_ONCE = 64


def parallel(items: Iterable[N], action: Callable[[N], T]) -> dict[str, T]:
    """Run `action` on every item at once; return each one's answer by its name, in the order given.

    All are waited for, unless the wait is interrupted. Raises what the action raised if it failed
    on one item alone out of one, else ParallelError with every failed item's error by name.
    """
    wanted = list(items)
    if not wanted:
        return {}
    ended = _runner.get()({item.name: _bound(action, item) for item in wanted})
    errors: dict[str, Exception] = {}
    for name, one in ended.items():
        if isinstance(one.error, Exception):
            errors[name] = one.error
        elif one.error is not None:
            raise one.error
    if errors:
        raise next(iter(errors.values())) if len(wanted) == 1 else ParallelError(errors)
    return {name: one.value for name, one in ended.items()}


def _bound(action: Callable[[N], T], item: N) -> Callable[[], T]:
    return lambda: action(item)


def in_threads(calls: Calls) -> Mapping[str, Ended]:
    """Run calls in threads: what real machines want."""
    pool = ThreadPoolExecutor(max_workers=min(len(calls), MOST_AT_ONCE))
    try:
        futures = {name: pool.submit(call) for name, call in calls.items()}
        wait(futures.values())
    finally:
        # Interrupted, it must not wait for what the others still do: nobody wants their answers.
        pool.shutdown(wait=False, cancel_futures=True)
    return {
        name: Ended(error=error) if (error := future.exception()) else Ended(future.result())
        for name, future in futures.items()
    }


_runner: ContextVar[Runner] = ContextVar("runner", default=in_threads)


@contextmanager
def run_by(runner: Runner) -> Iterator[None]:
    """Inside, `parallel` has its calls run by that runner: a simulated world has one of its own."""
    token = _runner.set(runner)
    try:
        yield
    finally:
        _runner.reset(token)
