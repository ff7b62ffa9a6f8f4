"""One host's connect to a pool, step by step in its profile's order.

Connecting again changes nothing where all is as it should be.
"""

from __future__ import annotations

from sbsim.errors import CommandFailed, CommandTimeout, WaitedInVain
from sbsim.machines import Clock, Machine
from sbsim.machines.clock import wait_until
from sbsim.sharedblock.configure import Changed, configure, start_services
from sbsim.sharedblock.disk import find_disk
from sbsim.sharedblock.errors import JoinFailed, VolumeGroupExisted, VolumeGroupFailed
from sbsim.sharedblock.lock_space import DeltaLease, read_delta_leases, read_lock_spaces
from sbsim.sharedblock.lvm import Lvm
from sbsim.sharedblock.lvm_report import VolumeGroup
from sbsim.sharedblock.profile import Profile
from sbsim.sharedblock.request import Capacity, Connected, ConnectRequest
from sbsim.sharedblock.wipe import wipe

MADE_TAG = "zs::sharedblock::init"
HEARTBEAT_TAG = "zs::sharedblock::heartbeat"

# Of sanlock's io_timeouts: a join takes 2 of them, after an unclean stop 8 more; then some spare.
JOIN_TIMEOUTS = 12
JOIN_SPARE_SECONDS = 60.0


