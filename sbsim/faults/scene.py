"""Where a fault happens: the deployment, and the backend for what only it can do."""

from __future__ import annotations

from dataclasses import dataclass

from sbsim.backends import Backend
from sbsim.deployment import Host, Lun, StorageServer, Target
from sbsim.initiator.initiator import Initiator
from sbsim.initiator.side import HostSide
from sbsim.machines import Machine
from sbsim.management.deployed import Deployed


@dataclass(frozen=True)
class Scene:
    """A deployment whose places a fault names by number, so that it fits every description."""

    deployed: Deployed
    backend: Backend

    def host(self, number: int) -> Host:
        """The host of that number, from 1; the last one if there are fewer."""
        hosts = self.deployed.deployment.hosts
        return hosts[min(number, len(hosts)) - 1]

    def machine(self, number: int) -> Machine:
        """That host's machine."""
        return self.deployed.machines[self.host(number).name]

    def initiator(self, number: int) -> Initiator:
        """That host's iSCSI initiator."""
        return self.deployed.initiator(self.host(number))

    def san(self, number: int) -> HostSide:
        """That host's side of the SAN, whatever its transport."""
        return self.deployed.san(self.host(number))

    @property
    def server(self) -> StorageServer:
        """The first storage server that shows LUNs."""
        return next(
            server
            for server in self.deployed.deployment.storage_servers
            if any(target.luns for target in server.targets)
        )

    @property
    def storage(self) -> Machine:
        """That storage server's machine."""
        return self.deployed.machines[self.server.name]

    @property
    def target(self) -> Target:
        """The first target that shows LUNs."""
        return next(target for target in self.server.targets if target.luns)

    @property
    def pool_lun(self) -> Lun:
        """The last LUN of the first primary storage."""
        deployment = self.deployed.deployment
        return deployment.lun(deployment.primary_storages[0].luns[-1])

    @property
    def spare_lun(self) -> Lun:
        """The last LUN that belongs to no primary storage."""
        return self.deployed.deployment.spare_luns[-1]

    @property
    def lun(self) -> Lun:
        """That target's first LUN."""
        return self.target.luns[0]
