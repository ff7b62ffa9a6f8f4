"""A machine's Fibre Channel ports over Ethernet, and the ports that they see.

Two ports on one link meet when both are up. Each asks then, and never again, whether the other one
is a target that lets it in: that is what it stays until one of the two goes and comes back. A port
that has just lost another one takes no new login from it until the old one has aged.
Sources: Linux 6.1, drivers/scsi/fcoe and libfc; facts: lab, section 6.
"""

from __future__ import annotations

import errno
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from sbsim.sim.files import refuse
from sbsim.sim.lio.fabric import Mapped
from sbsim.sim.network import Card
from sbsim.sim.san.array import Array
from sbsim.sim.san.nexus import Nexus, Timers

FABRIC, VN2VN = "Fabric", "VN2VN"
ONLINE, LINK_DOWN, OFFLINE, REMOTE_BLOCKED = "Online", "Linkdown", "Offline", "Blocked"
TARGET, INITIATOR = "FCP Target", "FCP Initiator"
# From being enabled to being online; and until a target has forgotten a port that came back.
ONLINE_SECONDS, AGING_SECONDS = 2.0, 31.0
# A port that is silent is missed after two beacons and a half; a cable's end is seen at once.
BEACONS_SECONDS = 20.0
# How long a lost port is kept with its disks: the kernel's own time, and multipath-tools'.
KEPT_SECONDS, KEPT_BY_MULTIPATH_SECONDS = 60.0, 600.0
MODULE = "libfcoe"


@dataclass(eq=False)
class RemotePort(Nexus):
    """A port that one of the machine's sees. `is_target`: what it was when the two met."""

    own: Port
    other: Port
    number: int
    is_target: bool
    kept: float = KEPT_SECONDS
    gone_since: float | None = None
    transport: ClassVar = "fcoe"

    @property
    def name(self) -> str:
        """What it is called in sysfs."""
        return f"rport-{self.host}:0-{self.number}"

    @property
    def place(self) -> str:
        """Its WWPN and its address."""
        return f"fcoe:{self.other.shown},0x{self.other.address:06x}"

    @property
    def path_id(self) -> str:
        """The card and the WWPN."""
        return f"pci-{self.own.slot}-fc-{self.other.shown}"

    @property
    def state(self) -> str:
        """Online, or Blocked while it is not there."""
        return ONLINE if self.own.reaches(self.other) else REMOTE_BLOCKED

    @property
    def roles(self) -> str:
        """What it is to the machine: every port is an initiator as well."""
        return f"{TARGET}, {INITIATOR}" if self.is_target else INITIATOR

    @property
    def array(self) -> Array | None:
        """The array whose port it is, as long as the machine's own reaches that."""
        found: Array | None = self.other.machine.array
        return found if self.own.reaches(self.other) else None

    def asks(self) -> bool:
        """Whether its target still lets the machine's port in."""
        return self.own.reaches(self.other) and self.other.lets_in(self.own)

    def luns(self) -> dict[int, Mapped]:
        """The LUNs that its target shows."""
        array = self.array
        return array.fc_luns(self.own.wwpn, self.other.wwpn) if array else {}

    def lun(self, number: int) -> Mapped | None:
        """One of them."""
        return self.luns().get(number)

    @property
    def noticed_after(self) -> float:
        """At once where the machine's own cable is out."""
        return BEACONS_SECONDS if self.own.is_up else 0.0

    def give_up_after(self, seconds: float) -> None:
        """As multipath-tools says; it has the port be kept for longer, too."""
        super().give_up_after(seconds)
        self.kept = KEPT_BY_MULTIPATH_SECONDS


