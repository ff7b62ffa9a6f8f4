"""What is changed of an instance while it runs. libvirt's test driver has none of this."""

from __future__ import annotations

import libvirt

from sbsim.kvm import domain as domains
from sbsim.kvm.domain import Drive
from sbsim.kvm.errors import InstanceFailed, in_words
from sbsim.kvm.hypervisor import Hypervisor

_LIVE = libvirt.VIR_DOMAIN_AFFECT_LIVE
# Paused a little longer each time the guest has written more meanwhile: it comes to an end.
_MIGRATE = libvirt.VIR_MIGRATE_LIVE | libvirt.VIR_MIGRATE_AUTO_CONVERGE
_SNAPSHOT = (
    libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY
    | libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_NO_METADATA
    | libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_REUSE_EXT
    | libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC
)


class LiveChanges:
    """Changes of running instances on one host. Raises InstanceFailed with libvirt's words."""

    def __init__(self, name: str, hypervisor: Hypervisor) -> None:
        self._name = name
        self._hypervisor = hypervisor

    def attach(self, uuid: str, drive: Drive) -> None:
        """Plug a disk in; nothing happens if it is in."""
        with in_words(self._name):
            one = self._find(uuid)
            there = domains.sources(one.XMLDesc()).get(drive.target)
            if there == drive.path:
                return
            if there is not None:
                raise InstanceFailed(self._name, f"{drive.target} is {there} already")
            one.attachDeviceFlags(domains.drive_xml(drive), _LIVE)

    def detach(self, uuid: str, drive: Drive) -> None:
        """Pull a disk out; nothing happens if it is not in."""
        with in_words(self._name):
            one = self._find(uuid)
            if drive.target in domains.sources(one.XMLDesc()):
                one.detachDeviceFlags(domains.drive_xml(drive), _LIVE)

    def resize(self, uuid: str, drive: Drive, virtual: int) -> None:
        """Let the instance see a disk of that many bytes; qcow2's own size follows."""
        with in_words(self._name):
            self._find(uuid).blockResize(
                drive.target, virtual, libvirt.VIR_DOMAIN_BLOCK_RESIZE_BYTES
            )

    def go_on_in(self, uuid: str, drive: Drive, path: str) -> None:
        """Have a disk's writes go to an empty qcow2 upon it: what was written stays as it is."""
        with in_words(self._name):
            one = self._find(uuid)
            there = domains.sources(one.XMLDesc())
            if there.get(drive.target) != path:
                one.snapshotCreateXML(domains.snapshot_xml([*there], drive.target, path), _SNAPSHOT)

    def migrate(self, uuid: str, host: str, address: str) -> None:
        """Move an instance to the host of that name, reached from here at `address`."""
        with in_words(self._name):
            self._find(uuid).migrate(self._hypervisor(host), _MIGRATE, None, f"tcp:{address}", 0)

    def _connection(self) -> libvirt.virConnect:
        return self._hypervisor(self._name)

    def _find(self, uuid: str) -> libvirt.virDomain:
        return self._connection().lookupByUUIDString(domains.dashed(uuid))
