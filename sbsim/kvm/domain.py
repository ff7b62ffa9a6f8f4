"""A VM instance as a libvirt domain: what it is made of, as XML and back."""

from __future__ import annotations

import uuid as uuids
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

Format = Literal["qcow2", "raw"]

SERIAL_FOLDER = "/var/log/libvirt/qemu"


@dataclass(frozen=True)
class Drive:
    """A disk of an instance: an active logical volume at `path`.

    `number` is its place: 0 is the disk that the instance boots from. `serial` is shown to the
    guest: the volume's uuid. A shareable disk is raw: libvirt refuses any other format then.
    """

    number: int
    path: str
    format: Format
    serial: str
    shareable: bool = False

    @property
    def target(self) -> str:
        """Its name in the domain: vda for the root disk, sda, sdb, … for data disks."""
        return "vda" if self.number == 0 else f"sd{_letters(self.number - 1)}"


@dataclass(frozen=True)
class Domain:
    """A VM instance to be run: memory in bytes, the root drive among its drives."""

    uuid: str
    cpus: int
    memory: int
    drives: tuple[Drive, ...]


def serial_log(uuid: str) -> str:
    """Where a host keeps what an instance wrote to its serial line."""
    return f"{SERIAL_FOLDER}/{uuid}.serial.log"


def dashed(uuid: str) -> str:
    """32 hex digits as libvirt writes them."""
    return str(uuids.UUID(uuid))


def plain(uuid: str) -> str:
    """Libvirt's uuid as 32 hex digits."""
    return uuids.UUID(uuid).hex


def domain_xml(domain: Domain, virtual: str, emulator: str | None = None) -> str:
    """The domain; `virtual` is libvirt's type: kvm, qemu, or test for its test driver.

    Data disks hang on virtio-scsi: they can be unplugged without the guest's help.
    """
    program = f"<emulator>{escape(emulator)}</emulator>" if emulator else ""
    return f"""\
<domain type={quoteattr(virtual)}>
  <name>{escape(domain.uuid)}</name>
  <uuid>{dashed(domain.uuid)}</uuid>
  <memory unit='b'>{domain.memory}</memory>
  <vcpu>{domain.cpus}</vcpu>
  <os><type>hvm</type></os>
  <features><acpi/></features>
  <on_poweroff>destroy</on_poweroff><on_reboot>restart</on_reboot><on_crash>destroy</on_crash>
  <devices>
    {program}
    <controller type='scsi' index='0' model='virtio-scsi'/>
    <controller type='usb' model='none'/>
    {"".join(drive_xml(drive, starts=True) for drive in domain.drives)}
    <serial type='file'><source path={quoteattr(serial_log(domain.uuid))}/></serial>
    <memballoon model='none'/>
  </devices>
</domain>
"""


def drive_xml(drive: Drive, starts: bool = False) -> str:
    """One disk. Nothing is cached on the host: what is written lies on the LUN.

    `starts`: it is there when the instance starts. The BIOS shows a guest only disks that have a
    place in the boot order.
    """
    bus = "virtio" if drive.number == 0 else "scsi"
    return f"""
    <disk type='block' device='disk'>
      <driver name='qemu' type={quoteattr(drive.format)} cache='none' discard='unmap'/>
      <source dev={quoteattr(drive.path)}/>
      <target dev={quoteattr(drive.target)} bus='{bus}'/>
      <serial>{escape(drive.serial)}</serial>
      {"<shareable/>" if drive.shareable else ""}
      {f"<boot order='{drive.number + 1}'/>" if starts else ""}
    </disk>"""


def snapshot_xml(targets: Sequence[str], changed: str, path: str) -> str:
    """An external snapshot: the disk `changed` goes on in the qcow2 at `path`, made before."""
    disks = "".join(
        f"<disk name={quoteattr(target)} snapshot='external' type='block'>"
        f"<driver type='qcow2'/><source dev={quoteattr(path)}/></disk>"
        if target == changed
        else f"<disk name={quoteattr(target)} snapshot='no'/>"
        for target in targets
    )
    return f"<domainsnapshot><disks>{disks}</disks></domainsnapshot>"


def sources(xml: str) -> dict[str, str]:
    """A domain's disks: the path of each by its target's name."""
    found: dict[str, str] = {}
    for disk in ET.fromstring(xml).iterfind("./devices/disk"):
        target, source = disk.find("target"), disk.find("source")
        if target is not None and source is not None:
            found[target.get("dev", "")] = source.get("dev", source.get("file", ""))
    return found


def _letters(number: int) -> str:
    """Spell a disk's number as Linux does: 0 is a, 25 z, 26 aa."""
    return (_letters(number // 26 - 1) if number >= 26 else "") + chr(ord("a") + number % 26)