@dataclass(eq=False)
class Port:
    """A port of a machine, and the FCoE controller behind it. `number` is the controller's."""

    machine: Any
    card: Card
    number: int
    host: int
    mode: str = FABRIC
    enabled_at: float | None = None
    remote: dict[str, RemotePort] = field(default_factory=dict)
    # By the WWPN of a port that was logged in here and went: until when its login is remembered.
    aging: dict[str, float] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _targets: Iterator[int] = field(default_factory=itertools.count)

    @property
    def wwpn(self) -> str:
        """Its WWPN: NAA 2 and the card's MAC."""
        return f"20:00:{self.card.mac}"

    @property
    def shown(self) -> str:
        """Its WWPN as sysfs has it."""
        return f"0x{self.wwpn.replace(':', '')}"

    @property
    def node(self) -> str:
        """The WWNN as sysfs has it: NAA 1 and the MAC."""
        return f"0x1000{self.card.mac.replace(':', '')}"

    @property
    def address(self) -> int:
        """The address that it takes on the wire: the low bits of its WWPN (fcoe_ctlr.c)."""
        return int(self.wwpn.replace(":", "")[-4:], 16) or 1

    @property
    def slot(self) -> str:
        """The PCI slot of its card."""
        return f"0000:{self._place + 1:02x}:00.0"

    @property
    def root_port(self) -> str:
        """The PCI root port that its card is behind, which has no other one."""
        return f"0000:00:{1 + self._place // 8:02x}.{self._place % 8}"

    @property
    def device(self) -> str:
        """Its card in sysfs, below /sys."""
        above = f"devices/pci0000:00/{self.root_port}/{self.slot}"
        return f"{above}/virtio{self._place}/net/{self.card.name}"

    @property
    def _place(self) -> int:
        """Its card among all: the first is the one by which the machine is controlled."""
        return int(self.machine.cards.index(self.card)) + 1

    @property
    def enabled(self) -> bool:
        """Whether its controller is switched on."""
        return self.enabled_at is not None

    @property
    def is_up(self) -> bool:
        """Whether it is switched on and its cable is in."""
        return self.enabled and self.card.carries and bool(self.machine.on)

    @property
    def state(self) -> str:
        """Online once it has looked around; without a switch it finds no fabric to log in to."""
        if not self.is_up:
            return LINK_DOWN
        assert self.enabled_at is not None
        waited = self.machine.clock.now() - self.enabled_at >= ONLINE_SECONDS
        return ONLINE if waited and self.mode == VN2VN else OFFLINE

    def reaches(self, other: Port) -> bool:
        """Whether the two are on one link and online."""
        present = other.machine.fc.ports
        return (
            any(one is other for one in present)
            and self.card.link == other.card.link
            and (self.state, other.state) == (ONLINE, ONLINE)
        )

    def lets_in(self, other: Port) -> bool:
        """Whether there is a target behind it that knows another port."""
        array = self.machine.array
        return array is not None and array.fc_lets_in(other.wwpn, self.wwpn)

    # --- what is done to it -------------------------------------------------------------------

    def set_mode(self, text: str) -> None:
        """How it finds others; not while it is switched on."""
        if self.enabled:
            refuse(errno.EBUSY, "mode")
        known = {one.lower(): one for one in (FABRIC, VN2VN)}
        self.mode = known.get(text.strip().lower()) or refuse(errno.EINVAL, "mode")

    def set_enabled(self, text: str) -> None:
        """Switch it on or off."""
        if text[:1] not in ("0", "1"):
            refuse(errno.EINVAL, "enabled")
        if (text[:1] == "1") is not self.enabled:
            self.enabled_at = self.machine.clock.now() if text[:1] == "1" else None
            self.machine.clock.happenings += 1

    def look(self) -> None:
        """Meet who is there now, and let go of who has been away for too long."""
        now = self.machine.clock.now()
        for wwpn, remote in list(self.remote.items()):
            if self.reaches(remote.other):
                remote.gone_since = None
                continue
            remote.gone_since = now if remote.gone_since is None else remote.gone_since
            if now - remote.gone_since >= remote.kept:
                self.lose(wwpn)
        for other in self.machine.network.fc_ports():
            known = self.remote.get(other.wwpn)
            if known is not None and known.other is not other:
                self.lose(other.wwpn)  # another port with that name has come in its place
                known = None
            if known is None and other is not self and self.reaches(other):
                self._meet(other, now)

    def _meet(self, other: Port, now: float) -> None:
        if other.aging.get(self.wwpn, now) > now:
            return
        is_target = other.lets_in(self)
        target = next(self._targets) if is_target else -1
        timers = Timers(noop=0.0, recovery=KEPT_SECONDS)
        met = RemotePort(
            self.host, timers, self, other, next(self._numbers), is_target, target=target
        )
        self.remote[other.wwpn] = met
        self.machine.clock.happenings += 1
        if is_target:
            self.machine.scsi.scan(met)

    def lose(self, wwpn: str) -> None:
        """Let go of a port, with the disks that came by it."""
        self.machine.scsi.drop(self.remote.pop(wwpn))


class FcPorts:
    """The ports of one machine."""

    def __init__(self, machine: Any) -> None:
        self._machine = machine
        self.loaded = False
        self._ports: list[Port] = []
        self._made = 0
        self._looking = False
        self._looked = -1

    @property
    def ports(self) -> list[Port]:
        """The ports that there are."""
        return self._ports

    def look(self) -> None:
        """See who came and went since the last look."""
        if self._looking or not self._ports or self._looked == self._machine.clock.happenings:
            return
        self._looking = True  # a scan asks for disks, and so would look again
        try:
            for port in self._ports:
                port.look()
        finally:
            self._looking = False
        self._looked = self._machine.clock.happenings

    def remote(self) -> list[RemotePort]:
        """Every port that they see."""
        self.look()
        return [one for port in self._ports for one in port.remote.values()]

    def targets(self) -> list[RemotePort]:
        """Those that are targets to this machine."""
        return [one for one in self.remote() if one.is_target] if self._ports else []

    def create(self, text: str) -> None:
        """Make a controller on a card; it is disabled at first."""
        card = self._card(text)
        if any(port.card is card for port in self._ports):
            refuse(errno.EEXIST, "ctlr_create")
        host = self._machine.scsi.free_host()
        self._ports.append(Port(self._machine, card, self._made, host))
        self._made += 1
        self._machine.clock.happenings += 1

    def destroy(self, text: str) -> None:
        """Take a card's controller away; who saw its port remembers it for a while."""
        card = self._card(text)
        port = next((one for one in self._ports if one.card is card), None)
        if port is None:
            refuse(errno.ENODEV, "ctlr_destroy")
        for wwpn in list(port.remote):
            port.lose(wwpn)
        self._ports.remove(port)
        self._tell(port)

    def power_off(self) -> None:
        """Forget all; others remember for a while that its ports were there."""
        ports, self._ports = self._ports, []
        for port in ports:
            self._tell(port)
        self.loaded, self._made = False, 0

    def _tell(self, gone: Port) -> None:
        now = self._machine.clock.now()
        for other in self._machine.network.fc_ports():
            if gone.wwpn in other.remote:
                other.aging[gone.wwpn] = now + AGING_SECONDS
        self._machine.clock.happenings += 1

    def _card(self, text: str) -> Card:
        for card in self._machine.cards:
            if card.name == text.strip():
                assert isinstance(card, Card)
                return card
        return refuse(errno.ENODEV, text)
