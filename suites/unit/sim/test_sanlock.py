"""Simulated sanlock daemons among each other: who gets a lease, when, and who never does."""

from __future__ import annotations

import errno
import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sbsim.checks.lease_times import DEAD
from sbsim.machines.parallel import Ended
from sbsim.sharedblock.lock_space import FIRE_SECONDS
from sbsim.sim.disk.space import Space
from sbsim.sim.sanlock.daemon import (
    Daemon,
    HostIdBusy,
    Lease,
    NoLockSpace,
    OwnerLives,
    SanlockError,
    SharedByOthers,
    StorageSilent,
    WrongRecord,
)
from sbsim.sim.sanlock.records import ALIGN, format_lease, format_lock_space, host_at
from sbsim.sim.scheduler import Scheduler

N = 10
SPACE, LEASE = "SPACE", "LEASE"
JOIN_SECONDS = 2 * N + 1  # as was measured with a real daemon


class Cable:
    """A host's own way to the disk, which can be cut."""

    def __init__(self, disk: Space) -> None:
        self.disk = disk
        self.cut = False

    def read(self, offset: int, count: int) -> bytes:
        self._answer()
        return self.disk.read(offset, count)

    def write(self, offset: int, data: bytes) -> None:
        self._answer()
        self.disk.write(offset, data)

    def _answer(self) -> None:
        if self.cut:
            raise OSError(errno.EIO, "Input/output error")


class World:
    """A lock space with one lease on a disk, and daemons that come to it."""

    def __init__(self, seed: int = 0) -> None:
        self.clock = Scheduler(seed)
        self.disk = Space(2 * ALIGN)
        format_lock_space(self.disk, 0, SPACE, N)
        format_lease(self.disk, ALIGN, SPACE, LEASE)
        self.cables: dict[str, Cable] = {}
        self.lost: dict[str, float] = {}  # when each host had lost all, by host

    def daemon(self, host: str) -> Daemon:
        self.cables.setdefault(host, Cable(self.disk))

        def lost(_space: str) -> None:
            self.lost[host] = self.clock.now()

        return Daemon(self.clock, host, lost=lost)

    def lease(self, host: str) -> Lease:
        return Lease(SPACE, LEASE, self.cables[host], ALIGN)

    def joined(self, *hosts: str) -> list[Daemon]:
        """Daemons of hosts 1, 2, …, all of them in the lock space."""
        daemons = [self.daemon(host) for host in hosts]
        joins: dict[str, Callable[[], object]] = {
            host: lambda daemon=daemon, host=host, number=number: daemon.join(  # type: ignore[misc]
                SPACE, number, self.cables[host], 0
            )
            for number, (host, daemon) in enumerate(zip(hosts, daemons, strict=True), start=1)
        }
        for ended in self.clock.run_all(joins).values():
            assert ended.error is None
        return daemons

    def seconds(self, call: Callable[[], object]) -> float:
        began = self.clock.now()
        call()
        return self.clock.now() - began


def gets(daemon: Daemon, lease: Lease) -> bool:
    try:
        daemon.acquire(lease)
    except (OwnerLives, SharedByOthers):
        return False
    return True


def refused(daemon: Daemon, lease: Lease) -> None:
    with pytest.raises(OwnerLives):
        daemon.acquire(lease)


def test_joining_takes_as_long_as_a_real_daemon() -> None:
    world = World()
    assert world.seconds(lambda: world.joined("one", "two", "three")) == pytest.approx(JOIN_SECONDS)


def test_lease_that_is_held_is_refused_and_given_once_it_is_free() -> None:
    world = World()
    one, two = world.joined("one", "two")
    one.acquire(world.lease("one"))
    world.clock.sleep(3 * N)
    assert world.seconds(lambda: refused(two, world.lease("two"))) < 1
    one.release(world.lease("one"))
    assert world.seconds(lambda: two.acquire(world.lease("two"))) < 1


