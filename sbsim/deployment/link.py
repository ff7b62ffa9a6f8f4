"""Links: the networks that join the machines."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from sbsim.deployment.address import Address, Subnet
from sbsim.deployment.model import NOT_EMPTY, Model
from sbsim.deployment.number import Flag, Mtu
from sbsim.deployment.text import Name, words

TRANSPORTS = ("iscsi", "fc")
# The longest frame of Fibre Channel, and what carries it over Ethernet, fit in here.
FC_MTU = 2500


class Link(Model):
    """One network: a switch or a VLAN with the subnets on it, or a Fibre Channel fabric."""

    name: Name = Field(description="the link's name", examples=["storage-1"])
    transport: Annotated[Literal["iscsi", "fc"], words(*TRANSPORTS)] = Field(
        default="iscsi",
        description="how LUNs are reached over this link; over fc it has no subnets",
        examples=["fc"],
    )
    subnets: tuple[Subnet, ...] = Field(
        default=(),
        json_schema_extra=NOT_EMPTY,
        max_length=64,
        description="the subnets on this link, IPv4 or IPv6",
        examples=[["172.20.0.0/16"]],
    )
    storage: Flag = Field(default=True, description="whether LUNs are reached over this link")
    mtu: Mtu = Field(default=1500, description="the largest packet in bytes (over fc 2500)")

    @model_validator(mode="before")
    @classmethod
    def _make_room_for_frames(cls, value: object) -> object:
        """Give a fabric the MTU that its frames need, where none is written."""
        if isinstance(value, dict) and value.get("transport") == "fc":
            return {"mtu": FC_MTU, **value}
        return value

    @property
    def is_fc(self) -> bool:
        """Whether it is a Fibre Channel fabric."""
        return self.transport == "fc"

    def carries(self, address: Address) -> bool:
        """Say whether the address lies in one of the link's subnets."""
        return any(address in subnet for subnet in self.subnets)
