"""What all servers of a deployment have in common."""

from __future__ import annotations

from pydantic import Field

from sbsim.deployment.address import Address
from sbsim.deployment.fc_port import FcPort
from sbsim.deployment.hostname import HostName
from sbsim.deployment.model import Model


class Server(Model):
    """A machine with a name and its addresses."""

    name: HostName = Field(description="the machine's host name", examples=["sharedblock-host1"])
    address: Address = Field(
        description="the address by which the machine is managed", examples=["172.20.11.107"]
    )
    addresses: tuple[Address, ...] = Field(
        default=(),
        max_length=64,
        description="more addresses of the machine, on other links",
        examples=[["172.21.11.107"]],
    )

    @property
    def all_addresses(self) -> tuple[Address, ...]:
        """The management address and then the others."""
        return (self.address, *self.addresses)

    @property
    def fc_ports(self) -> tuple[FcPort, ...]:
        """Its Fibre Channel ports."""
        return ()
