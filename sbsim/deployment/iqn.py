"""iSCSI names: of targets and of initiators."""

from __future__ import annotations

import re
from typing import Annotated

from sbsim.deployment.model import Parsed
from sbsim.deployment.unfit import Unfit

# RFC 3720 section 3.2.6.1: at most 223 bytes. Its names may hold other scripts too; rtslib, the
# kernel and open-iscsi agree on ASCII only (rtslib refuses the underscore as well).
LONGEST = 223
_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_IQN = re.compile(rf"iqn\.[0-9]{{4}}-(?:0[1-9]|1[0-2])\.{_LABEL}(?:\.{_LABEL})+(?::[a-z0-9.:-]+)?")
# The forms that rtslib 2.2 takes for an ACL.
_EUI = re.compile(r"eui\.[0-9a-f]{16}")
_NAA = re.compile(r"naa\.[125c-f][0-9a-f]{15}")

_FORM = "iqn.yyyy-mm.reversed.domain[:text] in lower case (RFC 3720)"


def target_name(value: object) -> str:
    """Read a target's IQN."""
    return _read(value, _FORM, (_IQN,))


def initiator_name(value: object) -> str:
    """Read an initiator's name: an IQN, `eui.` with 16 or `naa.` with 16 hex digits."""
    return _read(value, f"{_FORM}, eui. or naa. with 16 hex digits", (_IQN, _EUI, _NAA))


def _read(value: object, form: str, patterns: tuple[re.Pattern[str], ...]) -> str:
    if not isinstance(value, str):
        raise Unfit(form, "write it in double quotes")
    if len(value.encode()) > LONGEST:
        found = f"a name of {len(value.encode())} bytes"
        raise Unfit(f"at most {LONGEST} bytes of {form}", "shorten it", found)
    if any(pattern.fullmatch(value) for pattern in patterns):
        return value
    if any(pattern.fullmatch(value.lower()) for pattern in patterns):
        raise Unfit(form, f"write '{value.lower()}'")
    raise Unfit(form, "write for example 'iqn.2016-05.org.example:storage-1'")


def _schema(pattern: str) -> dict[str, object]:
    return {"type": "string", "maxLength": LONGEST, "pattern": f"^(?:{pattern})$"}


TargetName = Annotated[str, Parsed(target_name, _schema(_IQN.pattern))]
InitiatorName = Annotated[
    str,
    Parsed(initiator_name, _schema(f"{_IQN.pattern}|{_EUI.pattern}|{_NAA.pattern}")),
]
