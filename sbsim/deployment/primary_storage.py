"""Primary storages of the type Shared Block."""

from __future__ import annotations

from pydantic import Field

from sbsim.deployment.model import Model
from sbsim.deployment.number import Flag
from sbsim.deployment.text import Description, Name


class PrimaryStorage(Model):
    """A pool that is made of LUNs and attached to clusters (R3.15)."""

    name: Name = Field(description="the primary storage's name", examples=["PS-1"])
    description: Description = Field(default="", description="what it is for")
    wipe: Flag = Field(
        default=False,
        description="whether signatures on the LUNs are cleared by force when it is added",
    )
    clusters: tuple[Name, ...] = Field(
        min_length=1,
        max_length=1024,
        description="the names of the clusters that use it",
        examples=[["cluster-1"]],
    )
    luns: tuple[Name, ...] = Field(
        min_length=1,
        max_length=1024,
        description="the names of its LUNs; the first also holds the lock volume",
        examples=[["zstack-sto-1"]],
    )
