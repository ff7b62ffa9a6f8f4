"""World-wide port names: who a port of a Fibre Channel fabric is."""

from __future__ import annotations

import re
from typing import Annotated

from sbsim.deployment.model import Parsed
from sbsim.deployment.unfit import Unfit

# The first digit says which kind of name it is (FC-FS: NAA); rtslib 2.2 takes these for an ACL.
_WWPN = re.compile(r"[125c-f][0-9a-f](?::[0-9a-f]{2}){7}")
_MARKS = re.compile(r"^(?:naa\.|0x)|[:.-]")
# A port over Ethernet is named by its card (libfcoe, fcoe_wwn_from_mac): NAA 2 and the MAC.
FCOE_PREFIX = "20:00:"
EXAMPLE = "20:00:52:54:5b:fc:01:01"


def wwpn(value: object) -> str:
    """Read a WWPN as switches and arrays show it: eight bytes in lower case, with colons."""
    form = "a WWPN of eight bytes in lower case with colons"
    if not isinstance(value, str):
        raise Unfit(form, f"write for example '{EXAMPLE}'")
    if _WWPN.fullmatch(value):
        return value
    meant = _meant(value)
    raise Unfit(form, f"write '{meant}'" if meant else f"write for example '{EXAMPLE}'")


def _meant(text: str) -> str | None:
    """Return the WWPN that is written otherwise, or that a card with this MAC has over FCoE."""
    digits = _MARKS.sub("", text.lower())
    spelled = ":".join(digits[place : place + 2] for place in range(0, len(digits), 2))
    return next((one for one in (spelled, FCOE_PREFIX + spelled) if _WWPN.fullmatch(one)), None)


def naa_of(name: str) -> str:
    """Return a WWPN as LIO's targets and ACLs are named: naa.200052545bfc0101."""
    return f"naa.{name.replace(':', '')}"


def wwpn_of(text: str) -> str | None:
    """Return the WWPN that sysfs' 0x200052545bfc0101 or LIO's naa. stands for; None if it is none.

    Unlike in a description, any name type fits: this reads what machines say.
    """
    digits = _MARKS.sub("", text.strip().lower())
    if not re.fullmatch(r"[0-9a-f]{16}", digits):
        return None
    return ":".join(digits[place : place + 2] for place in range(0, 16, 2))


def mac_of(name: str) -> str | None:
    """Return the MAC of the card that is this port over Ethernet; None if the name is no such."""
    mac = name.removeprefix(FCOE_PREFIX)
    # The lowest bit of the first byte marks groups: no card has it.
    return mac if mac != name and not int(mac[1], 16) & 1 else None


Wwpn = Annotated[str, Parsed(wwpn, {"type": "string", "pattern": f"^(?:{_WWPN.pattern})$"})]
