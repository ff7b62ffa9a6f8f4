"""The whole deployment."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias, TypeVar

from pydantic import Field

from sbsim.deployment.address import Address
from sbsim.deployment.chap import Chap
from sbsim.deployment.cluster import Cluster
from sbsim.deployment.fc_port import FcPort
from sbsim.deployment.host import Host
from sbsim.deployment.lab import Lab
from sbsim.deployment.link import Link
from sbsim.deployment.lun import Lun
from sbsim.deployment.management_node import ManagementNode
from sbsim.deployment.model import Model
from sbsim.deployment.nearest import suggestion
from sbsim.deployment.primary_storage import PrimaryStorage
from sbsim.deployment.storage_server import StorageServer
from sbsim.deployment.target import Target
from sbsim.deployment.text import Description, Name, OsRelease, words
from sbsim.errors import UsageError

_Entity = TypeVar("_Entity")
AnyServer: TypeAlias = ManagementNode | Host | StorageServer

PROFILES = ("zstack-2.6", "zstack-5", "stock")


class Deployment(Model):
    """A Shared Block deployment: servers, links, storage, and what the product makes of it.

    Example: `load("tutorial.toml").host("sharedblock-host1").initiator`
    """

    name: Name = Field(description="the deployment's name", examples=["tutorial"])
    description: Description = Field(default="", description="what the deployment is for")
    profile: Annotated[Literal["zstack-2.6", "zstack-5", "stock"], words(*PROFILES)] = Field(
        description="the product version whose behaviour counts", examples=["zstack-2.6"]
    )
    zone: Name = Field(description="the zone's name", examples=["zone-1"])
    os_release: OsRelease = Field(
        description="the OS release of every server, as ID-VERSION_ID of /etc/os-release; "
        "CentOS' with its minor version, as in centos-7.4",
        examples=["debian-12"],
    )
    links: tuple[Link, ...] = Field(
        min_length=1, max_length=64, description="the networks between the servers"
    )
    chap: Chap | None = Field(default=None, description="the initiators' credentials")
    management_node: ManagementNode = Field(description="the management node")
    clusters: tuple[Cluster, ...] = Field(
        min_length=1, max_length=1024, description="the clusters of the zone"
    )
    hosts: tuple[Host, ...] = Field(
        min_length=1, max_length=1024, description="the compute nodes, in the order of reports"
    )
    storage_servers: tuple[StorageServer, ...] = Field(
        min_length=1, max_length=64, description="the servers that hold the LUNs"
    )
    primary_storages: tuple[PrimaryStorage, ...] = Field(
        default=(), max_length=1024, description="the primary storages to add"
    )
    lab: Lab = Field(default_factory=Lab, description="what holds in a lab only")

    @property
    def transport(self) -> Literal["iscsi", "fc"]:
        """How the hosts reach their LUNs."""
        return "fc" if any(link.is_fc for link in self.links) else "iscsi"

    @property
    def machines(self) -> tuple[AnyServer, ...]:
        """Every server: the management node, then the hosts, then the storage servers."""
        return (self.management_node, *self.hosts, *self.storage_servers)

    def storage_server(self, name: str) -> StorageServer:
        """Return the storage server of that name; UsageError names the nearest one."""
        known = {server.name: server for server in self.storage_servers}
        return _named(name, known, "storage server")

    @property
    def targets(self) -> tuple[Target, ...]:
        """Every target of every storage server, in order."""
        return tuple(target for server in self.storage_servers for target in server.targets)

    @property
    def luns(self) -> tuple[Lun, ...]:
        """Every LUN of every target, in order."""
        return tuple(lun for target in self.targets for lun in target.luns)

    @property
    def spare_luns(self) -> tuple[Lun, ...]:
        """Every LUN that belongs to no primary storage."""
        taken = {name for one in self.primary_storages for name in one.luns}
        return tuple(lun for lun in self.luns if lun.name not in taken)

    def machine(self, name: str) -> AnyServer:
        """Return the server of this name. Raises UsageError."""
        return _named(name, {machine.name: machine for machine in self.machines}, "server")

    def host(self, name: str) -> Host:
        """Return the host of this name. Raises UsageError."""
        return _named(name, {host.name: host for host in self.hosts}, "host")

    def lun(self, name: str) -> Lun:
        """Return the LUN of this name. Raises UsageError."""
        return _named(name, {lun.name: lun for lun in self.luns}, "LUN")

    def links_of(self, machine: AnyServer) -> tuple[tuple[Link, tuple[Address, ...]], ...]:
        """Return the links that the machine is on, each with the machine's addresses there.

        On a Fibre Channel fabric it has a port (`fc_port_on`), and no address.
        """
        addresses = (
            (link, tuple(address for address in machine.all_addresses if link.carries(address)))
            for link in self.links
        )
        return tuple(
            (link, found) for link, found in addresses if found or self.fc_port_on(machine, link)
        )

    def fc_port_on(self, machine: AnyServer, link: Link) -> FcPort | None:
        """Return the machine's port on a Fibre Channel fabric; None where it has none."""
        return next((port for port in machine.fc_ports if port.link == link.name), None)

    def initiators_of(self, target: Target) -> tuple[Host, ...]:
        """Return the hosts that may log in to the target, in the order of the description."""
        if target.initiators is None:
            return self.hosts
        return tuple(host for host in self.hosts if host.name in target.initiators)

    def hosts_of(self, cluster: Cluster | str) -> tuple[Host, ...]:
        """Return the hosts of the cluster, given itself or by name."""
        name = cluster if isinstance(cluster, str) else cluster.name
        return tuple(host for host in self.hosts if host.cluster == name)


def _named(name: str, known: dict[str, _Entity], noun: str) -> _Entity:
    if name in known:
        return known[name]
    advice = suggestion(name, tuple(known), f"`sbsim check` shows every {noun}")
    raise UsageError(f"the description has no {noun} {name!r}; {advice}")
