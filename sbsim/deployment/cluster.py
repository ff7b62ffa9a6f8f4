"""Clusters of hosts."""

from __future__ import annotations

from pydantic import Field

from sbsim.deployment.model import Model
from sbsim.deployment.text import Name


class Cluster(Model):
    """Hosts with the same hypervisor and access to the same primary storages."""

    name: Name = Field(description="the cluster's name", examples=["cluster-1"])
