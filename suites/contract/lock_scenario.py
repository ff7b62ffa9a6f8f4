"""Three hosts on one lock space and one lease: played on real sanlock and on the simulated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

IO_TIMEOUT = 1
# When a host is dead: it has not renewed for 8 io_timeouts, and a watchdog has had its minute.
DEAD_SECONDS = 8 * IO_TIMEOUT + 60
HOSTS = (1, 2, 3)
TRY_SECONDS, TRIES = 1.0, 120


class Hosts(Protocol):
    """Three hosts; the lease's users are one process on each of them."""

    def now(self) -> float:
        """Seconds on the hosts' clock."""

    def sleep(self, seconds: float) -> None:
        """Let time go by."""

    def join(self, host: int) -> None:
        """Join the lock space under the host's number."""

    def join_together(self, hosts: tuple[int, ...]) -> dict[int, float]:
        """Have several join at once; how long each took."""

    def leave(self, host: int) -> None:
        """Leave it."""

    def acquire(self, host: int, shared: bool) -> bool:
        """Take the lease and hold it; False if it is refused."""

    def release(self, host: int) -> None:
        """Give it back."""

    def kill(self, host: int) -> None:
        """End the host's daemon at once, and start another one, which knows nothing."""


@dataclass(frozen=True)
class Event:
    """What was done, whether it worked, and how many seconds it took."""

    what: str
    ok: bool
    seconds: float


# What may be expected of each kind of event, in seconds: sanlock's own formulas, and some for the
# machine that it runs on.
BOUNDS: dict[str, tuple[float, float]] = {
    "joins": (2 * IO_TIMEOUT, 5 * IO_TIMEOUT + 2),
    "takes": (0.0, 3 * IO_TIMEOUT),
    "gives back": (0.0, 3 * IO_TIMEOUT),
    "leaves": (0.0, 4 * IO_TIMEOUT),
    "inherits": (DEAD_SECONDS - 2 * IO_TIMEOUT, DEAD_SECONDS + 7 * IO_TIMEOUT + 2),
    "comes back": (DEAD_SECONDS, DEAD_SECONDS + 7 * IO_TIMEOUT + 2),
}


def play(hosts: Hosts) -> list[Event]:
    """Go through the scenario."""
    events: list[Event] = []

    def timed(what: str, act: Callable[[], object]) -> None:
        began = hosts.now()
        ok = act() is not False
        events.append(Event(what, ok, hosts.now() - began))

    def take(host: int, shared: bool = False) -> None:
        mode = "shared" if shared else "exclusive"
        timed(f"host {host} takes it {mode}", lambda: hosts.acquire(host, shared))

    def give(host: int) -> None:
        timed(f"host {host} gives back", lambda: hosts.release(host))

    for host, seconds in sorted(hosts.join_together(HOSTS).items()):
        events.append(Event(f"host {host} joins", True, seconds))
    take(1)
    take(2)
    take(3, shared=True)
    give(1)
    take(2, shared=True)
    take(3, shared=True)
    take(1)
    give(2)
    take(1)
    give(3)
    take(1)
    timed("host 3 leaves", lambda: hosts.leave(3))
    timed("host 3 joins", lambda: hosts.join(3))
    take(3)
    hosts.kill(1)
    died = hosts.now()
    take(2)
    inherited = any(_tried(hosts, 2) for _ in range(TRIES))
    events.append(Event("host 2 inherits", inherited, hosts.now() - died))
    take(3)
    give(2)
    timed("host 1 comes back", lambda: hosts.join(1))
    take(1)
    take(2)
    return events


def _tried(hosts: Hosts, host: int) -> bool:
    if hosts.acquire(host, shared=False):
        return True
    hosts.sleep(TRY_SECONDS)
    return False
