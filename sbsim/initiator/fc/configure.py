"""A machine's FC ports made to be what the description says, and undone again.

The order counts. Two ports log in to each other as soon as they meet; what the other one is they
ask then and never again: where a host meets the array's port before there is a target for it behind
that port, it stays a stranger. So the array has its targets and ACLs first, then its ports, then
the hosts have theirs; and a host that came too early has its port made anew. The array lets go of
the old login only after half a minute (facts: lab, section 6).
"""

from __future__ import annotations

from collections.abc import Iterable

from sbsim.deployment import Deployment, FcPort, Host
from sbsim.errors import WaitedInVain
from sbsim.initiator.errors import InitiatorError
from sbsim.initiator.fc import fcoe
from sbsim.initiator.fc.initiator import FcInitiator
from sbsim.initiator.fc.sysfs import RemotePort, read_fc_hosts
from sbsim.initiator.routes import routes
from sbsim.machines import Clock, Machine
from sbsim.machines.clock import wait_until

ONLINE_LIMIT_SECONDS = 60.0
LOGIN_LIMIT_SECONDS = 180.0
# As long as an array takes to forget a login, and some time to spare.
RENEW_AFTER_SECONDS = 60.0


def open_ports(machine: Machine, clock: Clock, ports: Iterable[FcPort]) -> tuple[str, ...]:
    """Have a machine's ports online, now and after a restart; return what was changed.

    A port that is there (a host adapter's, or one over Ethernet) is left alone; what is missing is
    made over Ethernet. Raises InitiatorError where it cannot be, WaitedInVain if it stays offline.
    """
    changes = []
    wanted = {port.wwpn for port in ports}
    present = {one.wwpn: one for one in read_fc_hosts(machine)}
    for wwpn in sorted(wanted):
        port = present.get(wwpn)
        card = port.card if port else fcoe.card_of(machine, wwpn)
        if card and fcoe.keep(machine, card):
            changes.append(f"keeps the FC port {wwpn} on {card} over a restart")
        if card and port is None:
            fcoe.make(machine, card)
            changes.append(f"made the FC port {wwpn} on {card}")

    def online() -> bool:
        return wanted <= {one.wwpn for one in read_fc_hosts(machine) if one.online}

    what = f"{machine.name}'s FC ports {', '.join(sorted(wanted))} to be online"
    wait_until(clock, online, ONLINE_LIMIT_SECONDS, what, every_seconds=1.0)
    return tuple(changes)


def close_ports(machine: Machine) -> tuple[str, ...]:
    """Take away the ports that `open_ports` made; return what was changed."""
    ours = fcoe.kept(machine)
    there = fcoe.controllers(machine)
    for card in ours:
        if card in there:
            fcoe.take_away(machine, card)
    if ours:
        fcoe.forget(machine)
    return tuple(f"took the FC port on {card} away" for card in ours)


def apply(initiator: FcInitiator, deployment: Deployment, host: Host) -> tuple[str, ...]:
    """Have a host see its LUNs over its ports, now and after a restart; return what was changed.

    Nothing to change gives an empty tuple and touches no login. Raises what `open_ports` does;
    InitiatorError where a port of the array is no target to this host; WaitedInVain when a LUN
    does not appear.
    """
    changes = [*open_ports(initiator.machine, initiator.clock, host.ports)]
    changes += _Logins(initiator, deployment, host).run()
    wwids = {lun.wwid for route in routes(deployment, host) for lun in route.luns}
    seen = {line.wwid for line in initiator.disk_ids()}
    if not wwids <= seen:
        if not changes:
            changes.append(f"scanned for {', '.join(sorted(wwids - seen))}")
        initiator.rescan_hosts()
        initiator.settle(wwids)
    return tuple(changes)


class _Logins:
    """A host being logged in to the array's ports."""

    def __init__(self, initiator: FcInitiator, deployment: Deployment, host: Host) -> None:
        self._initiator = initiator
        self._wanted = {
            (own.wwpn, route.place)
            for route in routes(deployment, host)
            for own in host.ports
            if own.link == route.link.name
        }
        self._renewed: dict[str, float] = {}
        self._changes: list[str] = []

    def run(self) -> list[str]:
        try:
            wait_until(
                self._initiator.clock, self._done, LOGIN_LIMIT_SECONDS,
                f"{self._initiator.host} to be logged in to the array's FC ports", 1.0,
            )  # fmt: skip
        except WaitedInVain as error:
            missing = ", ".join(f"{port} from {own}" for own, port in sorted(self._missing()))
            text = f"{error}: it lacks {missing} (sees {self._shown()}); check the link, the "
            text += "array's port, and its ACL for this host's WWPN"
            raise InitiatorError(self._initiator.host, text) from None
        return self._changes

    def _done(self) -> bool:
        for own, port in sorted(self._missing()):
            if self._is_stranger(own, port):
                self._renew(own)
        return not self._missing()

    def _missing(self) -> set[tuple[str, str]]:
        return self._wanted - {(own, port.wwpn) for own, port in self._seen() if port.usable}

    def _is_stranger(self, own: str, wwpn: str) -> bool:
        """Whether a port is there, but was none of a target when the two logged in."""
        return any(
            (one, port.wwpn) == (own, wwpn) and not port.is_target for one, port in self._seen()
        )

    def _seen(self) -> list[tuple[str, RemotePort]]:
        """Every remote port, with the WWPN of the host's own that sees it."""
        own = {one.number: one.wwpn for one in self._initiator.ports()}
        remote = self._initiator.remote_ports()
        return [(own[one.scsi_host], one) for one in remote if one.scsi_host in own]

    def _renew(self, own: str) -> None:
        """Have the host's port log in anew, unless that was done a moment ago."""
        now = self._initiator.clock.now()
        if now - self._renewed.get(own, float("-inf")) < RENEW_AFTER_SECONDS:
            return
        self._renewed[own] = now
        port = next(one for one in self._initiator.ports() if one.wwpn == own)
        if port.card is None:
            self._initiator.renew(port)
        else:
            fcoe.take_away(self._initiator.machine, port.card)
            fcoe.make(self._initiator.machine, port.card)
        self._changes.append(f"renewed the logins of the FC port {own}")

    def _shown(self) -> str:
        seen = [f"{port.wwpn}: {port.state}, {', '.join(port.roles)}" for _, port in self._seen()]
        return "; ".join(seen) or "no port at all"