class Connect:
    """One connect. `run` performs the profile's steps; each of them is a method here."""

    def __init__(
        self,
        machine: Machine,
        clock: Clock,
        profile: Profile,
        io_timeout: int,
        request: ConnectRequest,
    ) -> None:
        self._machine = machine
        self._clock = clock
        self._profile = profile
        self._io_timeout = io_timeout
        self._request = request
        self._lvm = Lvm(machine)
        self._disks: dict[str, str] = {}
        self._changed = Changed(lvm=False, sanlock=False, unit=False)
        self._created = False

    def run(self) -> Connected:
        """Connect. Raises PoolError; what had been done by then stays, and a new run goes on."""
        seconds: dict[str, float] = {}
        for step in self._profile.steps:
            began = self._clock.now()
            getattr(self, step)()
            seconds[step] = self._clock.now() - began
        group = self._group()
        if group is None:
            raise VolumeGroupFailed(self._machine.name, f"can not find vg {self._request.vg}")
        return Connected(
            host_id=self._lease_or_fail().host_id,
            created=self._created,
            vg_uuid=group.uuid,
            capacity=Capacity(total=group.size, available=group.free),
            seconds=seconds,
            lock_wait=2 * self._io_timeout + 1,
        )

    # --- the steps --------------------------------------------------------------------------

    def find_disks(self) -> None:
        """Find the device of every id; raises DiskNotFound."""
        self._disks = {
            id: find_disk(self._machine, id, self._profile.disks) for id in self._request.disks
        }

    def configure(self) -> None:
        """Write LVM's and sanlock's settings."""
        request = self._request
        disks = tuple(dict.fromkeys([*request.disks, *request.known]))
        self._changed = configure(
            self._machine, self._profile, request.host_id, self._io_timeout, disks
        )

    def start_services(self) -> None:
        """Have sanlock and lvmlockd run."""
        in_use = bool(read_delta_leases(self._machine))
        start_services(self._machine, self._changed, in_use)

    def enable_global_lock(self) -> None:
        """Have the global lock in one of the lock spaces, if there are any."""
        spaces = [one for one in read_lock_spaces(self._machine) if one.lock_type == "sanlock"]
        if spaces and not any(one.has_global_lock for one in spaces):
            self._machine.run("lvmlockctl", "--gl-enable", spaces[0].vg, check=False)

    def find_or_make_group(self) -> None:
        """Find the volume group, or make it where this host may."""
        if self._find_group() is not None:
            return
        request = self._request
        if self._profile.guards_group and not request.first:
            raise VolumeGroupExisted(
                self._machine.name,
                f"vg {request.vg} is not found, but it has already been created before; making it "
                "again would be a risk of data loss. Look at the LUNs before anything else",
            )
        epoch = int(self._machine.run("date", "+%s").stdout)
        if request.wipe:
            for id, disk in self._disks.items():
                rules = self._profile.wiping
                wipe(self._machine, self._clock, disk, id, request.vg, rules, epoch)
            self.find_disks()
        tag = f"{MADE_TAG}::{request.host_uuid}::{epoch}" if self._profile.group_tags else None
        paths = tuple(self._disks.values())
        self._lvm.make_group(request.vg, paths, tag, self._profile.metadata)
        self._created = True
        if self._group() is None:
            raise VolumeGroupFailed(
                self._machine.name, f"can not find vg {request.vg} with tag {tag} after vgcreate"
            )

    def join(self) -> None:
        """Join the group's lock space, and wait until sanlock has its place in it."""
        lease = self._lease()
        if lease is None:
            self._start_lock_space()
        elif lease.joined:
            return
        limit = JOIN_TIMEOUTS * self._io_timeout + JOIN_SPARE_SECONDS
        try:
            wait_until(
                self._clock,
                lambda: (lease := self._lease()) is not None and lease.joined,
                limit,
                f"{self._machine.name} to join the lock space of {self._request.vg}",
                every_seconds=1.0,
            )
        except WaitedInVain as error:
            raise JoinFailed(self._machine.name, f"can not find lock space: {error}") from error

    def mark_heartbeat(self) -> None:
        """Put this host's heartbeat tag on the group, in the place of its old one."""
        epoch = self._machine.run("date", "+%s").stdout.strip()
        host = self._request.host_uuid
        self._lvm.retag(self._request.vg, self._heartbeats(), f"{HEARTBEAT_TAG}::{host}::{epoch}")

    def clear_heartbeat(self) -> None:
        """Take away the heartbeat tag that an older version left."""
        self._lvm.retag(self._request.vg, self._heartbeats(), None)

    # --- below ------------------------------------------------------------------------------

    def _group(self) -> VolumeGroup | None:
        """The group, if the host sees one that the profile takes for it."""
        group = self._lvm.group(self._request.vg)
        if group is None or not self._profile.group_tags:
            return group
        return group if any(tag.startswith(MADE_TAG) for tag in group.tags) else None

    def _find_group(self) -> VolumeGroup | None:
        for attempt in range(self._profile.find_attempts):
            if attempt and not self._request.first:
                self._clock.sleep(1.0)
            group = self._group()
            if group is not None or self._request.first:
                return group
        return None

    def _lease(self) -> DeltaLease | None:
        name = f"lvm_{self._request.vg}"
        return next((one for one in read_delta_leases(self._machine) if one.name == name), None)

    def _lease_or_fail(self) -> DeltaLease:
        lease = self._lease()
        if lease is None:
            raise JoinFailed(
                self._machine.name,
                f"can not get running host id: sanlock is not in lvm_{self._request.vg}",
            )
        return lease

    def _start_lock_space(self) -> None:
        limit = JOIN_TIMEOUTS * self._io_timeout + JOIN_SPARE_SECONDS
        argv = ("vgchange", "--lock-start", self._request.vg)
        for attempt in range(1, self._profile.join_attempts + 1):
            try:
                self._machine.run(*argv, timeout=limit)
                return
            except (CommandFailed, CommandTimeout) as error:
                if attempt == self._profile.join_attempts:
                    text = f"vgchange --lock-start failed {attempt} times: {error}"
                    raise JoinFailed(self._machine.name, text) from error
            self._clock.sleep(1.0)

    def _heartbeats(self) -> tuple[str, ...]:
        group = self._group()
        prefix = f"{HEARTBEAT_TAG}::{self._request.host_uuid}::"
        return tuple(tag for tag in group.tags if tag.startswith(prefix)) if group else ()
