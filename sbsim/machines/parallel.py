"""One action on several machines at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Protocol, TypeVar

from sbsim.errors import ParallelError


class Named(Protocol):
    """Anything with a name: machines, hosts."""

    @property
    def name(self) -> str:
        """What it is called."""


N = TypeVar("N", bound=Named)
T = TypeVar("T")

MOST_AT_ONCE = 64


def parallel(items: Iterable[N], action: Callable[[N], T]) -> dict[str, T]:
    """Run `action` on every item at once; return each one's answer by its name, in the order given.

    All are waited for, unless the wait is interrupted. Raises what the action raised if it failed
    on one item alone out of one, else ParallelError with every failed item's error by name.
    """
    wanted = list(items)
    if not wanted:
        return {}
    pool = ThreadPoolExecutor(max_workers=min(len(wanted), MOST_AT_ONCE))
    try:
        futures = {item.name: pool.submit(action, item) for item in wanted}
        wait(futures.values())
    finally:
        # Interrupted, it must not wait for what the others still do: nobody wants their answers.
        pool.shutdown(wait=False, cancel_futures=True)
    errors: dict[str, Exception] = {}
    for name, future in futures.items():
        error = future.exception()
        if isinstance(error, Exception):
            errors[name] = error
        elif error is not None:
            raise error
    if errors:
        raise next(iter(errors.values())) if len(wanted) == 1 else ParallelError(errors)
    return {name: future.result() for name, future in futures.items()}
