"""Addresses of servers."""

from __future__ import annotations

from collections.abc import Iterator

from sbsim.deployment.address import Address, Subnet, address, subnet
from sbsim.deployment.finding import Fault
from sbsim.deployment.node import Node
from sbsim.deployment.rules.common import addresses, machines, repeated


def duplicate_addresses(root: Node) -> Iterator[Fault]:
    """No two servers share an address, and none has one twice."""
    owners = {node.path: machine for machine in machines(root) for node, _ in addresses(machine)}
    nodes = (node for machine in machines(root) for node, _ in addresses(machine))
    for first, again in repeated(nodes, address):
        yield again.fault(
            f"'{again.read(address)}', which {owners[first.path].label} already has",
            "",
            "give every machine its own address",
        )


def addresses_off_link(root: Node) -> Iterator[Fault]:
    """Every address of a server lies in a subnet of a link."""
    subnets = _subnets(root)
    if not subnets:
        # The missing or wrong links are findings of their own.
        return
    for machine in machines(root):
        for node, found in addresses(machine):
            if _subnet_of(found, subnets) is None:
                yield node.fault(
                    f"'{found}', which lies in no link's subnet",
                    "an address on a link",
                    "correct it, or add its subnet to a link",
                )


def reserved_addresses(root: Node) -> Iterator[Fault]:
    """No server has the first or the last address of an IPv4 subnet, or the first of an IPv6."""
    subnets = _subnets(root)
    for machine in machines(root):
        for node, found in addresses(machine):
            inside = _subnet_of(found, subnets)
            kind = _reserved(found, inside) if inside is not None else None
            if kind is not None:
                yield node.fault(
                    f"'{found}', the {kind} of '{inside}'",
                    "an address that a machine can have",
                    "take another address of the subnet",
                )


def _subnets(root: Node) -> list[Subnet]:
    found = (node.read(subnet) for node in root.each("links", "subnets"))
    return [parsed for parsed in found if parsed is not None]


def _subnet_of(found: Address, subnets: list[Subnet]) -> Subnet | None:
    return next((inside for inside in subnets if found in inside), None)


def _reserved(found: Address, inside: Subnet) -> str | None:
    if found == inside.network_address:
        # RFC 4291 section 2.6.1: all routers of an IPv6 subnet answer to its first address.
        return "network address" if found.version == 4 else "subnet-router anycast address"
    if found.version == 4 and found == inside.broadcast_address:
        return "broadcast address"
    return None
