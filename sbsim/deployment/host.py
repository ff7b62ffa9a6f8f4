"""Hosts: the compute nodes."""

from __future__ import annotations

from pydantic import Field

from sbsim.deployment.iqn import InitiatorName
from sbsim.deployment.number import Cpus
from sbsim.deployment.server import Server
from sbsim.deployment.size import Memory
from sbsim.deployment.text import Name


class Host(Server):
    """A compute node, which uses the LUNs."""

    cluster: Name = Field(description="the name of its cluster", examples=["cluster-1"])
    cpus: Cpus = Field(description="the number of processors", examples=[4])
    memory: Memory = Field(description="the memory in bytes", examples=["8 GiB"])
    initiator: InitiatorName = Field(
        description="its iSCSI initiator name, which no other host has",
        examples=["iqn.2016-05.org.zstack:ocfs2-host1"],
    )
