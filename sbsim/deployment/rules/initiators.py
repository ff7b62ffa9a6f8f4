"""Hosts as initiators: their names, clusters and access to targets."""

from __future__ import annotations

from collections.abc import Iterator

from sbsim.deployment.finding import Fault
from sbsim.deployment.iqn import initiator_name
from sbsim.deployment.node import Node
from sbsim.deployment.rules.common import listed_twice, repeated, unknown


def duplicate_initiators(root: Node) -> Iterator[Fault]:
    """Every host has its own initiator name (R3.5)."""
    hosts = list(root.each("hosts"))
    owners = {host.at("initiator").path: host for host in hosts}
    for first, again in repeated((host.at("initiator") for host in hosts), initiator_name):
        yield again.fault(
            f"'{again.value}', which {owners[first.path].label} already has",
            "",
            "give every host its own initiator name",
        )


def unknown_clusters(root: Node) -> Iterator[Fault]:
    """Every host belongs to a cluster of the description."""
    references = (host.at("cluster") for host in root.each("hosts"))
    return unknown(references, root.each("clusters"), "cluster", "add it as [[clusters]]")


def unknown_initiators(root: Node) -> Iterator[Fault]:
    """A target lets in hosts of the description only."""
    references = root.each("storage_servers", "targets", "initiators")
    return unknown(references, root.each("hosts"), "host", "add it as [[hosts]]")


def initiators_listed_twice(root: Node) -> Iterator[Fault]:
    """A target names each host once."""
    return listed_twice(root.each("storage_servers", "targets"), "initiators")
