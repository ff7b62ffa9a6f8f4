"""Host names of machines."""

from __future__ import annotations

import re
from typing import Annotated

from sbsim.deployment.model import Parsed
from sbsim.deployment.unfit import Unfit

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
# HOST_NAME_MAX of Linux: hostnamectl refuses more.
_LONGEST = 64

_EXPECTED = (
    "a host name after RFC 1123: letters, digits and dashes, no dash at an end, "
    f"at most {_LONGEST} characters"
)


def host_name(value: object) -> str:
    """Read a host name (RFC 1123 section 2.1, and Linux's limit of 64 characters)."""
    if not isinstance(value, str):
        raise Unfit(_EXPECTED, "write it in double quotes")
    if len(value) > _LONGEST or not _HOST_NAME.fullmatch(value):
        raise Unfit(_EXPECTED, "give the machine such a name, for example 'sharedblock-host1'")
    if value.rpartition(".")[2].isdigit():
        raise Unfit("a host name, which cannot end in a number alone", "add a letter to it")
    if value.lower() == "localhost":
        raise Unfit("a name that others can call the machine by", "choose another name")
    return value


HostName = Annotated[
    str,
    Parsed(
        host_name,
        {"type": "string", "maxLength": _LONGEST, "pattern": f"^{_HOST_NAME.pattern}$"},
    ),
]
