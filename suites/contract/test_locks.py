"""Three hosts and one lease: what real sanlock did, and what the simulated daemons do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sbsim.sim.disk.space import Space
from sbsim.sim.sanlock.daemon import Daemon, Lease, SanlockError
from sbsim.sim.sanlock.records import format_lease, format_lock_space
from sbsim.sim.scheduler import Scheduler

from .lock_scenario import BOUNDS, HOSTS, IO_TIMEOUT, Event, play

RECORDED = Path(__file__).with_name("recorded") / "sanlock-3.8.5-locks.json"
SIZE = 2**20


class SimulatedHosts:
    """A simulated daemon for each host, on virtual time."""

    def __init__(self) -> None:
        self._clock = Scheduler(seed=11)
        self._space, self._bytes = Space(SIZE), Space(SIZE)
        format_lock_space(self._space, 0, "SPACE", IO_TIMEOUT)
        format_lease(self._bytes, 0, "SPACE", "LEASE")
        self._lease = Lease("SPACE", "LEASE", self._bytes, 0)
        self._starts = dict.fromkeys(HOSTS, 0)
        self._daemons: dict[int, Daemon] = {}
        for host in HOSTS:
            self._start(host)

    def now(self) -> float:
        return self._clock.now()

    def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)

    def join(self, host: int) -> None:
        self._daemons[host].join("SPACE", host, self._space, 0)

    def join_together(self, hosts: tuple[int, ...]) -> dict[int, float]:
        def one(host: int) -> float:
            began = self.now()
            self.join(host)
            return self.now() - began

        calls = {str(host): lambda host=host: one(host) for host in hosts}  # type: ignore[misc]
        ended = self._clock.run_all(calls)
        return {int(name): one.value for name, one in ended.items()}

    def leave(self, host: int) -> None:
        self._daemons[host].leave("SPACE")

    def acquire(self, host: int, shared: bool) -> bool:
        try:
            self._daemons[host].acquire(self._lease, shared)
        except SanlockError:
            return False
        return True

    def release(self, host: int) -> None:
        self._daemons[host].release(self._lease)

    def kill(self, host: int) -> None:
        self._daemons[host].kill()
        self._start(host)

    def _start(self, host: int) -> None:
        self._starts[host] += 1
        self._daemons[host] = Daemon(self._clock, f"host-{host}-{self._starts[host]}")


def recorded() -> list[Event]:
    return [Event(**one) for one in json.loads(RECORDED.read_text())["events"]]


def bounds(event: Event) -> tuple[float, float]:
    """What may be expected of an event that worked; a refusal comes at once, or in vain."""
    return next(one for word, one in BOUNDS.items() if word in event.what)


def outcomes(events: list[Event]) -> list[tuple[str, bool]]:
    return [(one.what, one.ok) for one in events]


def test_simulated_hosts_get_and_are_refused_what_real_ones_were() -> None:
    assert outcomes(play(SimulatedHosts())) == outcomes(recorded())


@pytest.mark.parametrize("events", [recorded(), play(SimulatedHosts())], ids=["real", "simulated"])
def test_times_lie_within_sanlocks_own_bounds(events: list[Event]) -> None:
    outside = [
        one for one in events if one.ok and not bounds(one)[0] <= one.seconds <= bounds(one)[1]
    ]
    assert outside == []


def test_what_takes_its_time_takes_it_on_both() -> None:
    """Waiting is what locks are about: where real hosts waited, the simulated ones wait as long."""
    pairs = [
        (real, one)
        for real, one in zip(recorded(), play(SimulatedHosts()), strict=True)
        if max(real.seconds, one.seconds) > 2 * IO_TIMEOUT
    ]
    assert len(pairs) >= 5
    assert [
        (real, one) for real, one in pairs
        if not real.seconds - 2 * IO_TIMEOUT - 1 <= one.seconds <= real.seconds + 2 * IO_TIMEOUT + 1
    ] == []  # fmt: skip


def test_lease_that_is_given_too_early_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scenario tells a daemon that trusts a silent owner's death too soon."""
    monkeypatch.setattr(Daemon, "_dead", lambda *_: True)
    assert outcomes(play(SimulatedHosts())) != outcomes(recorded())
