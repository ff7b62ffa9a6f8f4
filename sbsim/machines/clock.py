"""Time, as everything above the machines sees it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from sbsim.errors import WaitedInVain

T = TypeVar("T")

POLL_SECONDS = 0.2


class Clock(Protocol):
    """What waits. The wall clock on real machines, virtual time in a simulated world."""

    def now(self) -> float:
        """Seconds since some fixed moment; only differences mean anything."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class WallClock:
    """The machine's own monotonic clock."""

    def now(self) -> float:
        """Seconds since boot."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Block this thread."""
        time.sleep(seconds)


def wait_until(
    clock: Clock,
    condition: Callable[[], T],
    limit_seconds: float,
    what: str,
    every_seconds: float = POLL_SECONDS,
) -> T:
    """Ask `condition` again and again until its answer is true; return that answer.

    Raises WaitedInVain, naming `what`, when `limit_seconds` have passed. The condition is always
    asked once more at the end of the limit, so a slow poll cannot miss it.
    """
    end = clock.now() + limit_seconds
    while True:
        late = clock.now() >= end
        answer = condition()
        if answer:
            return answer
        if late:
            raise WaitedInVain(f"waited {limit_seconds:g} s in vain for {what}")
        clock.sleep(min(every_seconds, max(0.0, end - clock.now())))
