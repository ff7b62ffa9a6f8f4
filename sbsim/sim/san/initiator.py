"""A host's iSCSI initiator in the kernel: its sessions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from sbsim.sim.lio.fabric import Mapped
from sbsim.sim.san.array import Array, Chap, Found, Outcome
from sbsim.sim.san.nexus import Nexus, Timers

LOGGED_IN, FAILED = "LOGGED_IN", "FAILED"


@dataclass(eq=False)
class Session(Nexus):
    """A session: who logged in where, and how it is."""

    machine: Any
    id: int
    iqn: str
    address: str
    port: int
    tag: int
    initiator: str
    chap: Chap
    iface: str
    transport: ClassVar = "iscsi"

    @property
    def place(self) -> str:
        """The target and the tag of its portal group."""
        return f"{self.iqn},t,{self.tag:#x}"

    @property
    def path_id(self) -> str:
        """The portal and the target."""
        return f"ip-{self.address}:{self.port}-iscsi-{self.iqn}"

    def asks(self) -> bool:
        """Whether its portal would let it in again."""
        if not self.machine.initiator.reaches(self.address, self.port):
            return False
        array = self.machine.network.at(self.machine, self.address).array
        outcome: Outcome = array.login(self.initiator, self.chap, self.iqn, self.address, self.port)
        return outcome == "ok"

    def luns(self) -> dict[int, Mapped]:
        """The LUNs that its portal shows."""
        array = self.array
        place = (self.initiator, self.iqn, self.address, self.port)
        return array.luns(*place) if array else {}

    def lun(self, number: int) -> Mapped | None:
        """One of them."""
        array = self.array
        place = (self.initiator, self.iqn, self.address, self.port)
        return array.lun(*place, number) if array else None

    @property
    def array(self) -> Array | None:
        """The array that its portal leads to; None while it does not answer."""
        other = self.machine.network.at(self.machine, self.address)
        array: Array | None = other.array if other is not None else None
        return array if array and array.listens(self.address, self.port) else None


class Initiator:
    """The sessions of one machine. `machine` gives name, network, clock and what is on."""

    def __init__(self, machine: Any) -> None:
        self._machine = machine
        self.sessions: list[Session] = []
        self._logins = 0

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
            self._logins += 1
            session = Session(
                self._machine.scsi.free_host(), timers, self._machine, self._logins, found.iqn,
                found.address, found.port, found.tag, initiator, chap, iface,
            )  # fmt: skip
            self.sessions.append(session)
            self._machine.scsi.scan(session)
        return outcome

    def logout(self, session: Session) -> None:
        """End a session; its disks go."""
        self.sessions.remove(session)
        self._machine.scsi.drop(session)

    def state(self, session: Session) -> str:
        """LOGGED_IN, or FAILED once a ping went unanswered. It comes back by itself."""
        return FAILED if self._machine.scsi.is_broken(session) else LOGGED_IN

    def power_off(self) -> None:
        """Forget all: the next session is the first again."""
        self.sessions.clear()
        self._logins = 0
