"""A host's sanlock daemon: it joins lock spaces, keeps its host ids renewed, and takes leases.

All of it happens on the shared disk: two daemons know of each other what they read there. Times are
in multiples of the io_timeout of the lock space (N): a host renews every 2 N and is dead to the
others when it has not for 8 N and the time after which its watchdog has reset it is over.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from sbsim.sim.disk.space import Storage
from sbsim.sim.sanlock.records import (
    HOSTS,
    SECTOR,
    Damaged,
    Leader,
    Proposal,
    host_at,
    proposal_at,
    read_leader,
    read_proposal,
)
from sbsim.sim.scheduler import Scheduler, Timer

RENEWAL, FAILED, SHORT_DELAY = 2, 8, 2  # in io_timeouts
# When a host's watchdog has surely reset it: a constant of 3.8.5, which has no setting for it.
FIRE_SECONDS = 60.0
# How often whoever waits for a host's death looks at its lease.
LOOK_SECONDS = 1.0
# The space's own thread looks up once a second, and so does whoever waits for its end.
LEAVE_SECONDS = 2.5


class SanlockError(Exception):
    """Something that sanlock refuses, with its own number for it."""

    number = -201


class NoLockSpace(SanlockError):
    """The host is not in the lease's lock space."""

    number = -241


class OwnerLives(SanlockError):
    """Another host has the lease, and is alive."""

    number = -243


class SharedByOthers(SanlockError):
    """Others hold the lease shared, and are alive."""

    number = -245


class HostIdBusy(SanlockError):
    """Another host has the host id, and is alive."""

    number = -262


class StorageSilent(SanlockError):
    """The disk does not answer."""

    number = -202


class WrongRecord(SanlockError):
    """What lies there is no lease of that name."""

    number = -223


@dataclass(frozen=True)
class Lease:
    """Where a lease lies: its lock space, its name, the disk and the offset there in bytes."""

    space: str
    name: str
    storage: Storage
    offset: int


@dataclass
class _Seen:
    """A host of a lock space as it was seen last: its lease, and when that last changed.

    `renewing`: it has changed since it was first looked at.
    """

    leader: Leader
    changed: float
    renewing: bool


@dataclass
class LockSpace:
    """A lock space that a daemon has joined. `renewed` is when its host id was renewed last."""

    name: str
    host_id: int
    storage: Storage
    offset: int
    leader: Leader
    renewed: float
    held: dict[str, tuple[Lease, bool]] = field(default_factory=dict)
    failed: bool = False
    seen: dict[int, _Seen] = field(default_factory=dict)
    raw: bytes = field(default=b"", repr=False)
    timer: Timer | None = None

    @property
    def io_timeout(self) -> int:
        """N, in seconds."""
        return self.leader.io_timeout


