"""When the locks of a host that is gone come free, by sanlock's own arithmetic.

A host renews its lease every 2 io_timeouts. It is dead to the others when it has not for 8, and
the time after which its watchdog has surely reset it is over as well. Who waits for one of its
locks looks at that no more often than every few io_timeouts, so it may take 7 more.
"""

from __future__ import annotations

from dataclasses import dataclass

RENEWAL, DEAD, LATE = 2, 8, 7  # in io_timeouts


@dataclass(frozen=True)
class Bounds:
    """The seconds after a power cut before which no lock comes free, and by which all have."""

    earliest: int
    latest: int


def free_after_power_cut(io_timeout: int, fire: int) -> Bounds:
    """The bounds for locks of a host whose power is cut; both arguments are seconds.

    `fire` is when a watchdog has surely reset a host (`lock_space.read_fire_seconds`); sanlock
    waits as long where it uses none. The host's last renewal may have been one period before, so
    the earliest is that much less than dead.

    Source: sanlock's timeouts.c; at io_timeout 10 and its usual 60 s 120 to 210 s.
    """
    return Bounds((DEAD - RENEWAL) * io_timeout + fire, (DEAD + LATE) * io_timeout + fire)
