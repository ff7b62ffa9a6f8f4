"""One host's side of a pool: what the product's agent on it is asked to do.

Example: `Pool(machine, clock, profile("zstack-2.6")).connect(request).capacity.total`
"""

from __future__ import annotations

from collections.abc import Sequence

from sbsim.errors import CommandFailed
from sbsim.initiator.initiator import Initiator
from sbsim.initiator.multipath import Multipath
from sbsim.initiator.multipath_map import MultipathMap
from sbsim.initiator.side import HostSide
from sbsim.machines import Clock, Machine
from sbsim.machines.clock import wait_until
from sbsim.sharedblock.candidates import read_candidates
from sbsim.sharedblock.configure import see_only
from sbsim.sharedblock.connect import HEARTBEAT_TAG, Connect
from sbsim.sharedblock.disk import find_disk
from sbsim.sharedblock.errors import JoinFailed, VolumeGroupFailed
from sbsim.sharedblock.lock_space import read_delta_leases
from sbsim.sharedblock.lvm import Lvm
from sbsim.sharedblock.lvm_report import PhysicalVolume
from sbsim.sharedblock.profile import Profile
from sbsim.sharedblock.request import Candidate, Capacity, Connected, ConnectRequest
from sbsim.sharedblock.sizes import usable
from sbsim.sharedblock.wipe import wipe

LEAVE_LIMIT_SECONDS = 120.0
# sanlock gives a place up at once; lvmlockd may still be finishing a lock.
STOP_ATTEMPTS = 3


