"""A simulated host's VM instances: what runs, with which disks, and who has a device open."""

from __future__ import annotations

import errno
import functools
import os
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from typing import Any

from sbsim.kvm.domain import serial_log
from sbsim.sim.disk.qcow2 import Image, NotQcow2
from sbsim.sim.kvm.guest import Guest, boots
from sbsim.sim.kvm.images import Opened, opened

SOCKET = "libvirtd.socket"
# A migration copies the guest's memory while that goes on, then pauses it for a moment.
COPY_SECONDS, PAUSE_SECONDS = 1.5, 0.2


class Refused(Exception):
    """What QEMU or libvirt's driver for it says when it does not do what it is asked for."""


@dataclass
class Disk:
    """A disk of an instance: where it hangs, what it is, and its image as it is open."""

    target: str
    path: str
    format: str
    shareable: bool
    at_start: bool
    image: Opened


@dataclass
class Instance:
    """An instance that runs: its XML as it is now, its disks, and its guest if it has booted."""

    uuid: str
    xml: str
    disks: dict[str, Disk] = field(default_factory=dict)
    guest: Guest | None = None


class InstancesOf:
    """The instances of one machine. Raises Refused."""

    def __init__(self, machine: Any) -> None:
        self._machine = machine
        self.running: dict[str, Instance] = {}

    def kill(self) -> None:
        """End all at once, as a power cut does."""
        for one in list(self.running.values()):
            self._stop(one)

    # --- beginning and end --------------------------------------------------------------------

    def start(self, uuid: str, xml: str) -> None:
        """Start an instance."""
        one = Instance(uuid, xml)
        for element in ET.fromstring(xml).iterfind("./devices/disk"):
            disk = self._opened(element)
            one.disks[disk.target] = disk
        self.running[uuid] = one
        self._boot(one)

    def power_button(self, uuid: str) -> None:
        """Press it; who has no guest does not hear it."""
        guest = self.running[uuid].guest
        if guest is not None:
            guest.asked_to_end = True

    def destroy(self, uuid: str) -> None:
        """Cut an instance's power."""
        self._stop(self.running[uuid])

    def reset(self, uuid: str) -> None:
        """Press the reset button: its firmware shows the disks anew."""
        one = self.running[uuid]
        if one.guest is not None:
            one.guest.running = False
        self._boot(one)

    def _boot(self, one: Instance) -> None:
        machine = self._machine
        log = serial_log(one.uuid)
        machine.files.make_folders(os.path.dirname(log))
        machine.files.write(log, b"", 0o600)
        shown = [disk.image.reader for disk in one.disks.values() if disk.at_start]
        one.guest = None
        if shown and boots(shown[0]):
            one.guest = Guest(
                one.uuid, machine, machine.draw.getrandbits(32), shown,
                functools.partial(self._say, one.uuid), functools.partial(self._ended, one.uuid),
            )  # fmt: skip
            one.guest.begin()

    def _say(self, uuid: str, text: str) -> None:
        log = serial_log(uuid)
        before = self._machine.files.read(log)
        self._machine.files.write(log, before + text.encode())

    def _ended(self, uuid: str) -> None:
        if uuid in self.running:
            self._stop(self.running[uuid])

    def _stop(self, one: Instance) -> None:
        if one.guest is not None:
            one.guest.running = False
        self.running.pop(one.uuid, None)

    # --- while it runs ------------------------------------------------------------------------

    def attach(self, uuid: str, element: ET.Element) -> None:
        """Plug a disk in."""
        one = self.running[uuid]
        disk = self._opened(element, at_start=False)
        if disk.target in one.disks:
            raise Refused(f"Requested operation is not valid: target {disk.target} already exists")
        one.disks[disk.target] = disk
        tree = ET.fromstring(one.xml)
        devices = tree.find("./devices")
        assert devices is not None
        devices.append(element)
        one.xml = ET.tostring(tree, encoding="unicode")

    def detach(self, uuid: str, target: str) -> None:
        """Pull a disk out."""
        one = self.running[uuid]
        gone = one.disks.pop(target, None)
        if gone is None:
            raise Refused(f"device not found: no target device {target}")
        tree = ET.fromstring(one.xml)
        devices = tree.find("./devices")
        assert devices is not None
        for element in devices.findall("./disk"):
            if target_of(element) == target:
                devices.remove(element)
        one.xml = ET.tostring(tree, encoding="unicode")

    def resize(self, uuid: str, target: str, virtual: int) -> None:
        """Let the guest see a disk of that size."""
        disk = self._disk(uuid, target)
        reader = disk.image.reader
        if isinstance(reader, Image):
            reader.resize(virtual)
        elif virtual > reader.size:
            raise Refused("internal error: unable to execute QEMU command 'block_resize': "
                          "Cannot grow device files")  # fmt: skip

    def go_on_in(self, uuid: str, target: str, path: str) -> None:
        """Have a disk's writes go to the empty qcow2 at a path, which lies upon it."""
        one, disk = self.running[uuid], self._disk(uuid, target)
        above = self._image(path, "qcow2")
        assert isinstance(above.reader, Image)
        # QEMU does not open again what it has open: the new image lies upon that.
        reader = Image(above.device, disk.image.reader)
        old = disk.image.reader
        disk.image = Opened(reader, above.device, disk.image)
        disk.path, disk.format = path, "qcow2"
        if one.guest is not None:
            one.guest.disks = [reader if each is old else each for each in one.guest.disks]
        tree = ET.fromstring(one.xml)
        for element in tree.iterfind("./devices/disk"):
            if target_of(element) == target:
                source, driver = element.find("source"), element.find("driver")
                assert source is not None
                assert driver is not None
                source.set("dev", path)
                driver.set("type", "qcow2")
        one.xml = ET.tostring(tree, encoding="unicode")

    def migrate(self, uuid: str, other: InstancesOf) -> None:
        """Move an instance to another host, whose devices lead to the same bytes."""
        one, clock = self.running[uuid], self._machine.clock
        arrived = Instance(uuid, one.xml)
        for element in ET.fromstring(one.xml).iterfind("./devices/disk"):
            disk = other._opened(element)
            disk.at_start = one.disks[disk.target].at_start
            arrived.disks[disk.target] = disk
        clock.sleep(COPY_SECONDS)
        if self.running.get(uuid) is not one or not other._machine.on:
            raise Refused("operation failed: migration job: unexpectedly failed")
        guest = one.guest
        self._stop(one)
        clock.sleep(PAUSE_SECONDS)
        # What the source wrote last is on the disk now: the other host reads it from there.
        for disk in arrived.disks.values():
            disk.image = other._image(disk.path, disk.format)
        other.running[uuid] = arrived
        log = serial_log(uuid)
        other._machine.files.make_folders(os.path.dirname(log))
        other._machine.files.write(log, b"", 0o600)
        if guest is not None:
            shown = [disk.image.reader for disk in arrived.disks.values() if disk.at_start]
            arrived.guest = Guest(
                uuid, other._machine, guest.start, shown,
                functools.partial(other._say, uuid), functools.partial(other._ended, uuid),
                guest.rounds, guest.errors, guest.seen, guest.asked_to_end,
            )  # fmt: skip
            arrived.guest.begin()

    # --- devices ------------------------------------------------------------------------------

    def uses(self, device: Any) -> bool:
        """Whether an instance has a device open, or something that lies on it."""
        return any(
            part.device.device is device
            for one in self.running.values()
            for disk in one.disks.values()
            for part in disk.image.chain()
        )

    def _disk(self, uuid: str, target: str) -> Disk:
        found = self.running[uuid].disks.get(target)
        if found is None:
            raise Refused(f"invalid argument: disk {target} not found in domain")
        return found

    def _image(self, path: str, form: str) -> Opened:
        try:
            return opened(self._machine, path, form)
        except NotQcow2 as error:
            raise Refused(
                "internal error: process exited while connecting to monitor: "
                f"Could not open '{path}': {error}"
            ) from None
        except OSError as error:
            where = error.filename or path
            raise Refused(
                f"Cannot access storage file '{where}': {os.strerror(error.errno or errno.EIO)}"
            ) from None

    def _opened(self, element: ET.Element, at_start: bool | None = None) -> Disk:
        """A disk of a domain's XML, open. Raises Refused as libvirt and QEMU do."""
        source, driver = element.find("source"), element.find("driver")
        assert source is not None
        assert driver is not None
        target, path, form = target_of(element), source.get("dev", ""), driver.get("type", "")
        shareable = element.find("shareable") is not None
        if shareable and form != "raw":
            raise Refused(
                f"unsupported configuration: shared access for disk '{target}' requires use of "
                "supported storage format"
            )
        image = self._image(path, form)
        if not shareable and self._written(image.device.device):
            raise Refused(
                "internal error: process exited while connecting to monitor: Failed to get "
                f'"write" lock: Is another process using the image [{path}]?'
            )
        there = element.find("boot") is not None if at_start is None else at_start
        return Disk(target, path, form, shareable, there, image)

    def _written(self, device: Any) -> bool:
        """Whether an instance writes to a device, and for itself alone."""
        return any(
            disk.image.device.device is device and not disk.shareable
            for one in self.running.values()
            for disk in one.disks.values()
        )


def target_of(element: ET.Element) -> str:
    """The target's name of a disk in a domain's XML."""
    found = element.find("target")
    return "" if found is None else found.get("dev", "")
