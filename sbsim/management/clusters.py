"""Zones, clusters and management nodes: what stands before any storage. Adding twice adds once."""

from __future__ import annotations

from sbsim.management.entities import Cluster, ManagementNode, Zone
from sbsim.management.errors import OPERATION_FAILED, Refused
from sbsim.management.finding import find_in
from sbsim.management.management import Management


def add_zone(management: Management, name: str) -> Zone:
    """Make the zone of that name known; return it."""
    with management.store.transaction() as rows:
        return rows.one(Zone, name=name) or rows.add(Zone(management.ids(), name, management.now()))


def add_cluster(management: Management, name: str, zone: str) -> Cluster:
    """Make a zone's cluster known; return it. Raises Refused if another zone has that name."""
    with management.store.transaction() as rows:
        place = find_in(rows, Zone, zone)
        known = rows.one(Cluster, name=name)
        if known and known.zone_uuid != place.uuid:
            raise Refused(OPERATION_FAILED, f"a cluster {name} is in another zone than {zone}")
        return known or rows.add(Cluster(management.ids(), name, place.uuid, management.now()))


def add_management_node(management: Management, name: str, address: str) -> ManagementNode:
    """Make a management node known; return it as it is then."""
    with management.store.transaction() as rows:
        known = rows.one(ManagementNode, name=name)
        if known:
            return rows.change(known, address=address)
        return rows.add(ManagementNode(management.ids(), name, address, management.now()))
