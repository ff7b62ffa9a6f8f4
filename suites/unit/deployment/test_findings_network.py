"""Findings of links, addresses and portals.

Each case changes the valid description small.toml; the comment `# HERE` marks the line that must
be reported.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


def case(name: str, field: str, words: str, *edits: str) -> Any:
    """Edits are old and new texts in turn; `words` (split by |) must be in the finding."""
    return pytest.param(field, words, edits, id=name)


ADDRESSES = [
    case(
        "address outside every link",
        "management_node.address",
        "'10.9.0.1'|no link's subnet",
        'address = "10.1.0.1"',
        'address = "10.9.0.1" # HERE',
    ),
    case(
        "network address",
        "management_node.address",
        "network address of '10.1.0.0/16'",
        'address = "10.1.0.1"',
        'address = "10.1.0.0" # HERE',
    ),
    case(
        "broadcast address",
        "management_node.address",
        "broadcast address of '10.1.0.0/16'",
        'address = "10.1.0.1"',
        'address = "10.1.255.255" # HERE',
    ),
    case(
        "router's anycast address",
        "hosts[1].addresses[0]",
        "anycast address of 'fd00:1::/64'",
        '"fd00:1::12"',
        '"fd00:1::" # HERE\n',
    ),
    case(
        "loopback",
        "management_node.address",
        "'127.0.0.1', a loopback address",
        'address = "10.1.0.1"',
        'address = "127.0.0.1" # HERE',
    ),
    case(
        "address with a scope",
        "hosts[1].addresses[0]",
        "without a scope",
        '"fd00:1::12"',
        '"fe80::1%eth0" # HERE\n',
    ),
    case(
        "address with a prefix length",
        "management_node.address",
        "without a prefix length",
        'address = "10.1.0.1"',
        'address = "10.1.0.1/16" # HERE',
    ),
    case(
        "address with a port",
        "management_node.address",
        "alone|port = 3260",
        'address = "10.1.0.1"',
        'address = "10.1.0.1:3260" # HERE',
    ),
    case(
        "host name as address",
        "management_node.address",
        "'mn'|172.20.12.221",
        'address = "10.1.0.1"',
        'address = "mn" # HERE',
    ),
    case(
        "portal on no storage link",
        "storage_servers[0].controllers[1].portals[0].address",
        "'10.3.0.21'|no storage link|storage = true",
        'portals = [{address = "10.1.0.22", port = 3260}]',
        'portals = [{address = "10.3.0.21", port = 3260}] # HERE',
    ),
    case(
        "portal on a foreign address",
        "storage_servers[0].controllers[1].portals[0].address",
        "'10.1.0.99', which array does not have|'10.1.0.21', '10.1.0.22'",
        'portals = [{address = "10.1.0.22", port = 3260}]',
        'portals = [{address = "10.1.0.99", port = 3260}] # HERE',
    ),
]

LINKS_OF_ALL_KINDS = [
    case(
        "overlap of links",
        "links[1].subnets[0]",
        "'10.1.128.0/17'|overlaps '10.1.0.0/16'|links[0].subnets[0]",
        'subnets = ["10.3.0.0/16"]',
        'subnets = ["10.1.128.0/17"] # HERE',
        ', "10.3.0.21"]',
        "]",
    ),
    case(
        "overlap with a larger one later",
        "links[1].subnets[1]",
        "'10.0.0.0/15'|overlaps '10.1.0.0/16'",
        'subnets = ["10.3.0.0/16"]',
        'subnets = ["10.3.0.0/16", "10.0.0.0/15"] # HERE',
    ),
    case(
        "subnet that begins elsewhere",
        "links[0].subnets[0]",
        "'10.1.0.1/16'|write '10.1.0.0/16'",
        '"10.1.0.0/16",',
        '"10.1.0.1/16", # HERE\n"10.1.0.0/16",',
    ),
    case(
        "subnet too small",
        "links[1].subnets[1]",
        "'10.4.0.0/31'|/30 or larger",
        'subnets = ["10.3.0.0/16"]',
        'subnets = ["10.3.0.0/16", "10.4.0.0/31"] # HERE',
    ),
    case(
        "subnet too large",
        "links[1].subnets[1]",
        "'64.0.0.0/7'|/8 or smaller",
        'subnets = ["10.3.0.0/16"]',
        'subnets = ["10.3.0.0/16", "64.0.0.0/7"] # HERE',
    ),
    case(
        "subnet without length",
        "links[1].subnets[1]",
        "'10.4.0.0'|ADDRESS/LENGTH",
        'subnets = ["10.3.0.0/16"]',
        'subnets = ["10.3.0.0/16",\n"10.4.0.0"] # HERE',
    ),
    case(
        "MTU too small for IPv6",
        "links[0].mtu",
        "found 1000 on a link with an IPv6 subnet|1280",
        'name = "lan"',
        'name = "lan"\nmtu = 1000 # HERE',
    ),
]


@pytest.mark.parametrize(("field", "words", "edits"), [*ADDRESSES, *LINKS_OF_ALL_KINDS])
def test_address_is_found(
    only_finding: Callable[..., None], field: str, words: str, edits: tuple[str, ...]
) -> None:
    only_finding(field, words, edits)
