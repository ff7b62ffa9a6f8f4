"""Transports: how a host comes to its targets. One for iSCSI and one for Fibre Channel."""

from __future__ import annotations

from typing import Protocol

from sbsim.deployment import Controller, Deployment, Host, StorageServer
from sbsim.initiator import configure
from sbsim.initiator.chap import ChapSettings
from sbsim.initiator.errors import InitiatorError
from sbsim.initiator.fc import configure as fc
from sbsim.initiator.fc.initiator import FcInitiator
from sbsim.initiator.initiator import Initiator
from sbsim.initiator.side import HostSide
from sbsim.machines import Clock, Machine


class Transport(Protocol):
    """What differs between transports once the targets are there.

    Example: `transport_of(deployment).log_in(machine, clock, deployment, host, chap)`
    """

    def side(self, machine: Machine, clock: Clock) -> HostSide:
        """A host's side of the SAN."""

    def open_array(
        self, machine: Machine, clock: Clock, deployment: Deployment, server: StorageServer
    ) -> tuple[str, ...]:
        """Have a storage server, whose targets are there, be reached; return what was changed."""

    def answers(self, side: HostSide, controller: Controller) -> bool:
        """Whether every port of a controller answers a host that shares its links."""

    def log_in(
        self,
        machine: Machine,
        clock: Clock,
        deployment: Deployment,
        host: Host,
        chap: ChapSettings,
    ) -> tuple[str, ...]:
        """Have a host see its LUNs, now and after a restart; return what was changed."""

    def log_out(self, machine: Machine, clock: Clock, deployment: Deployment) -> tuple[str, ...]:
        """Undo `log_in` on a host, or `open_array` on a storage server."""


class Iscsi:
    """iSCSI: names, CHAP, discovery, sessions."""

    def side(self, machine: Machine, clock: Clock) -> HostSide:
        """A host's iSCSI initiator."""
        return Initiator(machine, clock)

    def open_array(
        self, machine: Machine, clock: Clock, deployment: Deployment, server: StorageServer
    ) -> tuple[str, ...]:
        """Nothing: its portals are parts of its targets."""
        return ()

    def answers(self, side: HostSide, controller: Controller) -> bool:
        """Whether every portal tells the host of targets."""
        initiator = Initiator(side.machine, side.clock)
        try:
            return all(initiator.discover(one, records="none") for one in controller.portals)
        except InitiatorError:
            return False

    def log_in(
        self,
        machine: Machine,
        clock: Clock,
        deployment: Deployment,
        host: Host,
        chap: ChapSettings,
    ) -> tuple[str, ...]:
        """Name it, give it CHAP, and log it in everywhere (R3.5 to R3.8)."""
        return configure.apply(Initiator(machine, clock), deployment, host, chap)

    def log_out(self, machine: Machine, clock: Clock, deployment: Deployment) -> tuple[str, ...]:
        """End its sessions, and put its files back; nothing on a storage server."""
        if machine.name not in {host.name for host in deployment.hosts}:
            return ()
        return configure.remove(Initiator(machine, clock), deployment)


class Fc:
    """Fibre Channel: ports with world-wide names, on both sides."""

    def side(self, machine: Machine, clock: Clock) -> HostSide:
        """A host's FC ports."""
        return FcInitiator(machine, clock)

    def open_array(
        self, machine: Machine, clock: Clock, deployment: Deployment, server: StorageServer
    ) -> tuple[str, ...]:
        """Bring its ports online."""
        return fc.open_ports(machine, clock, server.fc_ports)

    def answers(self, side: HostSide, controller: Controller) -> bool:
        """Whether the host is logged in to every port."""
        usable = {one.place for one in side.logins() if one.usable}
        return usable >= {port.wwpn for port in controller.ports}

    def log_in(
        self,
        machine: Machine,
        clock: Clock,
        deployment: Deployment,
        host: Host,
        chap: ChapSettings,
    ) -> tuple[str, ...]:
        """Bring its ports online, and wait for the array's ports and its LUNs."""
        return fc.apply(FcInitiator(machine, clock), deployment, host)

    def log_out(self, machine: Machine, clock: Clock, deployment: Deployment) -> tuple[str, ...]:
        """Take the ports away that were made."""
        return fc.close_ports(machine)


TRANSPORTS: dict[str, Transport] = {"iscsi": Iscsi(), "fc": Fc()}


def transport_of(deployment: Deployment) -> Transport:
    """Return the description's transport."""
    return TRANSPORTS[deployment.transport]
