"""One host's side of a pool, as the management plane sees it. `sbsim.sharedblock` is one."""

from __future__ import annotations

from typing import Protocol

from sbsim.sharedblock.request import Candidate, Capacity, Connected, ConnectRequest


class PoolAgent(Protocol):
    """What a host can be asked for. Every call raises SbsimError, in words that name the host."""

    @property
    def name(self) -> str:
        """The host's name."""

    def check_disks(self, disks: tuple[str, ...]) -> None:
        """Find every disk by its id; changes nothing. Raises SbsimError naming the disk."""

    def connect(self, request: ConnectRequest) -> Connected:
        """Bring the host into the pool; a second call changes nothing."""

    def disconnect(self, vg: str, host_uuid: str) -> None:
        """Take the host out of the pool; nothing happens if it is not in. No disk is changed."""

    def add_disk(self, vg: str, disk: str, wipe_first: bool) -> Capacity:
        """Add a disk to a pool that the host is connected to; a second call changes nothing."""

    def has_disk(self, vg: str, disk: str) -> bool:
        """Whether the disk is in the pool, as this host sees it."""

    def rescan(self, vg: str) -> None:
        """See the sizes of a pool's LUNs as the array shows them now."""

    def grow(self, vg: str) -> Capacity:
        """Give the pool all of its disks' room. Raises SbsimError, first, if one has shrunk."""

    def capacity(self, vg: str) -> Capacity:
        """The pool's room, as this host sees it."""

    def candidates(self) -> tuple[Candidate, ...]:
        """The LUNs that this host sees."""
