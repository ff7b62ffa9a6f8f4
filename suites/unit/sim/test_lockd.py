"""Simulated lvmlockds: LVM's locks between hosts."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sbsim.sim.disk.space import Space
from sbsim.sim.lvm import lockd
from sbsim.sim.lvm.lockd import Busy, Lockd, LockedElsewhere, Mode
from sbsim.sim.sanlock.daemon import Daemon, NoLockSpace
from sbsim.sim.sanlock.records import ALIGN
from sbsim.sim.scheduler import Scheduler

MIB = 2**20
SIZE = 72 * MIB  # five logical volumes
VG, LV = "group", "HbKmZL-Dz4m-0000-0000-0000-0000-000001"


class World:
    """Hosts with one group between them."""

    def __init__(self, hosts: int) -> None:
        self.clock = Scheduler()
        self.volume = Space(SIZE)
        lockd.format_lock_volume(self.volume, SIZE, VG, 10, has_global=True)
        self.hosts = [Lockd(Daemon(self.clock, f"host-{n}")) for n in range(1, hosts + 1)]
        self.clock.run_all({
            str(number): lambda host=host, number=number: host.start(VG, number, self.volume)
            for number, host in enumerate(self.hosts, start=1)
        })  # fmt: skip
        offset = lockd.take_lease(self.volume, SIZE, VG, LV)
        assert offset is not None
        self.offset = offset

    def lock(self, host: int, mode: Mode) -> bool:
        try:
            self.hosts[host].lock(VG, LV, self.offset, mode)
        except LockedElsewhere:
            return False
        return True

    def unlock(self, host: int) -> None:
        self.hosts[host].unlock(VG, LV, self.offset)

    def held(self) -> list[Mode | None]:
        return [host.groups[VG].held.get(LV) for host in self.hosts]


def test_lock_volume_is_laid_out_as_lvm_does_it() -> None:
    world = World(1)
    assert lockd.has_global_lock(world.volume)
    assert (world.offset, lockd.args_of(world.offset)) == (67 * MIB, "1.0.0:70254592")
    assert lockd.offset_of("1.0.0:70254592") == 70254592
    offsets = [lockd.take_lease(world.volume, SIZE, VG, f"uuid-{n}") for n in range(5)]
    assert offsets == [68 * MIB, 69 * MIB, 70 * MIB, 71 * MIB, None]
    lockd.give_lease_back(world.volume, VG, 69 * ALIGN)
    assert lockd.take_lease(world.volume, SIZE, VG, "another") == 69 * ALIGN


steps = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["sh", "ex", "un"])), max_size=25)


@given(steps)
@settings(max_examples=40, deadline=None)
def test_locks_are_given_exactly_where_they_can_be_beside_the_others(
    steps: list[tuple[int, str]],
) -> None:
    world = World(3)
    for host, mode in steps:
        others = [one for n, one in enumerate(world.held()) if n != host]
        before = world.held()[host]
        if mode == "un":
            world.unlock(host)
            assert world.held()[host] is None
        elif mode == "sh":
            granted = world.lock(host, "sh")
            assert granted == ("ex" not in others)
            assert world.held()[host] == ("sh" if granted else before)
        else:
            granted = world.lock(host, "ex")
            assert granted == (set(others) == {None})
            assert world.held()[host] == ("ex" if granted else before)
        for one, other in itertools.combinations(filter(None, world.held()), 2):
            assert (one, other) == ("sh", "sh")


def test_locking_is_stopped_only_when_no_volume_is_locked() -> None:
    world = World(2)
    one, _ = world.hosts
    assert world.lock(0, "ex")
    with pytest.raises(Busy):
        one.stop(VG)
    world.unlock(0)
    one.lock(VG, lockd.GROUP_LOCK, lockd.GROUP_AT, "ex")
    one.stop(VG)
    with pytest.raises(NoLockSpace):
        one.lock(VG, LV, world.offset, "sh")
    # What it held of the group is free: it was given back on the way out.
    world.hosts[1].lock(VG, lockd.GROUP_LOCK, lockd.GROUP_AT, "ex")


def test_two_groups_are_apart() -> None:
    world = World(1)
    other = Space(SIZE)
    lockd.format_lock_volume(other, SIZE, "other", 10, has_global=False)
    assert not lockd.has_global_lock(other)
    world.hosts[0].start("other", 1, other)
    assert world.lock(0, "ex")
    world.hosts[0].stop("other")
    assert world.held() == ["ex"]
