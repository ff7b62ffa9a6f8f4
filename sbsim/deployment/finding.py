"""Findings: what is wrong with a description, each in one line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Literal, TypeAlias

FieldPath: TypeAlias = tuple[str | int, ...]
Severity: TypeAlias = Literal["error", "warning"]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]{1,80}")
_LONGEST = 80


@dataclass(frozen=True)
class Fault:
    """Something wrong at a path of the description; the line is not known yet.

    `found` completes "found ...", `expected` (may be empty) "expected ...", `advice` says what
    to do.
    """

    path: FieldPath
    found: str
    expected: str
    advice: str
    severity: Severity = "error"


@dataclass(frozen=True)
class Finding:
    """A fault with its place in the file.

    `line` counts from 1 and is None where the file as a whole is at fault; `field` is empty
    then. An error keeps the description from being used, a warning does not.
    `str` gives it in one line: `line 12, hosts[1].address: found '172.20.11.107', which
    sharedblock-host1 already has; give every machine its own address`.
    """

    line: int | None
    field: str
    found: str
    expected: str
    advice: str
    severity: Severity = "error"

    def __str__(self) -> str:
        place = ", ".join(
            [*([f"line {self.line}"] if self.line else []), *([self.field] if self.field else [])]
        )
        warning = "warning: " if self.severity == "warning" else ""
        expected = f", expected {self.expected}" if self.expected else ""
        text = f"{warning}found {self.found}{expected}; {self.advice}"
        return f"{place}: {text}" if place else text


def field_path(path: FieldPath) -> str:
    """Return a path as people write it: `hosts[2].address`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + _key(part)
    return text


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else quoted(key)


def quoted(text: str) -> str:
    """Return a text in quotes, control characters escaped, cut off where it is long."""
    return repr(text) if len(text) <= _LONGEST else f"{text[:_LONGEST]!r}..."


def shown(value: object) -> str:
    """Return a TOML value for a message: short, on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, int):
        # Python refuses to print numbers of more than 4300 digits.
        return str(value) if value.bit_length() <= 256 else f"a number of {value.bit_length()} bits"
    if isinstance(value, float):
        return str(value)
    kinds: dict[type | tuple[type, ...], str] = {
        (list, tuple): "an array" if value else "an empty array",
        dict: "a table",
        (date, datetime, time): "a date or time",
    }
    return next((kind for types, kind in kinds.items() if isinstance(value, types)), "no value")
