"""What all parsers share: lines with their numbers, and the pieces that several formats use."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from sbsim.deployment import Portal
from sbsim.initiator.errors import UnreadableOutput

# "address:port" with an IPv6 address in brackets, then the portal-group tag. A record that was
# made by hand, without discovery, has the tag -1.
PORTAL_AND_TAG = (
    r"(?:\[(?P<v6>[0-9A-Fa-f:.%a-z0-9]{2,64})\]|(?P<v4>[0-9.]{7,15})):(?P<port>[0-9]{1,5})"
    r",(?P<tag>-?[0-9]{1,5})"
)
# RFC 3720 names hold no blanks; LIO and open-iscsi agree on 223 bytes at most.
TARGET = r"(?P<iqn>(?:iqn|eui|naa)\.\S{1,219})"


def numbered_lines(text: str) -> Iterator[tuple[int, str]]:
    """Return every line that is not blank, with its number from 1.

    Only a newline ends a line: `str.splitlines` would also split at characters that a model name
    or a password may hold.
    """
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, line.removesuffix("\r")


def read_portal(address: str, port: str) -> Portal | None:
    """Return the portal of these two texts, None if they are not an IP address and a port.

    The description's own rules are left out: a tool may well show a link-local address.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    if not 0 < int(port) < 65536:
        return None
    return Portal.model_construct(address=parsed, port=int(port))


def unreadable(tool: str, number: int, line: str, expected: str) -> UnreadableOutput:
    """Return the error for one line."""
    return UnreadableOutput(tool, number, line, expected)
