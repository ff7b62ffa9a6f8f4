"""Ports that are logged in to each other, and the disks that came of it; whatever the transport.

SAM calls the two an I_T nexus: an initiator's port and a target's. A session of iSCSI is one, and
so is a remote port of Fibre Channel.
"""

from __future__ import annotations

import abc
import functools
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from sbsim.sim.lio.fabric import Mapped
from sbsim.sim.lio.numbers import lowest_free
from sbsim.sim.san import scsi
from sbsim.sim.san.array import Array
from sbsim.sim.san.scsi import Disk

# The SCSI layer's words for how a disk is.
RUNNING, BLOCKED, GIVEN_UP = "running", "blocked", "transport-offline"
MAX_LUN = 1 << 32


@dataclass(frozen=True)
class Timers:
    """Seconds: until an other side that is silent is noticed, and then until its I/O fails."""

    noop: float
    recovery: float


@dataclass(eq=False)
class Nexus(abc.ABC):
    """A host's port and a target's. `host` and `target` are SCSI's numbers of the two."""

    host: int
    timers: Timers
    target: int = field(default=0, kw_only=True)
    disks: dict[int, Disk] = field(default_factory=dict, kw_only=True)
    broken_since: float | None = field(default=None, kw_only=True)
    # At which of the clock's happenings it was asked, and whether it answered.
    answered: tuple[int, bool] | None = field(default=None, repr=False, kw_only=True)

    # As lsblk calls it.
    transport: ClassVar[str]

    @property
    @abc.abstractmethod
    def place(self) -> str:
        """The target and its port, as lsscsi shows them."""

    @property
    @abc.abstractmethod
    def path_id(self) -> str:
        """How udev calls the way, without the LUN."""

    @property
    @abc.abstractmethod
    def array(self) -> Array | None:
        """The array on the other side; None while it does not answer."""

    @abc.abstractmethod
    def asks(self) -> bool:
        """Whether the other side answers, and lets in, right now."""

    @abc.abstractmethod
    def luns(self) -> dict[int, Mapped]:
        """The LUNs that the target shows, by number."""

    @abc.abstractmethod
    def lun(self, number: int) -> Mapped | None:
        """One of them."""

    @property
    def noticed_after(self) -> float:
        """Seconds until it is noticed that the other side is silent."""
        return self.timers.noop

    def give_up_after(self, seconds: float) -> None:
        """Have its I/O fail so long after its silence was noticed."""
        self.timers = replace(self.timers, recovery=seconds)


class Nexuses:
    """All of one machine, and their disks. `machine` gives clock and what is on."""

    def __init__(self, machine: Any) -> None:
        self._machine = machine
        # A driver takes LUN numbers below this one.
        self.max_lun = MAX_LUN

    def all(self) -> Iterator[Nexus]:
        """Every nexus: the sessions of iSCSI, then the targets of FC ports."""
        yield from self._machine.initiator.sessions
        yield from self._machine.fc.targets()

    def free_host(self) -> int:
        """The number of the next SCSI host."""
        used = {one.host for one in self._machine.initiator.sessions}
        used |= {one.host for one in self._machine.fc.ports}
        return lowest_free(used, self._machine.about.own_scsi_hosts)

    # --- how they are -------------------------------------------------------------------------

    def is_broken(self, nexus: Nexus) -> bool:
        """Whether it was noticed that the other side is silent. It mends by itself."""
        now = self._machine.clock.now()
        if self.answers(nexus):
            nexus.broken_since = None
            return False
        if nexus.broken_since is None:
            nexus.broken_since = now
        return bool(now - nexus.broken_since >= nexus.noticed_after)

    def device_state(self, nexus: Nexus) -> str:
        """How its disks are: running; blocked while I/O waits for the other side; or given up."""
        if not self.is_broken(nexus):
            return RUNNING
        assert nexus.broken_since is not None
        silent = self._machine.clock.now() - nexus.broken_since
        waits = silent < nexus.noticed_after + nexus.timers.recovery
        return BLOCKED if waits else GIVEN_UP

    def nexus_of(self, disk: Disk) -> Nexus:
        """The one by which a disk came."""
        nexus: Nexus = disk.nexus
        return nexus

    def answers(self, nexus: Nexus) -> bool:
        """Whether the other side answers right now; asked once for all that happens at once."""
        happened = self._machine.clock.happenings
        if nexus.answered is None or nexus.answered[0] != happened:
            nexus.answered = (happened, nexus.asks())
        return nexus.answered[1]

    # --- disks --------------------------------------------------------------------------------

    @property
    def disks(self) -> list[Disk]:
        """Every disk, by its address."""
        found = [one for nexus in self.all() for one in nexus.disks.values()]
        return sorted(found, key=lambda one: (one.host, one.channel, one.target, one.lun))

    def scan(self, nexus: Nexus) -> None:
        """Find the LUNs that are there now; those that were found before stay as they are."""
        luns, array = nexus.luns(), nexus.array
        # The kernel asks for LUN 0 first, and names disks as their probes end.
        fresh = [one for one in luns if one not in nexus.disks and one < self.max_lun]
        step = -1 if self._machine.about.names_last_first else 1
        for number in sorted(fresh, key=lambda one: (one != 0, step * one)):
            assert array is not None, "it has just told of its LUNs"
            place = (nexus.host, 0, nexus.target, number)
            behind = functools.partial(nexus.lun, number)
            found = scsi.disk(place, self._free_name(), array, luns[number], behind)
            found.nexus = nexus
            nexus.disks[number] = found
        self._machine.clock.happenings += len(fresh)
        for number in fresh:
            self._machine.block.appeared(nexus.disks[number])

    def rescan(self, nexus: Nexus) -> None:
        """Find what is new, and look at every disk again."""
        self.scan(nexus)
        for one in nexus.disks.values():
            one.look()

    def drop(self, nexus: Nexus) -> None:
        """A nexus has ended: its disks go."""
        self._machine.clock.happenings += 1
        for one in nexus.disks.values():
            one.gone = True

    def forget(self, disk: Disk) -> None:
        """Take a disk away from the host; a scan finds it again if the LUN is there."""
        self._machine.clock.happenings += 1
        for nexus in self.all():
            if nexus.disks.get(disk.lun) is disk:
                del nexus.disks[disk.lun]
        disk.gone = True

    def _free_name(self) -> str:
        used = {one.name for one in self.disks}
        names: Iterable[str] = map(scsi.sd_name, itertools.count())
        return next(name for name in names if name not in used)
