"""Controllers of a storage server."""

from __future__ import annotations

from pydantic import Field

from sbsim.deployment.fc_port import FcPort
from sbsim.deployment.model import NOT_EMPTY, Model
from sbsim.deployment.number import Tag
from sbsim.deployment.portal import Portal
from sbsim.deployment.text import Name


class Controller(Model):
    """One controller: in iSCSI's words a portal group, over Fibre Channel a set of ports."""

    name: Name = Field(description="the controller's name", examples=["controller-1"])
    portals: tuple[Portal, ...] = Field(
        default=(),
        json_schema_extra=NOT_EMPTY,
        max_length=64,
        description="where the controller listens",
        examples=[[{"address": "172.20.12.221"}]],
    )
    ports: tuple[FcPort, ...] = Field(
        default=(),
        json_schema_extra=NOT_EMPTY,
        max_length=64,
        description="its Fibre Channel ports",
        examples=[[{"wwpn": "20:00:52:54:5b:fc:05:01", "link": "fabric-1"}]],
    )
    tag: Tag = Field(
        default=1,
        description="the portal-group tag; left out, it is the controller's position, from 1",
    )
