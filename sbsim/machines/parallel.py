"""One action on several machines at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
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

    All are waited for. Raises what the action raised if it failed on one item alone out of one,
    else ParallelError with every failed item's error by name.
    """
    wanted = list(items)
    if not wanted:
        return {}
    with ThreadPoolExecutor(max_workers=min(len(wanted), MOST_AT_ONCE)) as pool:
        futures = {item.name: pool.submit(action, item) for item in wanted}
    errors = {name: error for name, future in futures.items() if (error := future.exception())}
    for error in errors.values():
        if not isinstance(error, Exception) or len(wanted) == 1:
            raise error
    if errors:
        raise ParallelError({name: error for name, error in errors.items()})  # type: ignore[misc]
    return {name: future.result() for name, future in futures.items()}
