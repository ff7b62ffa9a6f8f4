"""Names that must differ."""

from __future__ import annotations

from collections.abc import Iterator

from sbsim.deployment.finding import Fault
from sbsim.deployment.node import Node
from sbsim.deployment.rules.common import folded, luns, machines, names_repeated


def machine_names(root: Node) -> Iterator[Fault]:
    """Every server has its own host name, upper and lower case being alike."""
    return names_repeated(machines(root), "server", folded)


def link_names(root: Node) -> Iterator[Fault]:
    """Every link has its own name."""
    return names_repeated(root.each("links"), "link")


def cluster_names(root: Node) -> Iterator[Fault]:
    """Every cluster has its own name."""
    return names_repeated(root.each("clusters"), "cluster")


def primary_storage_names(root: Node) -> Iterator[Fault]:
    """Every primary storage has its own name."""
    return names_repeated(root.each("primary_storages"), "primary storage")


def controller_names(root: Node) -> Iterator[Fault]:
    """Every controller of a storage server has its own name."""
    for server in root.each("storage_servers"):
        yield from names_repeated(server.each("controllers"), "controller")


def lun_names(root: Node) -> Iterator[Fault]:
    """Every LUN has its own name; primary storages refer to LUNs by name alone."""
    return names_repeated(luns(root), "LUN")
