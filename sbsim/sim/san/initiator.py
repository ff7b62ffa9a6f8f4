"""A host's iSCSI initiator in the kernel: sessions, and the disks that came by them."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sbsim.sim.lio.fabric import Mapped
from sbsim.sim.san import scsi
from sbsim.sim.san.array import Chap, Found, Outcome
from sbsim.sim.san.scsi import Disk

LOGGED_IN, FAILED = "LOGGED_IN", "FAILED"
# The SCSI layer's words for how a disk is.
RUNNING, BLOCKED, GIVEN_UP = "running", "blocked", "transport-offline"
MAX_LUN = 1 << 32


@dataclass(frozen=True)
class Timers:
    """Seconds: until a portal that does not answer is noticed, and then until its I/O fails."""

    noop: float
    recovery: float


@dataclass
class Session:
    """A session: who logged in where, and how it is."""

    id: int
    host: int
    iqn: str
    address: str
    port: int
    tag: int
    initiator: str
    chap: Chap
    iface: str
    timers: Timers
    disks: dict[int, Disk] = field(default_factory=dict)
    broken_since: float | None = None


class Initiator:
    """The sessions of one machine. `machine` gives name, network, clock and what is on."""

    def __init__(self, machine: Any) -> None:
        self._machine = machine
        self.sessions: list[Session] = []
        # The driver takes LUN numbers below this one.
        self.max_lun = MAX_LUN
        self._logins = 0
        # By session: at which of the clock's happenings it was asked, and whether it answered.
        self._answered: dict[int, tuple[int, bool]] = {}

    # --- the network --------------------------------------------------------------------------

    def reaches(self, address: str, port: int) -> bool:
        """Whether a portal answers."""
        other = self._machine.network.at(self._machine, address)
        return other is not None and other.array is not None and other.array.listens(address, port)

    def discover(self, initiator: str, address: str, port: int) -> list[Found]:
        """The targets that a portal which answers tells of."""
        other = self._machine.network.at(self._machine, address)
        return list(other.array.discover(initiator, address, port))

    def login(
        self, found: Found, initiator: str, chap: Chap, iface: str, timers: Timers
    ) -> Outcome:
        """Log in to a portal that answers; its LUNs are scanned if that is granted."""
        other = self._machine.network.at(self._machine, found.address)
        outcome: Outcome = other.array.login(initiator, chap, found.iqn, found.address, found.port)
        if outcome == "ok":
            used = {one.host for one in self.sessions}
            host = next(number for number in itertools.count() if number not in used)
            self._logins += 1
            session = Session(
                self._logins, host, found.iqn, found.address, found.port, found.tag, initiator,
                chap, iface, timers,
            )  # fmt: skip
            self.sessions.append(session)
            self.scan(session)
        return outcome

    def logout(self, session: Session) -> None:
        """End a session; its disks go."""
        self._machine.clock.happenings += 1
        self.sessions.remove(session)
        for one in session.disks.values():
            one.gone = True

    def power_off(self) -> None:
        """Forget all: the next session is the first again."""
        self.sessions.clear()
        self._answered.clear()
        self._logins = 0

    # --- how they are -------------------------------------------------------------------------

    def state(self, session: Session) -> str:
        """LOGGED_IN, or FAILED once a ping went unanswered. It comes back by itself."""
        now = self._machine.clock.now()
        if self.answers(session):
            session.broken_since = None
            return LOGGED_IN
        if session.broken_since is None:
            session.broken_since = now
        return FAILED if now - session.broken_since >= session.timers.noop else LOGGED_IN

    def device_state(self, session: Session) -> str:
        """How its disks are: running; blocked while I/O waits for the session; or given up."""
        if self.state(session) == LOGGED_IN:
            return RUNNING
        assert session.broken_since is not None
        silent = self._machine.clock.now() - session.broken_since
        waits = silent < session.timers.noop + session.timers.recovery
        return BLOCKED if waits else GIVEN_UP

    def session_of(self, disk: Disk) -> Session:
        """The session by which a disk came."""
        session: Session = disk.session
        return session

    def answers(self, session: Session) -> bool:
        """Whether its portal answers it right now; asked once for all that happens at once."""
        happened = self._machine.clock.happenings
        known = self._answered.get(session.id)
        if known is None or known[0] != happened:
            known = self._answered[session.id] = (happened, self._asks(session))
        return known[1]

    def _asks(self, session: Session) -> bool:
        if not self.reaches(session.address, session.port):
            return False
        array = self._machine.network.at(self._machine, session.address).array
        outcome: Outcome = array.login(
            session.initiator, session.chap, session.iqn, session.address, session.port
        )
        return outcome == "ok"

    # --- disks --------------------------------------------------------------------------------

    @property
    def disks(self) -> list[Disk]:
        """Every disk that came by a session, by its address."""
        found = [one for session in self.sessions for one in session.disks.values()]
        return sorted(found, key=lambda one: (one.host, one.channel, one.target, one.lun))

    def scan(self, session: Session) -> None:
        """Find the LUNs that are there now; those that were found before stay as they are."""
        luns = self._luns(session)
        # The kernel asks for LUN 0 first, and names disks as their probes end: highest first here.
        fresh = [one for one in luns if one not in session.disks and one < self.max_lun]
        for number in sorted(fresh, key=lambda one: (one != 0, -one)):
            place = (session.host, 0, 0, number)
            behind = functools.partial(self._lun, session, number)
            session.disks[number] = scsi.disk(place, self._free_name(), luns[number], behind)
            session.disks[number].session = session
        self._machine.clock.happenings += len(fresh)
        for number in fresh:
            self._machine.block.appeared(session.disks[number])

    def rescan(self, session: Session) -> None:
        """Find what is new, and look at every disk again."""
        self.scan(session)
        for one in session.disks.values():
            one.look()

    def forget(self, disk: Disk) -> None:
        """Take a disk away from the host; a scan finds it again if the LUN is there."""
        self._machine.clock.happenings += 1
        for session in self.sessions:
            if session.disks.get(disk.lun) is disk:
                del session.disks[disk.lun]
        disk.gone = True

    def _lun(self, session: Session, number: int) -> Mapped | None:
        found: Mapped | None = None
        if array := self._array_of(session):
            place = (session.initiator, session.iqn, session.address, session.port)
            found = array.lun(*place, number)
        return found

    def _luns(self, session: Session) -> dict[int, Mapped]:
        found: dict[int, Mapped] = {}
        if array := self._array_of(session):
            found = array.luns(session.initiator, session.iqn, session.address, session.port)
        return found

    def _array_of(self, session: Session) -> Any:
        """The array that a session's portal leads to; None while it does not answer."""
        other = self._machine.network.at(self._machine, session.address)
        there = other is not None and other.array is not None
        return other.array if there and other.array.listens(session.address, session.port) else None

    def _free_name(self) -> str:
        used = {one.name for one in self.disks}
        names: Iterable[str] = map(scsi.sd_name, itertools.count())
        return next(name for name in names if name not in used)
