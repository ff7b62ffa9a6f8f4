"""The management node."""

from __future__ import annotations

from pydantic import Field

from sbsim.deployment.number import Cpus
from sbsim.deployment.server import Server
from sbsim.deployment.size import GIB, Memory


class ManagementNode(Server):
    """The one server that manages the others (R2.3)."""

    cpus: Cpus = Field(default=4, description="the number of processors", examples=[4])
    memory: Memory = Field(default=8 * GIB, description="the memory", examples=["8 GiB"])