def test_shared_lease_is_for_many_and_keeps_others_out() -> None:
    world = World()
    one, two, three = world.joined("one", "two", "three")
    one.acquire(world.lease("one"), shared=True)
    two.acquire(world.lease("two"), shared=True)
    with pytest.raises(SharedByOthers):
        three.acquire(world.lease("three"))
    one.release(world.lease("one"))
    with pytest.raises(SharedByOthers):
        three.acquire(world.lease("three"))
    two.release(world.lease("two"))
    three.acquire(world.lease("three"))
    with pytest.raises(OwnerLives):
        one.acquire(world.lease("one"), shared=True)


@given(st.floats(0, 100), st.booleans())
@settings(max_examples=20, deadline=None)
def test_lease_of_a_dead_host_comes_free_when_it_surely_is_dead(wait: float, shared: bool) -> None:
    world = World()
    one, two = world.joined("one", "two")
    one.acquire(world.lease("one"), shared=shared)
    world.clock.sleep(wait)
    one.kill()
    killed = world.clock.now()

    while not gets(two, world.lease("two")):
        world.clock.sleep(1)
    seconds = world.clock.now() - killed
    # The last renewal was up to two periods before the kill, and was seen when somebody looked.
    assert DEAD * N + FIRE_SECONDS - 2 * N <= seconds <= DEAD * N + FIRE_SECONDS + 2 * N


def test_owner_that_has_just_died_is_refused_at_once_and_later_waited_for() -> None:
    world = World()
    one, two = world.joined("one", "two")
    one.acquire(world.lease("one"))
    world.clock.sleep(5 * N)
    one.kill()
    killed = world.clock.now()
    assert world.seconds(lambda: refused(two, world.lease("two"))) < 1
    world.clock.sleep(4 * N)
    two.acquire(world.lease("two"))
    # As with a real daemon: 69 s at an io_timeout of 1, where 68 are the arithmetic's.
    seconds = world.clock.now() - killed
    assert DEAD * N + FIRE_SECONDS - 2 * N <= seconds <= DEAD * N + FIRE_SECONDS + 2 * N


def test_host_id_of_another_host_is_refused_while_it_lives_and_given_when_it_is_dead() -> None:
    world = World()
    (one,) = world.joined("one")
    other = world.daemon("other")
    with pytest.raises(HostIdBusy):
        other.join(SPACE, 1, world.cables["other"], 0)
    one.kill()
    seconds = world.seconds(lambda: other.join(SPACE, 1, world.cables["other"], 0))
    assert seconds == pytest.approx(DEAD * N + FIRE_SECONDS + JOIN_SECONDS, abs=1)
    assert other.spaces[SPACE].leader.generation == 2


def test_host_that_comes_back_under_its_name_need_not_wait() -> None:
    world = World()
    (one,) = world.joined("one")
    one.acquire(world.lease("one"))
    one.kill()
    again = world.daemon("one")
    seconds = world.seconds(lambda: again.join(SPACE, 1, world.cables["one"], 0))
    assert seconds == pytest.approx(JOIN_SECONDS)
    # The lease was that of its generation before, which is gone.
    assert world.seconds(lambda: again.acquire(world.lease("one"))) < 1


def test_host_that_left_can_be_followed_at_once() -> None:
    world = World()
    (one,) = world.joined("one")
    one.acquire(world.lease("one"))
    one.leave(SPACE)
    with pytest.raises(NoLockSpace):
        one.acquire(world.lease("one"))
    other = world.daemon("other")
    seconds = world.seconds(lambda: other.join(SPACE, 1, world.cables["other"], 0))
    assert seconds == pytest.approx(JOIN_SECONDS)
    other.acquire(world.lease("other"))


def test_host_that_cannot_renew_loses_all_before_anybody_takes_its_leases() -> None:
    world = World()
    one, two = world.joined("one", "two")
    one.acquire(world.lease("one"))
    world.cables["one"].cut = True
    cut = world.clock.now()
    while not gets(two, world.lease("two")):
        world.clock.sleep(1)
    (lost,) = world.lost.values()
    assert DEAD * N - 2 * N <= lost - cut <= DEAD * N + 2 * N
    assert lost + FIRE_SECONDS - 2 * N <= world.clock.now()
    with pytest.raises(NoLockSpace):
        one.acquire(world.lease("one"))


