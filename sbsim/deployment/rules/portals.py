"""Controllers and portals of storage servers."""

from __future__ import annotations

from collections.abc import Iterator

from sbsim.deployment.address import Address, Subnet, address, subnet
from sbsim.deployment.finding import Fault
from sbsim.deployment.node import Node
from sbsim.deployment.number import whole_number
from sbsim.deployment.portal import DEFAULT_PORT
from sbsim.deployment.rules.common import addresses
from sbsim.deployment.rules.transports import is_over_fc


def duplicate_portals(root: Node) -> Iterator[Fault]:
    """Every address and port is listened on once."""
    seen: dict[tuple[Address, int], Node] = {}
    for portal, found in _portals(root):
        written = portal.at("port")
        port = DEFAULT_PORT if written.value is None else written.read(whole_number(1, 65535))
        if port is None:
            continue
        first = seen.setdefault((found, port), portal)
        if first is not portal:
            yield portal.at("address").fault(
                f"'{found}' port {port}, where another portal listens already ({first.place})",
                "",
                "give every portal its own address or port",
            )


def portals_off_storage_links(root: Node) -> Iterator[Fault]:
    """Every portal lies on a link that carries iSCSI."""
    if is_over_fc(root):  # that there are portals at all is a finding of its own
        return
    subnets = list(_storage_subnets(root))
    if not any(node.read(subnet) for node in root.each("links", "subnets")):
        # The missing or wrong links are findings of their own.
        return
    for portal, found in _portals(root):
        if not any(found in inside for inside in subnets):
            yield portal.at("address").fault(
                f"'{found}', which lies on no storage link",
                "an address on a link with storage = true",
                "correct it, or add its subnet to a storage link",
            )


def portals_off_server(root: Node) -> Iterator[Fault]:
    """Every portal has an address of its storage server."""
    for server in root.each("storage_servers"):
        own = [found for _, found in addresses(server)]
        if not own:
            continue
        for portal, found in _portals_of(server):
            if found not in own:
                yield portal.at("address").fault(
                    f"'{found}', which {server.label} does not have",
                    "one of " + ", ".join(f"'{each}'" for each in own[:8]),
                    f"take one of these, or add it to the addresses of {server.label}",
                )


def duplicate_tags(root: Node) -> Iterator[Fault]:
    """Every controller of a storage server has its own portal-group tag."""
    for server in root.each("storage_servers"):
        seen: dict[int, Node] = {}
        for position, controller in enumerate(server.each("controllers"), start=1):
            written = controller.at("tag")
            tag = position if written.value is None else written.read(whole_number(1, 65535))
            if tag is None or seen.setdefault(tag, controller) is controller:
                continue
            yield written.fault(
                f"the tag {tag}, which {seen[tag].label} already has",
                "",
                "give every controller its own tag (left out, it is its position)",
            )


def _portals(root: Node) -> Iterator[tuple[Node, Address]]:
    for server in root.each("storage_servers"):
        yield from _portals_of(server)


def _portals_of(server: Node) -> Iterator[tuple[Node, Address]]:
    for portal in server.each("controllers", "portals"):
        found = portal.at("address").read(address)
        if found is not None:
            yield portal, found


def _storage_subnets(root: Node) -> Iterator[Subnet]:
    for link in root.each("links"):
        # A wrong value of `storage` is a finding of its own.
        if link.at("storage").value is False:
            continue
        for node in link.each("subnets"):
            found = node.read(subnet)
            if found is not None:
                yield found
