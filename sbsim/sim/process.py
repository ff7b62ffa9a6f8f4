"""A simulated command that runs on beside everything else, on virtual time."""

from __future__ import annotations

from collections.abc import Callable

from sbsim.errors import CommandTimeout
from sbsim.machines.machine import DEFAULT_TIMEOUT_SECONDS, Result
from sbsim.sim.scheduler import Scheduler

# How often whoever waits for its end looks.
STEP_SECONDS = 0.05
# As long as a real one is left to end by itself once it was told to.
STOP_LIMIT_SECONDS = 10.0
KILLED = -9


class Stop:
    """What tells a running program to end."""

    def __init__(self, clock: Scheduler) -> None:
        self.told = False
        self._clock = clock

    def wait(self, timeout: float) -> bool:
        """Let so many seconds go by; whether it is to end."""
        self._clock.sleep(timeout)
        return self.told


class SimulatedProcess:
    """A program in a task of its own; serves as a `Process`."""

    def __init__(
        self,
        machine: str,
        argv: tuple[str, ...],
        clock: Scheduler,
        program: Callable[[Stop], tuple[int, str, str]],
    ) -> None:
        self._machine = machine
        self._argv = argv
        self._clock = clock
        self._stop = Stop(clock)
        self._began = clock.now()
        self._result: Result | None = None

        def task() -> None:
            self._end(*program(self._stop))

        clock.start(task)

    def poll(self) -> Result | None:
        """The result if it has ended, else None."""
        return self._result

    def wait(self, timeout: float = DEFAULT_TIMEOUT_SECONDS) -> Result:
        """Wait for its end. Raises CommandTimeout, and stops it, after `timeout` seconds."""
        if (result := self._wait(timeout)) is not None:
            return result
        self.stop()
        raise CommandTimeout(self._machine, self._argv, timeout)

    def stop(self) -> Result:
        """End it; return what it had said."""
        self._stop.told = True
        if self._wait(STOP_LIMIT_SECONDS) is None:
            self._end(KILLED, "", "")
        assert self._result is not None
        return self._result

    def _wait(self, timeout: float) -> Result | None:
        end = self._clock.now() + timeout
        while self._result is None and self._clock.now() < end:
            self._clock.sleep(STEP_SECONDS)
        return self._result

    def _end(self, status: int, stdout: str, stderr: str) -> None:
        if self._result is None:
            seconds = self._clock.now() - self._began
            self._result = Result(self._argv, status, stdout, stderr, seconds)