def test_short_cut_is_survived() -> None:
    world = World()
    (one,) = world.joined("one")
    world.cables["one"].cut = True
    world.clock.sleep(DEAD * N - 3 * N)
    world.cables["one"].cut = False
    world.clock.sleep(10 * N)
    assert world.lost == {}
    one.acquire(world.lease("one"))


def test_disk_that_does_not_answer_and_what_is_no_lease_are_told() -> None:
    world = World()
    (one,) = world.joined("one")
    with pytest.raises(WrongRecord, match="not SPACE:OTHER"):
        one.acquire(Lease(SPACE, "OTHER", world.disk, ALIGN))
    with pytest.raises(WrongRecord, match="magic"):
        one.acquire(Lease(SPACE, LEASE, Space(ALIGN), 0))
    world.cables["one"].cut = True
    with pytest.raises(StorageSilent):
        one.acquire(world.lease("one"))


class Slow(Cable):
    """A way to the disk on which everything takes up to a second, as drawn."""

    def __init__(self, disk: Space, clock: Scheduler, draw: random.Random) -> None:
        super().__init__(disk)
        self._clock = clock
        self._draw = draw

    def _answer(self) -> None:
        self._clock.sleep(self._draw.random())


@given(st.integers(0, 2**32), st.integers(2, 5), st.booleans())
@settings(max_examples=30, deadline=None)
def test_of_many_at_once_one_gets_it(seed: int, many: int, shared: bool) -> None:
    world = World(seed)
    draw = random.Random(seed)
    hosts = [f"host-{number}" for number in range(many)]
    daemons = world.joined(*hosts)

    def acquire(daemon: Daemon, host: str) -> Callable[[], object]:
        slow = Slow(world.disk, world.clock, draw)
        return lambda: daemon.acquire(Lease(SPACE, LEASE, slow, ALIGN), shared)

    calls = {host: acquire(daemon, host) for daemon, host in zip(daemons, hosts, strict=True)}
    ended: dict[str, Ended] = world.clock.run_all(calls)
    won = [host for host, one in ended.items() if one.error is None]
    assert all(isinstance(one.error, SanlockError | None) for one in ended.values())
    assert len(won) <= 1 or shared
    # Whoever was refused gets it once nobody has it.
    for daemon, host in zip(daemons, hosts, strict=True):
        if host in won:
            daemon.release(world.lease(host))
    assert gets(daemons[-1], world.lease(hosts[-1]))


@pytest.mark.parametrize("shared", [True, False])
def test_lease_is_never_free_while_it_changes_from_one_mode_to_the_other(shared: bool) -> None:
    world = World()
    one, two = world.joined("one", "two")
    one.acquire(world.lease("one"), shared)
    world.clock.sleep(3 * N)  # both know of the other that it renews
    slow = Slow(world.disk, world.clock, random.Random(1))
    tries: list[bool] = []

    def change() -> None:
        one.acquire(Lease(SPACE, LEASE, slow, ALIGN), not shared)
        tries.append(True)  # it is over

    def watch() -> None:
        while not any(tries):
            tries.append(gets(two, world.lease("two")))
            world.clock.sleep(0.05)

    world.clock.run_all({"change": change, "watch": watch})
    assert len(tries) > 5
    assert sum(tries) == 1
    assert one.spaces[SPACE].held[LEASE][1] is not shared


def test_damaged_place_of_another_host_disturbs_nobody() -> None:
    world = World()
    one, _ = world.joined("one", "two")
    world.disk.write(host_at(0, 2), b"damaged")
    before = one.spaces[SPACE].renewed
    world.clock.sleep(5 * N)
    assert one.spaces[SPACE].renewed > before
    one.acquire(world.lease("one"))
    assert "one" not in world.lost
