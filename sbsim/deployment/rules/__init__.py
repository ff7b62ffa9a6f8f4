"""The rules that compare fields with one another, one function each, grouped by noun.

A rule takes the description's root as a node and yields its faults. Rules see descriptions with
other faults too, so they read every value through `Node.read`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sbsim.deployment.finding import Fault
from sbsim.deployment.node import Node
from sbsim.deployment.rules import (
    addresses,
    chap,
    fc_ports,
    initiators,
    links,
    names,
    portals,
    primary_storages,
    targets,
    transports,
)

RULES: tuple[Callable[[Node], Iterator[Fault]], ...] = (
    names.machine_names,
    names.link_names,
    names.cluster_names,
    names.primary_storage_names,
    names.controller_names,
    names.lun_names,
    transports.needed,
    transports.foreign,
    transports.one_transport,
    fc_ports.duplicate_wwpns,
    fc_ports.ports_off_fabric,
    fc_ports.two_ports_on_one_link,
    fc_ports.hosts_without_a_way,
    fc_ports.several_targets,
    links.overlapping_subnets,
    links.mtu_of_ipv6,
    addresses.duplicate_addresses,
    addresses.addresses_off_link,
    addresses.reserved_addresses,
    chap.one_place_of_password,
    chap.mutual_differs,
    initiators.duplicate_initiators,
    initiators.unknown_clusters,
    initiators.unknown_initiators,
    initiators.initiators_listed_twice,
    targets.duplicate_targets,
    targets.duplicate_lun_numbers,
    targets.duplicate_serials,
    targets.serials_without_digits,
    targets.colliding_wwids,
    portals.duplicate_portals,
    portals.portals_off_storage_links,
    portals.portals_off_server,
    portals.duplicate_tags,
    primary_storages.unknown_clusters,
    primary_storages.unknown_luns,
    primary_storages.listed_twice_in_one,
    primary_storages.luns_in_two,
    primary_storages.luns_too_small,
)
