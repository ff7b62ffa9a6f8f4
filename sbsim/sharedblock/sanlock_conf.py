"""sanlock.conf: ``key = value`` lines, changed as the product's versions change them."""

from __future__ import annotations

import re
from collections.abc import Mapping

PATH = "/etc/sanlock/sanlock.conf"

_LINE = re.compile(r"^\s*(?P<key>[a-z_]+)\s*=\s*(?P<value>.*?)\s*$")


def settings(text: str) -> dict[str, str]:
    """Every value that is set; comments count for nothing."""
    return {
        match["key"]: match["value"] for line in text.splitlines() if (match := _LINE.match(line))
    }


def with_settings(text: str, wanted: Mapping[str, str]) -> str:
    """The text with these values, each once: in the place of the first, else at the end."""
    lines = text.splitlines()
    for key, value in wanted.items():
        places = [
            number
            for number, line in enumerate(lines)
            if (match := _LINE.match(line)) and match["key"] == key
        ]
        for number in reversed(places):
            del lines[number]
        lines.insert(places[0] if places else len(lines), f"{key} = {value}")
    return "\n".join(lines) + "\n"


def with_lines_overwritten(text: str, wanted: Mapping[str, str]) -> str:
    """The text as version 2.6 changes it: every line that holds a key's word is overwritten.

    A comment counts as such a line, and so does a line of another key whose name holds this one.
    A key that no line holds stays missing.
    """
    lines = text.splitlines()
    for key, value in wanted.items():
        lines = [f"{key} = {value}" if key in line else line for line in lines]
    return "\n".join(lines) + "\n"
