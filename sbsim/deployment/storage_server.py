"""Storage servers: the arrays."""

from __future__ import annotations

from pydantic import Field, ValidationInfo, field_validator

from sbsim.deployment.controller import Controller
from sbsim.deployment.fc_port import FcPort
from sbsim.deployment.inquiry import Inquiry
from sbsim.deployment.number import Cpus
from sbsim.deployment.server import Server
from sbsim.deployment.size import Memory
from sbsim.deployment.target import Target


class StorageServer(Server):
    """A server that shows LUNs to the hosts."""

    cpus: Cpus | None = Field(default=None, description="the number of processors", examples=[2])
    memory: Memory | None = Field(default=None, description="the memory", examples=["2 GiB"])
    controllers: tuple[Controller, ...] = Field(
        min_length=1, max_length=64, description="the controllers (portal groups)"
    )
    inquiry: Inquiry = Field(
        default_factory=Inquiry, description="what the array says of itself to the hosts"
    )
    targets: tuple[Target, ...] = Field(
        default=(), max_length=256, description="the targets, in the order of discovery"
    )

    @property
    def fc_ports(self) -> tuple[FcPort, ...]:
        """The Fibre Channel ports of all controllers: each of them is a target."""
        return tuple(port for controller in self.controllers for port in controller.ports)

    @field_validator("targets")
    @classmethod
    def _tell_luns(cls, targets: tuple[Target, ...], info: ValidationInfo) -> tuple[Target, ...]:
        """Have every LUN know how its array shows it."""
        inquiry = info.data.get("inquiry", Inquiry())
        return tuple(target.shown_with(inquiry) for target in targets)

    @field_validator("controllers", mode="before")
    @classmethod
    def _number_controllers(cls, value: object) -> object:
        """Give each controller without a tag its position as tag."""
        if not isinstance(value, list | tuple):
            return value
        return [
            {"tag": position, **entry} if isinstance(entry, dict) else entry
            for position, entry in enumerate(value, start=1)
        ]
