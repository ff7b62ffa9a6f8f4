"""Controllers of a storage server."""

from __future__ import annotations

from pydantic import Field

from sbsim.deployment.model import Model
from sbsim.deployment.number import Tag
from sbsim.deployment.portal import Portal
from sbsim.deployment.text import Name


class Controller(Model):
    """One controller: in iSCSI's words a portal group."""

    name: Name = Field(description="the controller's name", examples=["controller-1"])
    portals: tuple[Portal, ...] = Field(
        min_length=1,
        max_length=64,
        description="where the controller listens",
        examples=[[{"address": "172.20.12.221"}]],
    )
    tag: Tag = Field(
        default=1,
        description="the portal-group tag; left out, it is the controller's position, from 1",
    )
