"""One host's Fibre Channel ports, asked and told over the machine's door."""

from __future__ import annotations

from sbsim.initiator.fc.sysfs import FcHost, RemotePort, read_fc_hosts, read_remote_ports
from sbsim.initiator.lsscsi import parse_lsscsi_transports
from sbsim.initiator.side import HostSide


class FcInitiator(HostSide):
    """The FC side of one machine.

    Example: `{port.wwpn for port in FcInitiator(machine, clock).logins()}`
    """

    def ports(self) -> tuple[FcHost, ...]:
        """The machine's own ports."""
        return read_fc_hosts(self.machine)

    def remote_ports(self) -> tuple[RemotePort, ...]:
        """Every port that they see, those of other hosts included."""
        return read_remote_ports(self.machine)

    def logins(self) -> tuple[RemotePort, ...]:
        """The targets' ports that they see."""
        return tuple(port for port in self.remote_ports() if port.is_target)

    def rescan_disks(self) -> bool:
        """Have every disk that came by a port be looked at again; false if there is none."""
        lines = parse_lsscsi_transports(self.machine.run("lsscsi", "-st").stdout)
        paths = [f"/sys/class/scsi_device/{one.hctl}/device/rescan" for one in lines if one.wwpn]
        if paths:
            self.machine.run("tee", *paths, input="1")
        return bool(paths)

    def renew(self, port: FcHost) -> None:
        """Have a host adapter's port log in to its fabric anew."""
        self.machine.run("tee", f"/sys/class/fc_host/host{port.number}/issue_lip", input="1")
