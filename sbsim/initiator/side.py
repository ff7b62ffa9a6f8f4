"""One host's side of the SAN, whatever its transport: logins, scans and SCSI devices."""

from __future__ import annotations

import abc
from collections.abc import Collection, Sequence

from sbsim.deployment import Portal
from sbsim.initiator.device import ScsiDevice, assemble, read_views
from sbsim.initiator.errors import ToolsDisagree
from sbsim.initiator.login import Login
from sbsim.initiator.lsscsi import IdLine
from sbsim.initiator.settle import SETTLE_LIMIT_SECONDS, read_disk_ids, settle
from sbsim.machines import Clock, Machine

# A scan or a login may go on while the tools run one after the other.
_VIEW_ATTEMPTS = 3


class HostSide(abc.ABC):
    """The SCSI side of one machine; each transport adds how a host comes to its targets.

    Example: `deployed.san(host).rescan_hosts()`, then `.settle()` and `.devices()`.
    """

    def __init__(self, machine: Machine, clock: Clock) -> None:
        self.machine = machine
        self.clock = clock

    @property
    def host(self) -> str:
        """The machine's name."""
        return self.machine.name

    @abc.abstractmethod
    def logins(self) -> Sequence[Login]:
        """What the host is logged in to; nothing is an empty answer."""

    @abc.abstractmethod
    def rescan_disks(self) -> bool:
        """Look at every disk again, which sees growth too; false if there is nothing to look at."""

    def rescan_hosts(self, logins: Collection[Login] | None = None) -> int:
        """Scan every SCSI host of the SAN as the guide does; return how many (R3.12).

        `logins` are those that were read just before; they are read if none are given.
        """
        found = self.logins() if logins is None else logins
        hosts = sorted({one.scsi_host for one in found})
        if hosts:
            paths = (f"/sys/class/scsi_host/host{host}/scan" for host in hosts)
            self.machine.run("tee", *paths, input="- - -\n")
        return len(hosts)

    def settle(
        self, wwids: Collection[str] = (), limit_seconds: float = SETTLE_LIMIT_SECONDS
    ) -> None:
        """Wait until udev is done, every disk has its sd device and id, and `wwids` are there.

        Raises WaitedInVain.
        """
        settle(self.machine, self.clock, wwids, limit_seconds)

    def disk_ids(self) -> tuple[IdLine, ...]:
        """The disks as `lsscsi -i` shows them, which is the quickest look at what is there."""
        return read_disk_ids(self.machine)

    def devices(self, logins: Sequence[Login] | None = None) -> tuple[ScsiDevice, ...]:
        """Every SCSI device, by HCTL, from all of the guide's tools. Raises ToolsDisagree.

        `logins` are those that were read just before; they are read if none are given.
        """
        for attempt in range(_VIEW_ATTEMPTS):
            if attempt:
                self.clock.sleep(1.0)
            views = read_views(self.machine)
            differences = views.differences()
            if not differences:
                found = self.logins() if logins is None else logins
                return tuple(assemble(self.machine, views, self.portals(found)))
        raise ToolsDisagree(self.host, differences)

    def portals(self, logins: Sequence[Login]) -> dict[int, Portal]:
        """The portal of each SCSI host that came by one."""
        return {}
