"""Portals: where a target is listened for."""

from __future__ import annotations

from pydantic import Field

from sbsim.deployment.address import Address
from sbsim.deployment.model import Model
from sbsim.deployment.number import Port

# IANA's port of iSCSI targets.
DEFAULT_PORT = 3260


class Portal(Model):
    """An address and port of a controller; `str` gives it as iscsiadm writes it."""

    address: Address = Field(
        description="an address of the storage server on a storage link",
        examples=["172.20.12.221"],
    )
    port: Port = Field(default=DEFAULT_PORT, description="the TCP port")

    def __str__(self) -> str:
        host = f"[{self.address}]" if self.address.version == 6 else f"{self.address}"
        return f"{host}:{self.port}"
