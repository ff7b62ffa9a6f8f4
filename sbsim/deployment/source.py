"""A description's file: from its name to TOML's tables and the lines they stand on."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sbsim.deployment.finding import Finding
from sbsim.deployment.size import readable
from sbsim.deployment.toml_lines import Lines, TooMuch, locate

LARGEST = 4 << 20
_MANY_DIGITS = re.compile(r"[0-9][0-9_]{4300}")


class Unreadable(Exception):
    """The file cannot be read as TOML; `finding` says why."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(str(finding))


@dataclass(frozen=True)
class Source:
    """A description as TOML's tables, not checked yet."""

    tables: dict[str, Any]
    lines: Lines


def read(path: Path) -> Source:
    """Read and parse a file. Raises Unreadable."""
    return parse(_text(_bytes(path)))


def parse(text: str) -> Source:
    """Parse a description's text. Raises Unreadable."""
    if not text.strip():
        raise _unreadable(1, "an empty file", "a description in TOML", _START)
    _refuse_nul(text)
    try:
        lines = locate(text)
        tables = tomllib.loads(text)
    except TooMuch as error:
        raise _unreadable(error.line, error.found, error.expected, _TOO_MUCH) from None
    except tomllib.TOMLDecodeError as error:
        raise _syntax(text, str(error)) from None
    except (ValueError, RecursionError):
        raise _beyond_tomllib(text) from None
    if not tables:
        raise _unreadable(1, "nothing but comments", "a description in TOML", _START)
    return Source(tables, lines)


_TOO_MUCH = "shorten it, or name the right file"
_START = "copy fixtures/deployments/tutorial.toml and change it"


def _unreadable(line: int | None, found: str, expected: str, advice: str) -> Unreadable:
    return Unreadable(Finding(line, "", found, expected, advice))


def _bytes(path: Path) -> bytes:
    expected = "a TOML file"
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise _unreadable(None, "a directory", expected, "name a file in it")
        if not stat.S_ISREG(mode):
            # Opening a pipe could wait for ever.
            raise _unreadable(None, "a device, pipe or socket", expected, "name a regular file")
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        raise _not_opened(error) from None
    if len(data) > LARGEST:
        expected = f"at most {readable(LARGEST)} of TOML"
        raise _unreadable(None, f"more than {readable(LARGEST)}", expected, "name the right file")
    return data


def _not_opened(error: OSError | ValueError) -> Unreadable:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return _unreadable(None, "no file of this name", "a TOML file", "check the path")
    if isinstance(error, PermissionError):
        return _unreadable(
            None, "a file that you may not read", "a readable TOML file", "check its permissions"
        )
    reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "no path"
    return _unreadable(None, f"what cannot be opened ({reason})", "a TOML file", "check the path")


def _text(data: bytes) -> str:
    try:
        # Editors of some systems begin a UTF-8 file with a byte-order mark.
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        offset = error.start + len(data) - len(error.object)
        raise _unreadable(
            data.count(b"\n", 0, offset) + 1,
            f"the byte 0x{data[offset]:02x} at offset {offset}, which is not UTF-8",
            "a text in UTF-8",
            "save the file as UTF-8",
        ) from None


def _refuse_nul(text: str) -> None:
    offset = text.find("\0")
    if offset >= 0:
        raise _unreadable(
            text.count("\n", 0, offset) + 1, "a NUL character", "a text file", "remove it"
        )


def _syntax(text: str, message: str) -> Unreadable:
    """Turn tomllib's message, `What (at line 3, column 5)` or `(at end of document)`, into ours."""
    what, _, place = message.rpartition(" (at ")
    match = re.match(r"line (\d+), column (\d+)", place)
    line = int(match[1]) if match else len(text.rstrip("\n").split("\n"))
    where = f"near column {match[2]}" if match else "at the end of the file"
    return _unreadable(line, f"what is no TOML: {what or message}", "", f"correct the line {where}")


def _beyond_tomllib(text: str) -> Unreadable:
    """Name what is well-formed but more than Python takes: above all, numbers of many digits."""
    match = _MANY_DIGITS.search(text)
    line = text.count("\n", 0, match.start()) + 1 if match else None
    return _unreadable(line, "a number or nesting beyond all measure", "", "write a usual value")
