"""/etc/iscsi/initiatorname.iscsi: the name by which targets know this host.

Debian's image generates it once when open-iscsi is installed, so machines cloned from one image
all have the same name until each gets its own.
"""

from __future__ import annotations

import re

from sbsim.initiator.errors import UnreadableOutput
from sbsim.initiator.reading import numbered_lines, unreadable

PATH = "/etc/iscsi/initiatorname.iscsi"
MODE = 0o600
_NAME = re.compile(r"InitiatorName\s*=\s*(?P<name>\S+)\s*")
_KNOWN = re.compile(r"#.*|InitiatorAlias\s*=.*|GenerateName\s*=\s*(?:yes|no)\s*")


def parse_initiator_name(text: str) -> str | None:
    """Return the name, None if the file states none."""
    names: list[str] = []
    for number, line in numbered_lines(text):
        if match := _NAME.fullmatch(line):
            names.append(match["name"])
        elif not _KNOWN.fullmatch(line):
            raise unreadable(PATH, number, line, "InitiatorName=…, an alias or a comment")
        if len(set(names)) > 1:
            raise unreadable(PATH, number, line, f"one name only, which was {names[0]}")
    return names[0] if names else None


def with_initiator_name(text: str, name: str) -> str:
    """Return the file's text with this name; every other line stays as it is."""
    if not re.fullmatch(r"\S{1,223}", name):
        raise UnreadableOutput(PATH, 0, name, "an initiator name of 1 to 223 characters")
    lines = text.split("\n")
    kept = [line for line in lines if not re.match(r"GenerateName\s*=", line)]
    for index, line in enumerate(kept):
        if _NAME.fullmatch(line.removesuffix("\r")):
            kept[index] = f"InitiatorName={name}"
            return "\n".join(kept)
    body = "\n".join(kept)
    gap = "" if not body or body.endswith("\n") else "\n"
    return f"{body}{gap}InitiatorName={name}\n"
