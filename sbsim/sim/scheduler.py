"""Virtual time: one thread, cooperative tasks, and an order that only the seed decides.

Whoever sleeps gives way to the others; when all sleep, time jumps to the next one's moment. So a
run is a pure function of what it is given, and an hour without events takes no time at all.
"""

from __future__ import annotations

import contextvars
import heapq
import random
from collections.abc import Callable, Mapping
from typing import Any

from greenlet import getcurrent, greenlet

from sbsim.errors import SbsimError
from sbsim.machines.parallel import Ended

# When virtual time begins, in seconds since 1970.
BEGINNING = 1_700_000_000


class Stuck(SbsimError):
    """Every task waits for another one, and nothing is due to happen."""


class Scheduler:
    """A `Clock` of virtual seconds, and the tasks that live by it. Begins at 0.

    `now` and `sleep` serve as the machines' clock; `run_all` serves as `parallel`'s runner. Of what
    is due at the same moment the seed draws the order.

    Raises Stuck where a wait could never end.

    Example: ``clock = Scheduler(seed=7); clock.after(3, ring); clock.sleep(10)``
    """

    def __init__(self, seed: int = 0) -> None:
        self._time = 0.0
        self._random = random.Random(seed)
        self._order = 0
        # Counts all that happens: who has looked since the last of it need not look again.
        self.happenings = 0
        self._due: list[tuple[float, float, int, Timer]] = []
        self._loop = greenlet(self._run)

    # --- time ---------------------------------------------------------------------------------

    def now(self) -> float:
        """Virtual seconds since the world began."""
        return self._time

    def sleep(self, seconds: float) -> None:
        """Let others go on, and time go by."""
        self.after(seconds, getcurrent().switch)
        self._give_way()

    def after(self, seconds: float, action: Callable[[], object]) -> Timer:
        """Have something done in a while; it must not wait itself. The timer can be stopped."""
        timer = Timer(action)
        moment = self._time + max(0.0, seconds)
        self._order += 1
        heapq.heappush(self._due, (moment, self._random.random(), self._order, timer))
        return timer

    # --- tasks --------------------------------------------------------------------------------

    def start(self, call: Callable[[], object]) -> None:
        """Have a task begin now, beside the others. What it raises ends the whole run."""
        task = greenlet(call, parent=self._loop)
        task.gr_context = contextvars.copy_context()  # else it would know of no runner
        self.after(0, task.switch)

    def run_all(self, calls: Mapping[str, Callable[[], Any]]) -> dict[str, Ended]:
        """Run calls beside each other and wait for all."""
        ended: dict[str, Ended] = {}
        waiting = getcurrent()

        def task(name: str, call: Callable[[], Any]) -> None:
            try:
                ended[name] = Ended(call())
            except Exception as error:
                ended[name] = Ended(error=error)
            if len(ended) == len(calls):
                self.after(0, waiting.switch)

        for name, call in calls.items():
            self.start(lambda name=name, call=call: task(name, call))  # type: ignore[misc]
        self._give_way()
        return {name: ended[name] for name in calls}

    # --- going back ---------------------------------------------------------------------------

    @property
    def state(self) -> dict[str, Any]:
        """What the clock is: its time, and what is due. Tasks that are under way are left out."""
        due = [one for one in self._due if not one[-1].is_task]
        return {"_time": self._time, "_random": self._random, "_order": self._order, "_due": due}

    @state.setter
    def state(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    @property
    def busy(self) -> bool:
        """Whether another task is under way, waiting for its moment."""
        return any(one[-1].is_task for one in self._due)

    # --- the loop -----------------------------------------------------------------------------

    def _give_way(self) -> None:
        if self._loop.dead:  # what it raised has ended the run before
            self._loop = greenlet(self._run)
        self._loop.parent = _main()
        self._loop.switch()

    def _run(self) -> None:
        while self._due:
            moment, _, _, timer = heapq.heappop(self._due)
            self._time = max(self._time, moment)
            self.happenings += 1
            timer.ring()
        raise Stuck("every task waits for another one, and nothing is due to happen")


class Timer:
    """Something that will be done, unless it is stopped."""

    def __init__(self, action: Callable[[], object]) -> None:
        self._action: Callable[[], object] | None = action

    @property
    def is_task(self) -> bool:
        """Whether a task goes on by it."""
        return isinstance(getattr(self._action, "__self__", None), greenlet)

    def ring(self) -> None:
        """Do it."""
        if self._action is not None:
            self._action()

    def stop(self) -> None:
        """Leave it undone."""
        self._action = None


def _main() -> greenlet:
    """The greenlet of whoever calls from outside."""
    one = getcurrent()
    while one.parent is not None:
        one = one.parent
    return one
