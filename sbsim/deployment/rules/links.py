"""Links and their subnets."""

from __future__ import annotations

from collections.abc import Iterator

from sbsim.deployment.address import Subnet, subnet
from sbsim.deployment.finding import Fault
from sbsim.deployment.node import Node
from sbsim.deployment.number import whole_number

# RFC 8200 section 5.
_IPV6_LEAST_MTU = 1280


def overlapping_subnets(root: Node) -> Iterator[Fault]:
    """No two subnets share addresses."""
    # In address order a subnet can overlap only the last one before it that reaches this far.
    reaching: tuple[Node, Node, Subnet] | None = None
    for link, node, found in sorted(_subnets(root), key=_order):
        if reaching is not None and reaching[2].overlaps(found):
            yield _overlap(node, found, *reaching)
        else:
            reaching = (link, node, found)


def _subnets(root: Node) -> Iterator[tuple[Node, Node, Subnet]]:
    for link in root.each("links"):
        for node in link.each("subnets"):
            parsed = node.read(subnet)
            if parsed is not None:
                yield link, node, parsed


def _order(entry: tuple[Node, Node, Subnet]) -> tuple[int, int, int]:
    return entry[2].version, int(entry[2].network_address), entry[2].prefixlen


def _overlap(node: Node, found: Subnet, link: Node, other: Node, with_: Subnet) -> Fault:
    # Fault the later one in the file, whichever begins first.
    if node.path < other.path:
        node, other, found, with_ = other, node, with_, found
    return node.fault(
        f"'{found}', which overlaps '{with_}' ({other.place})",
        "",
        "give every subnet addresses of its own",
    )


def mtu_of_ipv6(root: Node) -> Iterator[Fault]:
    """A link with IPv6 carries packets of 1280 bytes."""
    for link in root.each("links"):
        mtu = link.at("mtu").read(whole_number(576, _IPV6_LEAST_MTU - 1))
        versions = {
            parsed.version for node in link.each("subnets") if (parsed := node.read(subnet))
        }
        if mtu is not None and 6 in versions:
            yield link.at("mtu").fault(
                f"{mtu} on a link with an IPv6 subnet",
                f"{_IPV6_LEAST_MTU} or more (RFC 8200)",
                f"write mtu = {_IPV6_LEAST_MTU} or more",
            )
