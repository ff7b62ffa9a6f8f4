"""IP addresses of machines and subnets of links."""

from __future__ import annotations

import ipaddress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Annotated

from sbsim.deployment.model import Parsed
from sbsim.deployment.unfit import Unfit

_ADDRESS = "an IPv4 or IPv6 address of a machine"
_SUBNET = "a subnet as ADDRESS/LENGTH"


def address(value: object) -> IPv4Address | IPv6Address:
    """Read a machine's address. Loopback, multicast and the like are refused."""
    parsed = _parse_address(value)
    if getattr(parsed, "scope_id", None):
        raise Unfit(f"{_ADDRESS} without a scope", "leave out what follows the %")
    if kind := _special_kind(parsed):
        raise Unfit(
            _ADDRESS, "give an address that other machines can reach", f"'{parsed}', {kind}"
        )
    return parsed


def _parse_address(value: object) -> IPv4Address | IPv6Address:
    if isinstance(value, IPv4Address | IPv6Address):
        return value
    if not isinstance(value, str):
        raise Unfit(_ADDRESS, "write it in double quotes")
    try:
        return ipaddress.ip_address(value)
    except ValueError:
        pass
    if "/" in value:
        raise Unfit(f"{_ADDRESS} without a prefix length", "leave out the / and what follows")
    if ":" in value and "." in value:
        raise Unfit(f"{_ADDRESS} alone", "write a port, where one is needed, as port = 3260")
    raise Unfit(_ADDRESS, "write for example '172.20.12.221'")


def _special_kind(parsed: IPv4Address | IPv6Address) -> str | None:
    kinds = {
        "the unspecified address": parsed.is_unspecified,
        "a loopback address": parsed.is_loopback,
        "a multicast address": parsed.is_multicast,
        "a link-local address": parsed.is_link_local,
        "an IPv4 address in IPv6 form": getattr(parsed, "ipv4_mapped", None) is not None,
        "the broadcast address": parsed == IPv4Address("255.255.255.255"),
    }
    return next((kind for kind, applies in kinds.items() if applies), None)


def subnet(value: object) -> IPv4Network | IPv6Network:
    """Read a link's subnet: room for two machines at least, and no more than a /8 (IPv6: /16)."""
    parsed = _parse_subnet(value)
    smallest, largest = (30, 8) if parsed.version == 4 else (126, 16)
    if parsed.prefixlen > smallest:
        expected = f"a subnet of /{smallest} or larger, with room for two machines"
        raise Unfit(expected, "make the subnet larger")
    if parsed.prefixlen < largest:
        raise Unfit(f"a subnet of /{largest} or smaller", "make the subnet smaller")
    return parsed


def _parse_subnet(value: object) -> IPv4Network | IPv6Network:
    if isinstance(value, IPv4Network | IPv6Network):
        return value
    if not isinstance(value, str) or "/" not in value:
        raise Unfit(_SUBNET, "write for example '172.20.0.0/16'")
    try:
        return ipaddress.ip_network(value)
    except ValueError:
        pass
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise Unfit(_SUBNET, "write for example '172.20.0.0/16'") from None
    raise Unfit("a subnet that begins at its first address", f"write '{network}'")


Address = Annotated[
    IPv4Address | IPv6Address,
    Parsed(address, {"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}),
]
Subnet = Annotated[
    IPv4Network | IPv6Network,
    Parsed(subnet, {"type": "string", "pattern": "^[0-9A-Fa-f.:]+/[0-9]{1,3}$"}),
]
