"""VM instances on one host, through its libvirt.

A domain exists only while it runs: what an instance is made of is the platform's to know, and a
host that comes back after a crash must not start anything by itself.
"""

from __future__ import annotations

from contextlib import suppress
from enum import StrEnum

import libvirt

from sbsim.errors import WaitedInVain
from sbsim.kvm import domain as domains
from sbsim.kvm.domain import Domain
from sbsim.kvm.errors import InstanceNotThere, in_words
from sbsim.kvm.hypervisor import Hypervisor
from sbsim.kvm.live import LiveChanges
from sbsim.machines import Clock
from sbsim.machines.clock import wait_until


class Running(StrEnum):
    """How a domain is."""

    RUNNING = "running"
    PAUSED = "paused"
    ENDING = "ending"


_STATES = {
    libvirt.VIR_DOMAIN_RUNNING: Running.RUNNING,
    libvirt.VIR_DOMAIN_BLOCKED: Running.RUNNING,
    libvirt.VIR_DOMAIN_PAUSED: Running.PAUSED,
    libvirt.VIR_DOMAIN_PMSUSPENDED: Running.PAUSED,
}


class Instances(LiveChanges):
    """The VM instances on one host. Raises InstanceFailed with libvirt's words.

    `hypervisor` gives the libvirt of the host of a name; instances are named by 32 hex digits.
    """

    def __init__(self, name: str, hypervisor: Hypervisor, clock: Clock) -> None:
        super().__init__(name, hypervisor)
        self._clock = clock

    @property
    def name(self) -> str:
        """The host's name."""
        return self._name

    def states(self) -> dict[str, Running]:
        """Every instance that runs here, and how it is."""
        found = {}
        with in_words(self._name):
            active = libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE
            for one in self._connection().listAllDomains(active):
                try:
                    state = one.info()[0]
                except libvirt.libvirtError as error:
                    if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
                        continue  # it has ended since it was listed
                    raise
                found[domains.plain(one.UUIDString())] = _STATES.get(state, Running.ENDING)
        return found

    def start(self, wanted: Domain) -> None:
        """Start an instance; nothing happens if it runs here."""
        if wanted.uuid in self.states():
            return
        with in_words(self._name):
            connection = self._connection()
            connection.createXML(domains.domain_xml(wanted, *_machine_of(connection)), 0)

    def shut_down(self, uuid: str, limit: float) -> bool:
        """Press the power button; whether the instance has ended within `limit` seconds."""
        if uuid in self.states():
            with suppress(InstanceNotThere), in_words(self._name):
                self._find(uuid).shutdown()
        try:
            wait_until(self._clock, lambda: self._gone(uuid), limit, "its end", 0.2)
        except WaitedInVain:
            return False
        return True

    def _gone(self, uuid: str) -> bool:
        """Whether libvirt has forgotten an instance: a moment after that no longer runs.

        Who starts it anew before is told that there is no such domain.
        """
        try:
            with in_words(self._name):
                self._find(uuid)
        except InstanceNotThere:
            return True
        return False

    def destroy(self, uuid: str) -> None:
        """Cut an instance's power; nothing happens if it does not run here."""
        if uuid not in self.states():
            return
        with suppress(InstanceNotThere), in_words(self._name):
            self._find(uuid).destroy()

    def reset(self, uuid: str) -> None:
        """Press the reset button."""
        with in_words(self._name):
            self._find(uuid).reset()

    def go_on(self, uuid: str) -> None:
        """Have a paused instance go on; nothing happens if it runs."""
        if self.states().get(uuid) is Running.PAUSED:
            with in_words(self._name):
                self._find(uuid).resume()

    def drives(self, uuid: str) -> dict[str, str]:
        """The paths of a running instance's disks, by their target names."""
        with in_words(self._name):
            return domains.sources(self._find(uuid).XMLDesc())


def _machine_of(connection: libvirt.virConnect) -> tuple[str, str | None]:
    """What domains of this libvirt are made with: their type, and the emulator."""
    if connection.getType() == "TEST":
        return "test", None
    kvm = "<domain type='kvm'" in connection.getCapabilities()
    return ("kvm" if kvm else "qemu"), "/usr/bin/qemu-system-x86_64"
