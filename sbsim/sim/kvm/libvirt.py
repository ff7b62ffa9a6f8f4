"""The third door to simulated hosts: libvirt's own test driver, a private node for each of them.

Domains are defined, listed and told by the driver. What runs in them, and what the driver lacks
(devices that are there or not, hot-plug, block jobs, migration), is the simulated host's.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import libvirt

from sbsim.errors import MachineError
from sbsim.kvm.domain import dashed, plain
from sbsim.sim.kvm.host import SOCKET, InstancesOf, Refused, target_of
from sbsim.sim.machine import SimulatedMachine
from sbsim.sim.world import World

NODE = "<node/>"
# By the beginning of what is said: libvirt's code for it.
CODES = {
    "unsupported configuration": libvirt.VIR_ERR_CONFIG_UNSUPPORTED,
    "invalid argument": libvirt.VIR_ERR_INVALID_ARG,
    "operation failed": libvirt.VIR_ERR_OPERATION_FAILED,
    "device not found": libvirt.VIR_ERR_DEVICE_MISSING,
    "Domain not found": libvirt.VIR_ERR_NO_DOMAIN,
}
START_SECONDS, CHANGE_SECONDS = 1.0, 0.2


def error(text: str) -> libvirt.libvirtError:
    """Libvirt's error of that text."""
    code = next(
        (code for begin, code in CODES.items() if text.startswith(begin)),
        libvirt.VIR_ERR_INTERNAL_ERROR,
    )
    made = libvirt.libvirtError(text)
    made.err = (code, libvirt.VIR_FROM_QEMU, text, libvirt.VIR_ERR_ERROR, "", "", "", -1, -1)
    return made


@contextmanager
def as_libvirt_says() -> Iterator[None]:
    """Turn what a simulated host refuses into libvirt's error."""
    try:
        yield
    except Refused as refusal:
        raise error(str(refusal)) from None


class SimulatedHypervisors:
    """The libvirt of every simulated host, by its name. `folder` takes the driver's files.

    Raises MachineError where a host's libvirt does not answer.
    """

    def __init__(self, world: World, folder: Path) -> None:
        self._world = world
        self._folder = folder
        self._open: dict[str, Connection] = {}
        libvirt.registerErrorHandler(lambda _context, _error: None, None)

    def __call__(self, name: str) -> Any:
        """The connection to one host's libvirt; serves as a `virConnect`."""
        machine = self._world.machines[name]
        if not machine.on:
            raise MachineError(f"{name}: its libvirt does not answer: its power is off")
        if machine.units.get(SOCKET) != "active":
            raise MachineError(
                f"{name}: its libvirt does not answer: {SOCKET} is not active; look at "
                "`systemctl status libvirtd` there"
            )
        if name not in self._open:
            path = self._folder / f"{name}.xml"
            path.write_text(NODE)
            self._open[name] = Connection(machine, libvirt.open(f"test://{path}"))
        return self._open[name]

    def close(self) -> None:
        """Close every connection."""
        for one in self._open.values():
            one.driver.close()
        self._open.clear()


