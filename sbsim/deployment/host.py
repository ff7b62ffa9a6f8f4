"""Hosts: the compute nodes."""

from __future__ import annotations

from pydantic import Field

from sbsim.deployment.fc_port import FcPort
from sbsim.deployment.iqn import InitiatorName
from sbsim.deployment.model import NOT_EMPTY
from sbsim.deployment.number import Cpus
from sbsim.deployment.server import Server
from sbsim.deployment.size import Memory
from sbsim.deployment.text import Name


class Host(Server):
    """A compute node, which uses the LUNs."""

    cluster: Name = Field(description="the name of its cluster", examples=["cluster-1"])
    cpus: Cpus = Field(description="the number of processors", examples=[4])
    memory: Memory = Field(description="the memory in bytes", examples=["8 GiB"])
    initiator: InitiatorName | None = Field(
        default=None,
        description="its iSCSI initiator name, which no other host has",
        examples=["iqn.2016-05.org.zstack:ocfs2-host1"],
    )
    ports: tuple[FcPort, ...] = Field(
        default=(),
        json_schema_extra=NOT_EMPTY,
        max_length=64,
        description="its Fibre Channel ports",
        examples=[[{"wwpn": "20:00:52:54:5b:fc:01:01", "link": "fabric-1"}]],
    )

    @property
    def fc_ports(self) -> tuple[FcPort, ...]:
        """Its Fibre Channel ports."""
        return self.ports
