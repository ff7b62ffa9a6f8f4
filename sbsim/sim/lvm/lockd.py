"""A host's lvmlockd: LVM's locks, each of them a lease of sanlock's in the group's lock volume.

The lock volume (`lvmlock`) has the lock space in its first MiB; the global lock lies at 65 MiB, the
group's at 66, and from 67 on one MiB for each logical volume, named by its uuid while it has one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from sbsim.sim.disk.space import Storage
from sbsim.sim.sanlock.daemon import Daemon, Lease, NoLockSpace, OwnerLives, SharedByOthers
from sbsim.sim.sanlock.records import (
    ALIGN,
    SECTOR,
    format_lease,
    format_lock_space,
    read_leader,
)

Mode = Literal["sh", "ex"]
GLOBAL_LOCK, NO_GLOBAL_LOCK, GROUP_LOCK = "GLLK", "_GLLK_disabled", "VGLK"
UNUSED = "#unused"
GLOBAL_AT, GROUP_AT, FIRST_AT = 65 * ALIGN, 66 * ALIGN, 67 * ALIGN
# What LVM writes of a lock's place: the version of the layout, and where it is.
LOCK_VOLUME = "lvmlock"
ARGS = "1.0.0"


class LockedElsewhere(Exception):
    """Another host has the lock in a mode that this one's cannot be beside."""


class Busy(Exception):
    """A lock space in which locks are held cannot be left."""


def space_of(group: str) -> str:
    """The name of a group's lock space."""
    return f"lvm_{group}"


def args_of(offset: int) -> str:
    """A logical volume's lock_args."""
    return f"{ARGS}:{offset}"


def offset_of(args: str) -> int:
    """Where the lease of a logical volume with these lock_args lies."""
    return int(args.rpartition(":")[2])


# --- the lock volume ------------------------------------------------------------------------------


def format_lock_volume(
    storage: Storage, size: int, group: str, io_timeout: int, has_global: bool
) -> None:
    """Make the lock space and the leases of a new group's lock volume. `size` in bytes."""
    space = space_of(group)
    format_lock_space(storage, 0, space, io_timeout)
    format_lease(storage, GLOBAL_AT, space, GLOBAL_LOCK if has_global else NO_GLOBAL_LOCK)
    format_lease(storage, GROUP_AT, space, GROUP_LOCK)
    for offset in range(FIRST_AT, size - ALIGN + 1, ALIGN):
        format_lease(storage, offset, space, UNUSED)


def take_lease(storage: Storage, size: int, group: str, uuid: str) -> int | None:
    """Name the first lease that is not used after a logical volume; None if there is none left."""
    for offset in range(FIRST_AT, size - ALIGN + 1, ALIGN):
        if read_leader(storage.read(offset, SECTOR)).resource == UNUSED:
            format_lease(storage, offset, space_of(group), uuid)
            return offset
    return None


def give_lease_back(storage: Storage, group: str, offset: int) -> None:
    """The lease is no logical volume's any more."""
    format_lease(storage, offset, space_of(group), UNUSED)


def has_global_lock(storage: Storage) -> bool:
    """Whether the global lock lies in this lock volume, and is enabled."""
    return read_leader(storage.read(GLOBAL_AT, SECTOR)).resource == GLOBAL_LOCK


# --- the daemon -----------------------------------------------------------------------------------


@dataclass
class GroupLocks:
    """A group whose locking is started. `held` are the modes of the locks by their names.

    `has_global`: the global lock lies in it. `version` is the group's as it was when its lock was
    given back last; `global_version` the global lock's, None while this host has not asked for it.
    `asked` are the logical volumes whose locks it has asked for.
    """

    group: str
    storage: Storage
    has_global: bool
    version: int = 0
    global_version: int | None = None
    held: dict[str, Mode] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


class Lockd:
    """The lvmlockd of one host, on its sanlock. Raises LockedElsewhere, Busy, SanlockError."""

    def __init__(self, sanlock: Daemon) -> None:
        self._sanlock = sanlock
        self.groups: dict[str, GroupLocks] = {}

    def start(self, group: str, host_id: int, storage: Storage) -> None:
        """Start a group's locking: the host joins its lock space. Again changes nothing."""
        if group not in self.groups:
            self._sanlock.join(space_of(group), host_id, storage, 0)
            self.groups[group] = GroupLocks(group, storage, has_global_lock(storage))

    def enable_global_lock(self, group: str) -> None:
        """Have the global lock lie in a group's lock volume."""
        locks = self._started(group)
        format_lease(locks.storage, GLOBAL_AT, space_of(group), GLOBAL_LOCK)
        locks.has_global = True
        locks.global_version = locks.global_version or 0

    def use_global_lock(self) -> None:
        """Take the global lock where it is known to lie, and give it back."""
        for locks in self.groups.values():
            if locks.global_version is not None:
                locks.global_version += 1

    def stop(self, group: str) -> None:
        """Stop it; refused while a logical volume's lock is held."""
        locks = self._started(group)
        if set(locks.held) - {GLOBAL_LOCK, GROUP_LOCK}:
            raise Busy(f"locks of {group}'s logical volumes are held")
        self._sanlock.leave(space_of(group))
        del self.groups[group]

    def lock(self, group: str, name: str, offset: int, mode: Mode) -> None:
        """Take a lock, or change its mode; one that is held in that mode stays as it is."""
        locks = self._started(group)
        if name not in (GROUP_LOCK, *locks.asked):
            locks.asked.append(name)
        if locks.held.get(name) == mode:
            return
        lease = Lease(space_of(group), name, locks.storage, offset)
        try:
            self._sanlock.acquire(lease, shared=mode == "sh")
        except (OwnerLives, SharedByOthers) as error:
            raise LockedElsewhere(str(error)) from error
        locks.held[name] = mode

    def unlock(self, group: str, name: str, offset: int) -> None:
        """Give a lock back; one that is not held stays so."""
        locks = self._started(group)
        if locks.held.pop(name, None) is not None:
            self._sanlock.release(Lease(space_of(group), name, locks.storage, offset))

    def forget(self, group: str, name: str) -> None:
        """The logical volume of a lock is gone."""
        locks = self._started(group)
        if name in locks.asked:
            locks.asked.remove(name)

    def _started(self, group: str) -> GroupLocks:
        found = self.groups.get(group)
        if found is None:
            raise NoLockSpace(f"the locking of {group} is not started")
        return found
