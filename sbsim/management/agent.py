"""One host as the management plane sees it: its pools, volumes and instances."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sbsim.kvm.domain import Domain, Drive
from sbsim.kvm.instances import Running
from sbsim.sharedblock.qemu_img import Format
from sbsim.sharedblock.request import Candidate, Capacity, Connected, ConnectRequest
from sbsim.sharedblock.volumes import NewVolume, Use


class PoolAgent(Protocol):
    """What a host can be asked for about pools. `sbsim.sharedblock.pool` is one.

    Here as below every call raises SbsimError, in words that name the host.
    """

    @property
    def name(self) -> str:
        """The host's name."""

    def check_disks(self, disks: tuple[str, ...]) -> None:
        """Find every disk by its id; changes nothing. Raises SbsimError naming the disk."""

    def connect(self, request: ConnectRequest) -> Connected:
        """Bring the host into the pool; a second call changes nothing."""

    def disconnect(self, vg: str, host_uuid: str) -> None:
        """Take the host out of the pool; nothing happens if it is not in. No disk is changed."""

    def see_only(self, disks: tuple[str, ...]) -> None:
        """Let LVM see these disks and the host's own alone, where the version does so."""

    def add_disk(self, vg: str, disk: str, wipe_first: bool) -> Capacity:
        """Add a disk to a pool that the host is connected to; a second call changes nothing."""

    def has_disk(self, vg: str, disk: str) -> bool:
        """Whether the disk is in the pool, as this host sees it."""

    def rescan(self, vg: str) -> None:
        """See the sizes of a pool's LUNs as the array shows them now."""

    def grow(self, vg: str) -> Capacity:
        """Give the pool all of its disks' room. Raises SbsimError, first, if one has shrunk."""

    def capacity(self, vg: str) -> Capacity:
        """The pool's room, as this host sees it."""

    def candidates(self) -> tuple[Candidate, ...]:
        """The LUNs that this host sees."""


class VolumeAgent(Protocol):
    """What a host can be asked for about volumes. `sbsim.sharedblock.volumes` is one."""

    @property
    def name(self) -> str:
        """The host's name."""

    def make(self, vg: str, new: NewVolume) -> int:
        """Make a volume; return its size in the pool. A second call changes nothing."""

    def fill(self, vg: str, name: str, data: bytes) -> None:
        """Write bytes to a volume's start."""

    def delete(self, vg: str, name: str) -> None:
        """Remove a volume; nothing happens if there is none."""

    def grow(
        self, vg: str, name: str, virtual: int, format: Format, live: bool, room: int | None = None
    ) -> int:
        """Make a volume larger; return its size in the pool."""

    def extend(self, vg: str, name: str, size: int) -> int:
        """Have a thin volume take `size` bytes of the pool; return what it takes."""

    def rebase(self, vg: str, name: str, onto: str | None, onto_format: Format | None) -> int:
        """Put a volume upon another one, with what it would lose; return its size in the pool."""

    def use(self, vg: str, names: Sequence[str], use: Use) -> None:
        """Take volumes for use on this host, or let go of them; again changes nothing."""

    def uses(self, vg: str) -> dict[str, Use]:
        """How this host uses each volume of a pool."""

    def capacity(self, vg: str) -> Capacity:
        """The pool's room, as this host sees it."""


class InstanceAgent(Protocol):
    """What a host can be asked for about VM instances. `sbsim.kvm.instances` is one."""

    @property
    def name(self) -> str:
        """The host's name."""

    def states(self) -> dict[str, Running]:
        """Every instance that runs on this host, and how it is."""

    def start(self, wanted: Domain) -> None:
        """Start an instance; nothing happens if it runs here."""

    def shut_down(self, uuid: str, limit: float) -> bool:
        """Press the power button; whether the instance has ended within `limit` seconds."""

    def destroy(self, uuid: str) -> None:
        """Cut an instance's power; nothing happens if it does not run here."""

    def reset(self, uuid: str) -> None:
        """Press the reset button."""

    def go_on(self, uuid: str) -> None:
        """Have a paused instance go on; nothing happens if it runs."""

    def drives(self, uuid: str) -> dict[str, str]:
        """The paths of a running instance's disks, by their target names."""

    def attach(self, uuid: str, drive: Drive) -> None:
        """Plug a disk in; nothing happens if it is in."""

    def detach(self, uuid: str, drive: Drive) -> None:
        """Pull a disk out; nothing happens if it is not in."""

    def resize(self, uuid: str, drive: Drive, virtual: int) -> None:
        """Let a running instance see a disk of that many bytes."""

    def go_on_in(self, uuid: str, drive: Drive, path: str) -> None:
        """Have a disk's writes go to an empty qcow2 upon it."""

    def migrate(self, uuid: str, host: str, address: str) -> None:
        """Move a running instance to the host of that name, reached at `address`."""


class FolderAgent(Protocol):
    """What a host can be asked for about its folders. `sbsim.kvm.folders` is one."""

    @property
    def name(self) -> str:
        """The host's name."""

    def make(self, path: str) -> tuple[int, int]:
        """Make a folder, if it is not there; its file system's size and what is free, in bytes."""
