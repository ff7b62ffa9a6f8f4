"""What holds in a lab only."""

from __future__ import annotations

from pydantic import Field

from sbsim.deployment.model import Model
from sbsim.deployment.number import Cpus, IoTimeout
from sbsim.deployment.size import Memory


class Scale(Model):
    """The most that a machine of the lab gets; what the description asks beyond is a finding."""

    cpus: Cpus = Field(description="the most processors of a lab machine", examples=[1])
    memory: Memory = Field(description="the most memory of a lab machine", examples=["512 MiB"])


class Lab(Model):
    """How a lab differs from the deployment that it stands for."""

    io_timeout: IoTimeout | None = Field(
        default=None,
        description="sanlock's io_timeout in seconds where the profile's makes a lab wait for long",
        examples=[10],
    )
    scale: Scale | None = Field(
        default=None, description="what a lab machine gets where the description asks for more"
    )
