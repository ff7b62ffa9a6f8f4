"""Targets at portals: what discovery lists and what open-iscsi keeps a node record of."""

from __future__ import annotations

from dataclasses import dataclass

from sbsim.deployment import Portal


@dataclass(frozen=True)
class Node:
    """A target at one portal, with the tag of the portal group (-1: not known).

    `str` gives it as iscsiadm prints it: "172.20.12.221:3260,1 iqn.2015-05.org.zstack:tsn.200001".
    """

    portal: Portal
    tag: int
    iqn: str

    def __str__(self) -> str:
        return f"{self.portal},{self.tag} {self.iqn}"


# What discovery found is what becomes a node record.
DiscoveredTarget = Node
