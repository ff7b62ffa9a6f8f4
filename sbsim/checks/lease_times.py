"""When the locks of a host that is gone come free, by sanlock's own arithmetic.

A host renews its lease every 2 io_timeouts. It is dead to the others when it has not for 8, and
the time after which its watchdog has surely reset it is over as well. Who waits for one of its
locks looks at that no more often than every few io_timeouts, so it may take 7 more.
"""

from __future__ import annotations

from dataclasses import dataclass

from sbsim.sharedblock.profile import Profile

RENEWAL, DEAD, LATE = 2, 8, 7  # in io_timeouts
FIRE_SECONDS = 60  # sanlock's watchdog_fire_timeout where nothing else is configured


@dataclass(frozen=True)
class Bounds:
    """The seconds after a power cut before which no lock comes free, and by which all have."""

    earliest: int
    latest: int


def free_after_power_cut(profile: Profile, io_timeout: int | None = None) -> Bounds:
    """The bounds for locks of a host whose power is cut; `io_timeout` the profile's if None.

    Its last renewal may have been one period before, so the earliest is that much less than dead.

    Source: sanlock's timeouts.c; at io_timeout 10 and unchanged settings 120 to 210 s.
    """
    one = profile.io_timeout if io_timeout is None else io_timeout
    fire = int(profile.sanlock.get("watchdog_fire_timeout", FIRE_SECONDS))
    return Bounds((DEAD - RENEWAL) * one + fire, (DEAD + LATE) * one + fire)