class Connection:
    """A host's libvirt: what sbsim asks of a `virConnect`."""

    def __init__(self, machine: SimulatedMachine, driver: libvirt.virConnect) -> None:
        self.machine = machine
        self.driver = driver
        self._told: dict[str, str] = {}  # by uuid, the XML that the driver has

    def __getattr__(self, name: str) -> Any:
        """What the driver tells by itself."""
        return getattr(self.driver, name)

    @property
    def instances(self) -> InstancesOf:
        """What runs on the host."""
        return self.machine.instances

    def createXML(self, xml: str, _flags: int = 0) -> Domain:
        """Start a domain that exists only while it runs."""
        # The driver refuses what is no domain.
        made = self.driver.createXML(xml, 0)
        uuid = plain(made.UUIDString())
        made.destroy()
        self._told.pop(uuid, None)
        if uuid in self.instances.running:
            raise error(f"operation failed: domain is already active as '{uuid}'")
        with as_libvirt_says():
            self.instances.start(uuid, xml)
        self.machine.clock.sleep(START_SECONDS)
        return self.lookupByUUIDString(dashed(uuid))

    def lookupByUUIDString(self, uuid: str) -> Domain:
        """The domain of a uuid."""
        self.tell()
        if plain(uuid) not in self.instances.running:
            raise error(f"Domain not found: no domain with matching uuid '{uuid}'")
        return Domain(self, self.driver.lookupByUUIDString(uuid), plain(uuid))

    def listAllDomains(self, _flags: int = 0) -> list[Domain]:
        """Every domain that runs."""
        self.tell()
        return [self.lookupByUUIDString(dashed(uuid)) for uuid in self.instances.running]

    def tell(self) -> None:
        """Have the driver know what runs on the host, as it is now."""
        running = self.instances.running
        for uuid in [uuid for uuid, xml in self._told.items()
                     if uuid not in running or running[uuid].xml != xml]:  # fmt: skip
            self.driver.lookupByUUIDString(dashed(uuid)).destroy()
            del self._told[uuid]
        for uuid, instance in running.items():
            if uuid not in self._told:
                self.driver.createXML(instance.xml, 0)
                self._told[uuid] = instance.xml


class Domain:
    """A domain that runs: what sbsim asks of a `virDomain`."""

    def __init__(self, connection: Connection, driver: libvirt.virDomain, uuid: str) -> None:
        self._connection = connection
        self._driver = driver
        self._uuid = uuid

    def __getattr__(self, name: str) -> Any:
        """What the driver tells by itself."""
        return getattr(self._driver, name)

    @contextmanager
    def _running(self) -> Iterator[InstancesOf]:
        """What runs on the host, this domain among it."""
        instances = self._connection.instances
        if self._uuid not in instances.running:
            raise error(f"Domain not found: no domain with matching uuid '{dashed(self._uuid)}'")
        self._connection.machine.clock.sleep(CHANGE_SECONDS)
        with as_libvirt_says():
            yield instances
        self._connection.tell()

    def shutdown(self) -> None:
        """Press the power button."""
        with self._running() as instances:
            instances.power_button(self._uuid)

    def destroy(self) -> None:
        """Cut its power."""
        with self._running() as instances:
            instances.destroy(self._uuid)

    def reset(self, _flags: int = 0) -> None:
        """Press the reset button."""
        with self._running() as instances:
            instances.reset(self._uuid)

    def attachDeviceFlags(self, xml: str, _flags: int = 0) -> None:
        """Plug a disk in."""
        with self._running() as instances:
            instances.attach(self._uuid, ET.fromstring(xml))

    def detachDeviceFlags(self, xml: str, _flags: int = 0) -> None:
        """Pull a disk out."""
        with self._running() as instances:
            instances.detach(self._uuid, target_of(ET.fromstring(xml)))

    def blockResize(self, disk: str, size: int, flags: int = 0) -> None:
        """Let the guest see a disk of that size."""
        assert flags & libvirt.VIR_DOMAIN_BLOCK_RESIZE_BYTES
        with self._running() as instances:
            instances.resize(self._uuid, disk, size)

    def snapshotCreateXML(self, xml: str, _flags: int = 0) -> None:
        """Have disks' writes go to images that lie upon them, which are there already."""
        with self._running() as instances:
            for disk in ET.fromstring(xml).iterfind("./disks/disk[@snapshot='external']"):
                source = disk.find("source")
                assert source is not None
                instances.go_on_in(self._uuid, disk.get("name", ""), source.get("dev", ""))

    def migrate(self, to: Connection, *_how: Any) -> None:
        """Move to another host."""
        with self._running() as instances:
            instances.migrate(self._uuid, to.instances)
        to.tell()
