"""lvm.conf and lvmlocal.conf: single values set in a text whose other lines stay as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping

# Debian's and CentOS' files write `name = value`, LVM's own dump `name=value`; a value that is
# commented out ("# name = …") is the default and stays as a comment.
_SECTION = re.compile(r"^\s*(?P<name>[a-z_]+)\s*\{\s*$")
_VALUE = re.compile(r"^(?P<indent>\s*)(?P<name>[a-z_0-9]+)\s*=\s*(?P<value>.*?)\s*$")
_END = re.compile(r"^\s*\}\s*$")

# A value may go on over several lines when it is a list.
_OPEN_LIST = re.compile(r"\[[^\]]*$")


def settings(text: str) -> dict[str, str]:
    """Every value that is set, by ``section/name``, as it is written."""
    return {key: value for _, key, value in _values(text.splitlines())}


def with_settings(text: str, wanted: Mapping[str, str]) -> str:
    """The text with these values, by ``section/name``: replaced in place, or added.

    A value that is new goes to the head of its section; a section that is new to the end.
    """
    for key, value in wanted.items():
        if settings(text).get(key) != value:
            text = _with_setting(text, key, value)
    return text


def _with_setting(text: str, key: str, value: str) -> str:
    lines = text.splitlines()
    section, name = key.split("/")
    places = [number for number, found, _ in _values(lines) if found == key]
    if places:
        # Set twice, the last one counts: one is left.
        for number in reversed(places):
            del lines[number : _end_of_value(lines, number)]
        lines.insert(places[0], f"\t{name}={value}")
        return "\n".join(lines) + "\n"
    for number, line in enumerate(lines):
        match = _SECTION.match(line)
        if match and match["name"] == section:
            lines.insert(number + 1, f"\t{name}={value}")
            return "\n".join(lines) + "\n"
    return "\n".join([*lines, f"{section} {{", f"\t{name}={value}", "}"]) + "\n"


def _values(lines: list[str]) -> list[tuple[int, str, str]]:
    """Line number, ``section/name`` and value of everything that is set."""
    found = []
    section, number = "", 0
    while number < len(lines):
        line = lines[number]
        if match := _SECTION.match(line):
            section = match["name"]
        elif _END.match(line):
            section = ""
        elif section and (match := _VALUE.match(line)):
            end = _end_of_value(lines, number)
            rest = " ".join(part.strip() for part in lines[number + 1 : end])
            found.append((number, f"{section}/{match['name']}", f"{match['value']} {rest}".strip()))
            number = end
            continue
        number += 1
    return found


def _end_of_value(lines: list[str], number: int) -> int:
    """The line after the value that begins at `number`."""
    value = lines[number].partition("=")[2]
    if not _OPEN_LIST.search(value):
        return number + 1
    for end in range(number + 1, len(lines)):
        if "]" in lines[end]:
            return end + 1
    return len(lines)
