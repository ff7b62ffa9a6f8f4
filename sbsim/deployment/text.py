"""Texts: names, descriptions, and choices out of a few words."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated

from sbsim.deployment.model import Parsed
from sbsim.deployment.nearest import nearest
from sbsim.deployment.unfit import Unfit

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def text(what: str, low: int, high: int) -> Callable[[object], str]:
    """Return a parser of texts of `low` to `high` characters; `what` names them in messages.

    Names (`low` > 0) take one line only and no blanks at either end.
    """
    length = f"of {low} to {high} characters" if low else f"of at most {high} characters"
    expected = f"{what} {length}"

    def parse(value: object) -> str:
        if not isinstance(value, str):
            raise Unfit(f"{expected}, in quotes", "write it in double quotes")
        if len(value) < low:
            raise Unfit(expected, "fill it in")
        if len(value) > high:
            raise Unfit(expected, "shorten it", f"a text of {len(value)} characters")
        if _CONTROL.search(value) or (low and ("\n" in value or "\t" in value)):
            raise Unfit(f"{expected} without control characters", "remove them")
        if low and value != value.strip():
            raise Unfit(f"{expected} without blanks at its ends", "remove the blanks")
        return value

    return parse


def choice(*words: str) -> Callable[[object], str]:
    """Return a parser that takes one of `words`."""
    expected = "one of " + ", ".join(f"'{word}'" for word in words)

    def parse(value: object) -> str:
        if isinstance(value, str) and value in words:
            return value
        guess = nearest(value, words) if isinstance(value, str) else None
        raise Unfit(expected, f"did you mean '{guess}'?" if guess else "write one of them")

    return parse


def os_release(value: object) -> str:
    """Read an OS release as ID-VERSION_ID of /etc/os-release, such as `debian-12`."""
    if isinstance(value, str) and len(value) <= 128 and _OS_RELEASE.fullmatch(value):
        return value
    raise Unfit("ID-VERSION_ID of /etc/os-release", "write for example 'debian-12'")


# ID and VERSION_ID as os-release(5) restricts them: lower case, digits, dot, underscore, dash.
_OS_RELEASE = re.compile(r"[a-z0-9._-]*[a-z0-9._]-[0-9a-z._]*[0-9][0-9a-z._]*")


def _schema(low: int, high: int) -> dict[str, object]:
    return {"type": "string", "minLength": low, "maxLength": high}


def words(*allowed: str) -> Parsed:
    """Return the annotation of a field that takes one of `allowed`."""
    return Parsed(choice(*allowed), {"type": "string", "enum": list(allowed)})


Name = Annotated[str, Parsed(text("a name", 1, 255), _schema(1, 255))]
Description = Annotated[str, Parsed(text("a text", 0, 2048), _schema(0, 2048))]
OsRelease = Annotated[str, Parsed(os_release, {"type": "string", "pattern": "^.+-.+$"})]
