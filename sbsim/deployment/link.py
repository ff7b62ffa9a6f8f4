"""Links: the networks that join the machines."""

from __future__ import annotations

from pydantic import Field

from sbsim.deployment.address import Address, Subnet
from sbsim.deployment.model import Model
from sbsim.deployment.number import Flag, Mtu
from sbsim.deployment.text import Name


class Link(Model):
    """One network (a switch, a VLAN) with the subnets on it."""

    name: Name = Field(description="the link's name", examples=["storage-1"])
    subnets: tuple[Subnet, ...] = Field(
        min_length=1,
        max_length=64,
        description="the subnets on this link, IPv4 or IPv6",
        examples=[["172.20.0.0/16"]],
    )
    storage: Flag = Field(default=True, description="whether iSCSI goes over this link")
    mtu: Mtu = Field(default=1500, description="the largest packet in bytes")

    def carries(self, address: Address) -> bool:
        """Say whether the address lies in one of the link's subnets."""
        return any(address in subnet for subnet in self.subnets)
