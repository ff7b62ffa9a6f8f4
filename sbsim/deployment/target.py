"""Targets: what shows LUNs to hosts."""

from __future__ import annotations

from pydantic import Field

from sbsim.deployment.hostname import HostName
from sbsim.deployment.inquiry import Inquiry
from sbsim.deployment.iqn import TargetName
from sbsim.deployment.lun import Lun
from sbsim.deployment.model import Model


class Target(Model):
    """A target with its LUNs; every controller of its storage server shows it.

    Over Fibre Channel it has no name of its own: every port of the server is a target by its WWPN,
    and shows these LUNs.
    """

    iqn: TargetName | None = Field(
        default=None,
        description="the target's name",
        examples=["iqn.2015-05.org.zstack:tsn.200001"],
    )
    initiators: tuple[HostName, ...] | None = Field(
        default=None,
        min_length=1,
        max_length=1024,
        description="the names of the hosts that may log in; left out, every host may",
        examples=[["sharedblock-host1"]],
    )
    luns: tuple[Lun, ...] = Field(
        default=(), max_length=256, description="the LUNs that the target shows"
    )

    def shown_with(self, inquiry: Inquiry) -> Target:
        """The target on an array that says this of itself."""
        return self.model_copy(update={"luns": tuple(lun.shown_with(inquiry) for lun in self.luns)})