class Pool:
    """Pools as one host sees them.

    `io_timeout` is sanlock's in seconds, the profile's if None. `san` is how the host comes to its
    LUNs: over iSCSI if none is given.
    """

    def __init__(
        self,
        machine: Machine,
        clock: Clock,
        profile: Profile,
        io_timeout: int | None = None,
        san: HostSide | None = None,
    ) -> None:
        self._machine = machine
        self._clock = clock
        self._profile = profile
        self._io_timeout = profile.io_timeout if io_timeout is None else io_timeout
        self._lvm = Lvm(machine)
        self._san = san or Initiator(machine, clock)

    @property
    def name(self) -> str:
        """The host's name."""
        return self._machine.name

    def check_disks(self, disks: tuple[str, ...]) -> None:
        """See that every id names one disk here. Raises DiskNotFound."""
        for id in disks:
            find_disk(self._machine, id, self._profile.disks)

    def connect(self, request: ConnectRequest) -> Connected:
        """Connect the host to a pool; again changes nothing. Raises PoolError."""
        connect = Connect(self._machine, self._clock, self._profile, self._io_timeout, request)
        answer = connect.run()
        if self._short(request.vg):  # a LUN has grown while the host was away
            self.rescan(request.vg)
            self._refuse_short(request.vg)
        return answer

    def disconnect(self, vg: str, host_uuid: str) -> None:
        """Leave a pool: its volumes are deactivated and its lock space is left.

        Nothing if the host does not see the group. Raises JoinFailed if a volume stays active or
        the lock space cannot be left; the volume group stays on the LUNs.
        """
        group = self._lvm.group(vg)
        if group is None:
            return
        if any(one.name == f"lvm_{vg}" for one in read_delta_leases(self._machine)):
            self._deactivate(vg)
            prefix = f"{HEARTBEAT_TAG}::{host_uuid}::"
            self._lvm.retag(vg, tuple(tag for tag in group.tags if tag.startswith(prefix)), None)
            self._leave(vg)

    def see_only(self, disks: tuple[str, ...]) -> None:
        """Have LVM see the disks of these ids and the host's own alone, if the version does so.

        Raises DiskNotFound.
        """
        see_only(self._machine, self._profile, disks)

    def add_disk(self, vg: str, disk: str, wipe_first: bool) -> Capacity:
        """Add a LUN to a pool that this host is connected to. Raises PoolError."""
        device = find_disk(self._machine, disk, self._profile.disks)
        if device not in self._members(vg):
            if wipe_first:
                epoch = int(self._machine.run("date", "+%s").stdout)
                rules = self._profile.wiping
                wipe(self._machine, self._clock, device, disk, vg, rules, epoch)
                device = find_disk(self._machine, disk, self._profile.disks)
            self._lvm.extend_group(vg, device, self._profile.metadata)
            if device not in self._members(vg):
                text = f"disk {disk} ({device}) is not added to vg {vg} after vgextend"
                raise VolumeGroupFailed(self._machine.name, text)
        return self.capacity(vg)

    def has_disk(self, vg: str, disk: str) -> bool:
        """Whether a disk is in the pool. Raises DiskNotFound."""
        return find_disk(self._machine, disk, self._profile.disks) in self._members(vg)

    def rescan(self, vg: str) -> None:
        """See a pool's LUNs as the array shows them now: their paths, then their maps.

        Raises VolumeGroupFailed, with no map resized, where a LUN has shrunk under its map.
        """
        self._san.rescan_disks()
        multipath = Multipath(self._machine, self._clock)
        if multipath.running:
            members, maps = self._members(vg), multipath.read()
            self._refuse_outgrown(vg, members, maps)
            for one in maps:
                if f"/dev/{one.device}" in members:
                    multipath.resize(one.name)

    def grow(self, vg: str) -> Capacity:
        """Give the group all of its disks' room; again changes nothing.

        Raises VolumeGroupFailed, with nothing changed, if a disk is smaller than LVM knows it.
        """
        self._refuse_short(vg)
        for one in self._lvm.physical_volumes(vg):
            if one.found and self._room(one) > one.size:
                self._lvm.change("pvresize", one.path)
        return self.capacity(vg)

    def capacity(self, vg: str) -> Capacity:
        """A pool's room. Raises VolumeGroupFailed if the host sees it not, or in part.

        In part it sees it, too, where a disk is smaller here than LVM's metadata say.
        """
        group = self._lvm.group(vg)
        if group is None:
            raise VolumeGroupFailed(self._machine.name, f"can not find vg {vg}")
        lost = [one for one in self._lvm.physical_volumes(vg) if one.missing or not one.found]
        if lost:
            ids = ", ".join(one.uuid for one in lost)
            raise VolumeGroupFailed(self._machine.name, f"vg {vg} was missing pv {ids}")
        self._refuse_short(vg)
        return Capacity(total=group.size, available=group.free)

    def candidates(self) -> tuple[Candidate, ...]:
        """The LUNs that this host could bring into a pool."""
        return read_candidates(self._machine)

    # --- below ------------------------------------------------------------------------------

    def _room(self, disk: PhysicalVolume) -> int:
        """The bytes that a disk of this size brings into a group."""
        return usable(disk.device_size, self._profile.metadata or 0)

    def _short(self, vg: str) -> list[PhysicalVolume]:
        """The disks of a group that are smaller here than LVM's metadata say."""
        members = self._lvm.physical_volumes(vg)
        return [one for one in members if one.found and self._room(one) < one.size]

    def _refuse_short(self, vg: str) -> None:
        if short := self._short(vg):
            told = ", ".join(f"{one.path} has {one.device_size} bytes here" for one in short)
            raise VolumeGroupFailed(
                self._machine.name,
                f"a disk of vg {vg} is smaller than LVM's metadata say: {told}; nothing was "
                "changed. Either the LUN has shrunk: give it its size back; or this host has not "
                "seen it grow: rescan its sessions",
            )

    def _refuse_outgrown(self, vg: str, members: set[str], maps: Sequence[MultipathMap]) -> None:
        """Refuse a map that is larger than its paths, if it is the pool's or may be.

        Whoever reads such a map's end loses all of its paths, and LVM the disk: where one is lost
        it cannot tell any more whose it was.
        """
        lost = any(one.missing or not one.found for one in self._lvm.physical_volumes(vg))
        short = [one for one in maps if one.outgrows_its_paths]
        ours = [one for one in short if lost or f"/dev/{one.device}" in members]
        if ours:
            told = ", ".join(
                f"{one.name} ({one.smallest_path} of {one.bytes} bytes)" for one in ours
            )
            raise VolumeGroupFailed(
                self._machine.name,
                f"under vg {vg} a LUN has shrunk: {told}; nothing was changed. Give it its size "
                "back at once: its map loses its paths whenever its end is read",
            )

    def _members(self, vg: str) -> set[str]:
        """The devices of a pool's physical volumes."""
        paths = [one.path for one in self._lvm.physical_volumes(vg) if one.found]
        if not paths:
            return set()
        return set(self._machine.run("readlink", "-e", "--", *paths, check=False).lines)

    def _deactivate(self, vg: str) -> None:
        active = [one.name for one in self._lvm.logical_volumes(vg)
                  if one.active and one.name != "lvmlock"]  # fmt: skip
        if active:
            self._machine.run("vgchange", "--activate", "n", vg, check=False)
            left = {one.name for one in self._lvm.logical_volumes(vg) if one.active}
            stuck = sorted(left & set(active))
            if stuck:
                raise JoinFailed(self._machine.name, f"lvs {stuck} are still active in vg {vg}")

    def _leave(self, vg: str) -> None:
        for attempt in range(1, STOP_ATTEMPTS + 1):
            try:
                self._machine.run("vgchange", "--lock-stop", vg, timeout=LEAVE_LIMIT_SECONDS)
                break
            except CommandFailed as error:
                if attempt == STOP_ATTEMPTS:
                    text = f"vgchange --lock-stop failed: {error.stderr.strip()}"
                    raise JoinFailed(self._machine.name, text) from error
                self._clock.sleep(1.0)
        wait_until(
            self._clock,
            lambda: not any(one.name == f"lvm_{vg}" for one in read_delta_leases(self._machine)),
            LEAVE_LIMIT_SECONDS,
            f"{self._machine.name} to leave the lock space of {vg}",
            every_seconds=1.0,
        )