class Daemon:
    """The daemon of one host, as long as it runs.

    `host` is the name in its leases; `lost` is called with a lock space whose renewal has failed
    for too long, and is to end whatever holds its leases. Raises SanlockError.
    """

    def __init__(
        self,
        clock: Scheduler,
        host: str,
        lost: Callable[[str], object] = lambda _name: None,
    ) -> None:
        self._clock = clock
        self.host = host
        self._lost = lost
        self.spaces: dict[str, LockSpace] = {}

    # --- lock spaces --------------------------------------------------------------------------

    def join(self, name: str, host_id: int, storage: Storage, offset: int) -> LockSpace:
        """Join a lock space under a host id; waits as long as sanlock does."""
        place = host_at(offset, host_id)
        leader = self._leader(storage, place, name)
        if not leader.free and leader.resource != self.host:
            self._wait_for_death(storage, place, leader)
        ours = replace(
            leader, resource=self.host, owner=host_id, generation=leader.generation + 1,
            timestamp=self._now(),
        )  # fmt: skip
        self._write(storage, place, ours)
        self._clock.sleep(SHORT_DELAY * ours.io_timeout + LOOK_SECONDS)
        if self._leader(storage, place, name) != ours:
            raise HostIdBusy(f"host id {host_id} of {name} was taken by another host meanwhile")
        joined = LockSpace(name, host_id, storage, offset, ours, self._clock.now())
        self.spaces[name] = joined
        self._look_around(joined)
        self._plan_renewal(joined)
        return joined

    def leave(self, name: str) -> None:
        """Leave a lock space: its leases are given back, its host id is free."""
        joined = self._joined(name)
        for lease, _ in list(joined.held.values()):
            self.release(lease)
        self._stop(joined)
        place = host_at(joined.offset, joined.host_id)
        self._write(joined.storage, place, replace(joined.leader, timestamp=0))
        self._clock.sleep(LEAVE_SECONDS)

    def kill(self) -> None:
        """End it at once: nothing is renewed any more, and nothing given back."""
        for joined in list(self.spaces.values()):
            self._stop(joined)

    # --- leases -------------------------------------------------------------------------------

    def acquire(self, lease: Lease, shared: bool = False) -> None:
        """Take a lease, or change how it is held; one whose owner died once that is sure.

        A lease that is held already stays held where the change is refused.
        """
        joined = self._joined(lease.space)
        while True:
            leader = self._leader(lease.storage, lease.offset, lease.space, lease.name)
            if leader.free or self._is_ours(joined, leader):
                break
            seen = self._look_at(joined, leader.owner)
            if self._dead(seen, leader.generation):
                break
            # Refused at once by an owner that renews; one that has stopped to is waited for.
            silent = self._clock.now() - seen.changed
            if seen.renewing and silent <= RENEWAL * seen.leader.io_timeout:
                raise OwnerLives(f"{lease.name} is held by host {leader.owner}")
            self._clock.sleep(LOOK_SECONDS)
        was_shared = lease.name in joined.held and joined.held[lease.name][1]
        kept = joined.leader.generation if was_shared else 0
        self._propose(joined, lease, leader, shared, kept)
        if not shared:
            if others := self._sharers(joined, lease):
                self._give_back(joined, lease, kept)
                raise SharedByOthers(f"{lease.name} is held shared by host {others[0]}")
            if kept:
                ours = self._proposal(joined, lease, joined.host_id)
                place = proposal_at(lease.offset, joined.host_id)
                self._store(lease.storage, place, replace(ours, shared=0).to_bytes())
        joined.held[lease.name] = (lease, shared)

    def release(self, lease: Lease) -> None:
        """Give a lease back."""
        joined = self._joined(lease.space)
        joined.held.pop(lease.name, None)
        self._give_back(joined, lease)

    def _propose(
        self, joined: LockSpace, lease: Lease, leader: Leader, shared: bool, kept: int
    ) -> None:
        """Become the next owner of a lease, by disk paxos; raises OwnerLives if another does.

        `kept` is the mark of a host that holds it shared, which stays until it has more.
        """
        now, generation = self._now(), joined.leader.generation
        ours = Proposal(
            self._proposal(joined, lease, joined.host_id).ballot, 0, joined.host_id, generation,
            now, leader.version + 1, shared=kept,
        )  # fmt: skip
        while True:
            ballot = ours.ballot + HOSTS if ours.ballot else joined.host_id
            ours = replace(ours, ballot=ballot, accepted=0)
            if (others := self._ballot(joined, lease, ours)) is None:
                continue
            # What another host may have won already is not taken from it.
            chosen = max(others, key=lambda one: one.accepted, default=ours)
            ours = replace(
                ours if not chosen.accepted else replace(
                    ours, owner=chosen.owner, generation=chosen.generation,
                    timestamp=chosen.timestamp,
                ),
                accepted=ballot,
            )  # fmt: skip
            if self._ballot(joined, lease, ours) is not None:
                break
        taken = replace(
            leader, owner=ours.owner, generation=ours.generation, version=ours.version,
            timestamp=ours.timestamp, writer=joined.host_id,
            writer_generation=joined.leader.generation, written=now,
        )  # fmt: skip
        self._write(lease.storage, lease.offset, taken)
        if not self._is_ours(joined, taken):
            raise OwnerLives(f"{lease.name} was taken by host {taken.owner} at the same time")
        if shared:
            place = proposal_at(lease.offset, joined.host_id)
            marked = replace(ours, released=True, shared=generation)
            self._store(lease.storage, place, marked.to_bytes())
            self._write(lease.storage, lease.offset, replace(taken, timestamp=0))

    def _ballot(self, joined: LockSpace, lease: Lease, ours: Proposal) -> list[Proposal] | None:
        """Write a proposal; the others' for the same version, None if one of them is ahead."""
        place = proposal_at(lease.offset, joined.host_id)
        self._store(lease.storage, place, ours.to_bytes())
        others = [
            one
            for number, one in self._proposals(lease).items()
            if number != joined.host_id and one.version == ours.version
        ]
        return None if any(one.ballot > ours.ballot for one in others) else others

    def _proposals(self, lease: Lease) -> dict[int, Proposal]:
        """What every host that ever took a lease has proposed last, by host id."""
        data = self._load(lease.storage, proposal_at(lease.offset, 1), HOSTS * SECTOR)
        return {number: read_proposal(one) for number, one in _changed(_NOTHING, data)}

    def _give_back(self, joined: LockSpace, lease: Lease, kept: int = 0) -> None:
        place = proposal_at(lease.offset, joined.host_id)
        ours = self._proposal(joined, lease, joined.host_id)
        self._store(lease.storage, place, replace(ours, released=True, shared=kept).to_bytes())
        leader = self._leader(lease.storage, lease.offset, lease.space, lease.name)
        if self._is_ours(joined, leader) and not leader.free:
            self._write(lease.storage, lease.offset, replace(
                leader, timestamp=0, writer=joined.host_id,
                writer_generation=joined.leader.generation, written=self._now(),
            ))  # fmt: skip

    def _sharers(self, joined: LockSpace, lease: Lease) -> list[int]:
        """Hosts, others than this one, that hold a lease shared and are not surely dead."""
        return [
            number
            for number, one in self._proposals(lease).items()
            if number != joined.host_id
            and one.shared
            and not self._dead(self._look_at(joined, number), one.shared)
        ]

    # --- who lives ----------------------------------------------------------------------------

    def _look_around(self, joined: LockSpace) -> None:
        """Read every host's lease, as sanlock does at each renewal; a damaged one tells nothing."""
        data = self._load(joined.storage, joined.offset, HOSTS * SECTOR)
        for number, one in _changed(joined.raw, data):
            with contextlib.suppress(Damaged):
                self._see(joined, number, read_leader(one))
        joined.raw = data

    def _look_at(self, joined: LockSpace, host_id: int) -> _Seen:
        """Read a host's lease, and note when it changed."""
        leader = self._leader(joined.storage, host_at(joined.offset, host_id), joined.name)
        return self._see(joined, host_id, leader)

    def _see(self, joined: LockSpace, host_id: int, leader: Leader) -> _Seen:
        known = joined.seen.get(host_id)
        if known is None or known.leader != leader:
            joined.seen[host_id] = _Seen(leader, self._clock.now(), known is not None)
        return joined.seen[host_id]

    def _dead(self, seen: _Seen, generation: int | None = None) -> bool:
        """Whether the host that had the host id under that generation can do no more harm."""
        if seen.leader.free or generation not in (None, seen.leader.generation):
            return True
        return self._clock.now() - seen.changed >= self._dead_after(seen.leader)

    def _dead_after(self, leader: Leader) -> float:
        return FAILED * leader.io_timeout + FIRE_SECONDS

    def _wait_for_death(self, storage: Storage, place: int, leader: Leader) -> None:
        """Wait until the host that has a host id is surely dead. Raises HostIdBusy if it lives."""
        end = self._clock.now() + self._dead_after(leader)
        while self._clock.now() < end:
            self._clock.sleep(LOOK_SECONDS)
            now = self._leader(storage, place, leader.space)
            if now.free:
                return
            if now != leader:
                raise HostIdBusy(f"host id {leader.owner} is that of {now.resource}, which lives")

    # --- renewal ------------------------------------------------------------------------------

    def _plan_renewal(self, joined: LockSpace) -> None:
        due = joined.renewed + RENEWAL * joined.io_timeout - self._clock.now()
        wait = max(due, LOOK_SECONDS)
        renew = functools.partial(self._renew, joined)
        joined.timer = self._clock.after(wait, functools.partial(self._clock.start, renew))

    def _renew(self, joined: LockSpace) -> None:
        """Write the time into the host's lease; without success for too long, all is lost."""
        if self.spaces.get(joined.name) is not joined:
            return
        began = self._clock.now()
        # What took longer than the host is given has come too late.
        if self._is_written(joined) and self._clock.now() - began < FAILED * joined.io_timeout:
            joined.renewed = began
        silent = self._clock.now() - joined.renewed
        if silent >= FAILED * joined.io_timeout and not joined.failed:
            joined.failed = True
            self._lost(joined.name)
        if self.spaces.get(joined.name) is joined and not joined.failed:
            self._plan_renewal(joined)

    def _is_written(self, joined: LockSpace) -> bool:
        """Write the time into the host's lease and read the others'; whether the disk answers."""
        renewed = replace(joined.leader, timestamp=self._now())
        try:
            self._write(joined.storage, host_at(joined.offset, joined.host_id), renewed)
            self._look_around(joined)
        except StorageSilent:
            return False
        joined.leader = renewed
        return True

    def _stop(self, joined: LockSpace) -> None:
        if joined.timer:
            joined.timer.stop()
        del self.spaces[joined.name]

    # --- the disk -----------------------------------------------------------------------------

    def _joined(self, name: str) -> LockSpace:
        found = self.spaces.get(name)
        if found is None or found.failed:
            raise NoLockSpace(f"this host is not in the lock space {name}")
        return found

    def _is_ours(self, joined: LockSpace, leader: Leader) -> bool:
        return (leader.owner, leader.generation) == (joined.host_id, joined.leader.generation)

    def _now(self) -> int:
        """The host's clock in whole seconds; never 0, which means that nobody has a lease."""
        return int(self._clock.now()) + 1

    def _leader(self, storage: Storage, place: int, space: str, name: str | None = None) -> Leader:
        try:
            leader = read_leader(self._load(storage, place, SECTOR))
        except Damaged as error:
            raise WrongRecord(f"no lease of {name or space}: {error}") from None
        if leader.space != space or (name is not None and leader.resource != name):
            raise WrongRecord(f"the lease is {leader.space}:{leader.resource}, not {space}:{name}")
        return leader

    def _proposal(self, joined: LockSpace, lease: Lease, host_id: int) -> Proposal:
        data = self._load(lease.storage, proposal_at(lease.offset, host_id), SECTOR)
        try:
            return read_proposal(data)
        except Damaged as error:
            raise WrongRecord(f"{lease.name}: the sector of host {host_id}: {error}") from None

    def _load(self, storage: Storage, place: int, count: int) -> bytes:
        try:
            return storage.read(place, count)
        except OSError as error:
            raise StorageSilent(str(error)) from None

    def _store(self, storage: Storage, place: int, data: bytes) -> None:
        try:
            storage.write(place, data)
        except OSError as error:
            raise StorageSilent(str(error)) from None

    def _write(self, storage: Storage, place: int, leader: Leader) -> None:
        self._store(storage, place, leader.to_bytes())


_CHUNK = 128
_NOTHING = bytes(HOSTS * SECTOR)


def _changed(before: bytes, data: bytes) -> Iterator[tuple[int, bytes]]:
    """The sectors that are not as they were, with the host ids that they are for."""
    size = _CHUNK * SECTOR
    for start in range(0, len(data), size):
        if data[start : start + size] == before[start : start + size]:
            continue
        for place in range(start, min(start + size, len(data)), SECTOR):
            one = data[place : place + SECTOR]
            if one != before[place : place + SECTOR]:
                yield place // SECTOR + 1, one
