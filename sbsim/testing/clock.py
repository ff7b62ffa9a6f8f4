"""A clock that never waits."""

from __future__ import annotations


class FakeClock:
    """Serves as a `Clock`; sleeping only moves `time`, which is in seconds and begins at 0.

    Example: `wait_until(clock := FakeClock(), ready, 60, "it")`, then look at ``clock.time``
    """

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        """The time so far."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Let time go by at once."""
        self.time += seconds
