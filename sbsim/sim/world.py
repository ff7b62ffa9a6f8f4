"""A simulated world: a deployment's machines, network and arrays, on one virtual clock."""

from __future__ import annotations

import copy
import hashlib
import ipaddress
import sys
from typing import Any

from sbsim.deployment import AnyServer, Deployment, Inquiry, StorageServer
from sbsim.errors import LabError
from sbsim.initiator.fc import fcoe
from sbsim.sim import tools
from sbsim.sim.lio import machine as lio
from sbsim.sim.lio.places import BlockDevice
from sbsim.sim.machine import SimulatedMachine
from sbsim.sim.network import Card, Network
from sbsim.sim.releases import text
from sbsim.sim.san.array import Array
from sbsim.sim.san.records import CONF, NAME
from sbsim.sim.scheduler import Scheduler
from sbsim.sim.tools.iscsiadm import log_in_at_boot
from sbsim.sim.udev import DEV, DevTree
from sbsim.target import unit

assert tools  # importing them makes them known
DEFAULT_CPUS, DEFAULT_MEMORY = 1, 512 * 2**20
VIRTIO_MAJOR = 254
DEEPEST = 20_000
# By machine what it is made of, and the clock's state without a name.
Kept = dict[str, dict[str, Any]]


class NotNow(LabError):
    """The world cannot be kept right now."""


class World:
    """Everything that a description names, freshly booted. A pure function of it and the seed."""

    def __init__(self, deployment: Deployment, seed: int = 0) -> None:
        self.deployment = deployment
        self.seed = seed
        self.clock = Scheduler(seed)
        self.network = Network()
        self.machines = {one.name: self._machine(one) for one in deployment.machines}
        for server in deployment.storage_servers:
            self._give_lio(server)
        for host in deployment.hosts:
            self._give_initiator(self.machines[host.name])

    def happened(self) -> None:
        """Something was done to machines from outside: who cannot be reached is silent from now on.

        Whoever has a session pings, whether anybody asks for its state meanwhile or not.
        """
        self.clock.happenings += 1
        for host in self.deployment.hosts:
            scsi = self.machines[host.name].scsi
            for nexus in scsi.all():
                scsi.is_broken(nexus)

    # --- going back ---------------------------------------------------------------------------

    def keep(self) -> Kept:
        """The world as it is now, to go back to. Raises NotNow while a program runs on."""
        if self.clock.busy:
            raise NotNow("a program is still running in the simulated world; stop it first")
        return self._copied(self._state())

    def go_back(self, kept: Kept) -> None:
        """Be as it was then; time is what it was, too. What ran meanwhile never goes on."""
        state = self._copied(kept)
        self.clock.state = state.pop("")
        for name, fields in state.items():
            machine = self.machines[name]
            machine.__dict__.clear()
            machine.__dict__.update(fields)

    def _state(self) -> Kept:
        return {"": self.clock.state, **{name: vars(one) for name, one in self.machines.items()}}

    def _copied(self, state: Kept) -> Kept:
        """A copy in which all that can change is another; who is who stays."""
        same = [self, self.clock, self.network, *self.machines.values()]
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(max(limit, DEEPEST))
        try:
            return copy.deepcopy(state, {id(one): one for one in same})
        finally:
            sys.setrecursionlimit(limit)

    # --- what is in it ------------------------------------------------------------------------

    def _machine(self, described: AnyServer) -> SimulatedMachine:
        scale: Any = self.deployment.lab.scale
        cpus = (scale.cpus if scale else None) or described.cpus or DEFAULT_CPUS
        memory = (scale.memory if scale else None) or described.memory or DEFAULT_MEMORY
        made = SimulatedMachine(
            described.name, self.deployment.os_release, cpus, memory, self.clock, self.network
        )
        for number, (link, addresses) in enumerate(self.deployment.links_of(described), start=1):
            mac = f"52:54:5b:{number:02x}:{self._digest(described.name)[:2]}:01"
            if port := self.deployment.fc_port_on(described, link):
                mac = port.mac
            card = Card(f"link{number}", link.name, mac, mtu=link.mtu)
            for address in addresses:
                subnet = next(one for one in link.subnets if address in one)
                card.addresses.append(ipaddress.ip_interface(f"{address}/{subnet.prefixlen}"))
            made.cards.append(card)
        self.network.add(described.name, made)
        return made

    def _give_lio(self, server: StorageServer) -> None:
        machine = self.machines[server.name]
        machine.files.make_folders("/etc/target")
        luns = [lun for target in server.targets for lun in target.luns if lun.backing == "block"]
        for number, lun in enumerate(luns):
            name = f"vd{chr(ord('b') + number)}" if number < 25 else f"vdx{number}"
            write_back = lun.cache == "write-back"
            device = BlockDevice(name, lun.size, VIRTIO_MAJOR, 16 * (number + 1), write_back)
            lio.add_disk(machine.files, f"/dev/{name}", device)
            machine.files.make_folders(lun.device.rpartition("/")[0])
            machine.files.symlink(f"/dev/{name}", lun.device)
        machine.array = _array(machine, server)
        machine.at_boot.append(lambda: self._restore_array(machine, server))
        machine.at_boot.append(lambda: make_ports_at_boot(machine))

    def _give_initiator(self, machine: SimulatedMachine) -> None:
        files = machine.files
        files.mount(DEV, DevTree(machine))
        files.write(CONF, text(machine.release, "iscsid.conf").encode(), 0o600)
        name = f"{machine.about.initiator}{self._digest(machine.name)[:12]}"
        files.write(NAME, f"InitiatorName={name}\n".encode(), 0o600)

        def boot() -> None:
            log_in_at_boot(machine)
            make_ports_at_boot(machine)
            for name, (start, _) in machine.services.items():
                if name in machine.enabled:
                    start()

        machine.at_boot.append(boot)

    def _restore_array(self, machine: SimulatedMachine, server: StorageServer) -> None:
        """A kernel that has just booted has an empty LIO; the unit that fills it may be enabled."""
        for device in machine.files.devices():
            device.in_use = False
        machine.array = _array(machine, server)
        if machine.files.is_link(unit.WANTED):
            machine.run("python3", unit.PROGRAM, "restore")

    def _digest(self, text: str) -> str:
        return hashlib.sha256(f"{self.seed} {text}".encode()).hexdigest()


def _array(machine: SimulatedMachine, server: StorageServer) -> Array:
    """A storage server's array, with an empty LIO."""
    is_lio = server.inquiry == Inquiry()
    return Array(lio.load(machine.files), None if is_lio else server)


def make_ports_at_boot(machine: SimulatedMachine) -> None:
    """Make the FC ports whose units are linked, as systemd does when the machine boots."""
    names = machine.files.listdir(fcoe.WANTS) if machine.files.is_dir(fcoe.WANTS) else []
    for name in sorted(names):
        if match := fcoe.INSTANCE.fullmatch(name):
            fcoe.make(machine, match["card"])
