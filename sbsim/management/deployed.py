"""A deployment on its machines: what every operation on the whole needs, in one hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sbsim.deployment import Deployment, Host, Lun, PrimaryStorage, StorageServer, Target
from sbsim.initiator.chap import ChapSettings
from sbsim.initiator.initiator import Initiator
from sbsim.initiator.paths import has_several, several_paths
from sbsim.initiator.side import HostSide
from sbsim.initiator.transport import Transport, transport_of
from sbsim.kvm.hypervisor import Hypervisor, no_hypervisor
from sbsim.kvm.instances import Instances
from sbsim.machines import Clock, Machine, real
from sbsim.machines.server import Server
from sbsim.sharedblock.pool import Pool
from sbsim.sharedblock.profiles import profile
from sbsim.sharedblock.sizes import ALIGNMENT, FILE_ALIGNMENT, usable
from sbsim.sharedblock.volumes import Volumes
from sbsim.target.model import Array
from sbsim.target.target_server import TargetServer
from sbsim.target.wanted import wanted_array


@dataclass(frozen=True)
class Deployed:
    """A description, the machines that carry it, its resolved CHAP and the clock they live by.

    `hypervisor` opens the libvirt of the host of a name. `ids` gives uuids, `time` the seconds
    since 1970.
    """

    deployment: Deployment
    machines: Mapping[str, Machine]
    chap: ChapSettings
    clock: Clock
    hypervisor: Hypervisor = no_hypervisor
    ids: Callable[[], str] = real.ids
    time: Callable[[], float] = real.now

    def server(self, name: str) -> Server:
        """One machine, to be asked about itself."""
        return Server(self.machines[name])

    def initiator(self, host: Host) -> Initiator:
        """One host's iSCSI initiator."""
        return Initiator(self.machines[host.name], self.clock)

    @property
    def transport(self) -> Transport:
        """How the hosts come to their targets."""
        return transport_of(self.deployment)

    def san(self, host: Host) -> HostSide:
        """One host's side of the SAN, whatever its transport."""
        return self.transport.side(self.machines[host.name], self.clock)

    def pool(self, host: Host) -> Pool:
        """One host's side of the pools."""
        return Pool(
            self.machines[host.name],
            self.clock,
            profile(self.deployment.profile),
            self.deployment.lab.io_timeout,
            self.san(host),
        )

    def volumes(self, host: Host) -> Volumes:
        """One host's side of the volumes."""
        return Volumes(self.machines[host.name], self.clock, profile(self.deployment.profile))

    def instances(self, host: Host) -> Instances:
        """One host's VM instances."""
        return Instances(host.name, self.hypervisor, self.clock)

    def disk_ids(self, storage: PrimaryStorage) -> tuple[str, ...]:
        """What a user of the profile's version would write to name a storage's LUNs."""
        return tuple(self.disk_id(self.deployment.lun(name)) for name in storage.luns)

    def pool_size(self, luns: Iterable[Lun]) -> int:
        """The size of the volume group that LUNs make, in bytes."""
        metadata = profile(self.deployment.profile).metadata or 0
        alignments = {"block": ALIGNMENT, "file": FILE_ALIGNMENT}
        return sum(usable(lun.size, metadata, alignments[lun.backing]) for lun in luns)

    def disk_id(self, lun: Lun) -> str:
        """What a user of the profile's version would write to name a LUN."""
        hosts = self.deployment.hosts
        mapped = any(lun.wwid in several_paths(self.deployment, host) for host in hosts)
        return profile(self.deployment.profile).disk_id(lun.wwid, mapped)

    @property
    def is_multipath(self) -> bool:
        """Whether hosts have several paths to a LUN."""
        return any(has_several(self.deployment, host) for host in self.deployment.hosts)

    def target_server(self, server: StorageServer) -> TargetServer:
        """One storage server's array."""
        return TargetServer(self.machines[server.name], owner=self.deployment.name)

    def with_target(self, target: Target, **changes: Any) -> Deployed:
        """The same with one target described otherwise; the machines are not touched."""
        servers = tuple(
            server.model_copy(
                update={
                    "targets": tuple(
                        one.model_copy(update=changes) if one == target else one
                        for one in server.targets
                    )
                }
            )
            for server in self.deployment.storage_servers
        )
        deployment = self.deployment.model_copy(update={"storage_servers": servers})
        return replace(self, deployment=deployment)

    def wanted(self, server: StorageServer) -> Array:
        """What a storage server's array must be."""
        return wanted_array(self.deployment, server, self.chap.password, self.chap.mutual_password)
