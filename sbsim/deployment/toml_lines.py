"""On which line of a TOML text each key and value stands.

tomllib gives the values without their places. This scanner walks the same text and notes the
line of every path. It reads no values and judges nothing: what it does not understand, tomllib
refuses. It runs first, in one linear pass, because it also measures how deep the text nests:
tomllib recurses per level and takes quadratic time for long dotted keys.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from contextlib import suppress
from itertools import accumulate

from sbsim.deployment.finding import FieldPath

# The description itself nests to storage_servers[0].targets[0].luns[0].name: 7.
DEEPEST = 32
# Far more than the largest description has; keeps the time of a check within seconds.
MOST_KEYS = 200_000

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_SPACES = re.compile(r"[ \t]*")
_REST_OF_LINE = re.compile(r"[^\n]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BASIC_STRING = re.compile(r'"[^"\\\n]*(?:\\.[^"\\\n]*)*"')
_LITERAL_STRING = re.compile(r"'[^'\n]*'")
_ESCAPE_OR_END = re.compile(r'\\.|"{3,5}', re.DOTALL)
_LITERAL_END = re.compile(r"'{3,5}")
_SCALAR = re.compile(r"[^,\]}#\n]+")


class TooMuch(Exception):
    """The text goes beyond a limit at `line`: `found` is what it has, `expected` the limit."""

    def __init__(self, line: int, found: str, expected: str) -> None:
        self.line = line
        self.found = found
        self.expected = expected
        super().__init__(f"line {line}: found {found}, expected {expected}")


class _Lost(Exception):
    """The scanner met what is no TOML."""


class Lines:
    """The lines of a TOML text's paths, from 1."""

    def __init__(self, lines: dict[FieldPath, int]) -> None:
        self._lines = lines

    def of(self, path: FieldPath) -> int:
        """Return the line of `path`, or that of the nearest part of the file that holds it."""
        while path not in self._lines and path:
            path = path[:-1]
        return self._lines.get(path, 1)

    def __contains__(self, path: FieldPath) -> bool:
        return path in self._lines


def locate(text: str) -> Lines:
    """Return the lines of all paths in `text`. Raises TooMuch; what is no TOML is left out.

    A key has the line of the key, an element of an array that of its value, a table that of its
    header.
    """
    scanner = _Scanner(text)
    with suppress(_Lost):
        scanner.document()
    return Lines(scanner.lines)


class _Scanner:
    def __init__(self, text: str) -> None:
        self.lines: dict[FieldPath, int] = {}
        self._text = text
        self._at = 0
        self._table: FieldPath = ()
        self._arrays: dict[FieldPath, int] = {}
        self._starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]

    def document(self) -> None:
        """Walk the whole text."""
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._peek() == "[":
                self._header()
            else:
                self._pair(self._table)
            if len(self.lines) > MOST_KEYS:
                expected = f"at most {MOST_KEYS} keys and values"
                raise TooMuch(self._line(), "more than any deployment has", expected)
            self._skip(_REST_OF_LINE)
            self._skip(_BLANK)

    def _header(self) -> None:
        line = self._line()
        is_array = self._text.startswith("[[", self._at)
        self._at += 2 if is_array else 1
        parts = self._key(())
        self._expect("]]" if is_array else "]")
        path = self._resolve(parts[:-1], line) + parts[-1:]
        if is_array:
            self.lines.setdefault(path, line)
            self._arrays[path] = self._arrays.get(path, -1) + 1
            path = (*path, self._arrays[path])
        self._table = path
        self.lines[path] = line

    def _resolve(self, parts: FieldPath, line: int) -> FieldPath:
        """Return the path that a header's leading keys name: in arrays the last element."""
        path: FieldPath = ()
        for part in parts:
            path = (*path, part)
            self.lines.setdefault(path, line)
            if path in self._arrays:
                path = (*path, self._arrays[path])
        return path

    def _pair(self, table: FieldPath) -> None:
        line = self._line()
        parts = self._key(table)
        for count in range(1, len(parts) + 1):
            self.lines.setdefault(table + parts[:count], line)
        self._expect("=")
        self._skip(_SPACES)
        self._value(table + parts)

    def _key(self, table: FieldPath) -> FieldPath:
        parts: list[str] = []
        while True:
            self._skip(_SPACES)
            parts.append(self._key_part())
            if len(table) + len(parts) > DEEPEST:
                raise self._too_deep()
            self._skip(_SPACES)
            if self._peek() != ".":
                return tuple(parts)
            self._at += 1

    def _key_part(self) -> str:
        if self._peek() == '"':
            # The escapes of a quoted key are tomllib's business.
            try:
                return str(tomllib.loads(f"key = {self._match(_BASIC_STRING)}")["key"])
            except ValueError:
                raise _Lost from None
        if self._peek() == "'":
            return self._match(_LITERAL_STRING)[1:-1]
        return self._match(_BARE_KEY)

    def _value(self, path: FieldPath) -> None:
        if len(path) > DEEPEST:
            raise self._too_deep()
        match self._peek():
            case "[":
                self._array(path)
            case "{":
                self._inline_table(path)
            case '"' | "'":
                self._string()
            case _:
                self._match(_SCALAR)

    def _array(self, path: FieldPath) -> None:
        self._at += 1
        index = 0
        self._skip(_BLANK)
        while self._peek() != "]":
            element = (*path, index)
            self.lines[element] = self._line()
            self._value(element)
            index += 1
            self._comma("]")
        self._at += 1

    def _inline_table(self, path: FieldPath) -> None:
        self._at += 1
        self._skip(_BLANK)
        while self._peek() != "}":
            self._pair(path)
            self._comma("}")
        self._at += 1

    def _comma(self, end: str) -> None:
        """Step over a comma, which may be missing before the `end`."""
        self._skip(_BLANK)
        if self._peek() == ",":
            self._at += 1
            self._skip(_BLANK)
        elif self._peek() != end:
            raise _Lost

    def _string(self) -> None:
        if self._text.startswith('"""', self._at):
            self._long_string(_ESCAPE_OR_END)
        elif self._text.startswith("'''", self._at):
            self._long_string(_LITERAL_END)
        else:
            self._match(_BASIC_STRING if self._peek() == '"' else _LITERAL_STRING)

    def _long_string(self, pattern: re.Pattern[str]) -> None:
        self._at += 3
        for found in pattern.finditer(self._text, self._at):
            if not found.group().startswith("\\"):
                self._at = found.end()
                return
        raise _Lost

    def _too_deep(self) -> TooMuch:
        return TooMuch(self._line(), "a value nested too deeply", f"at most {DEEPEST} levels")

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _line(self) -> int:
        return bisect_right(self._starts, self._at)

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self._text, self._at)
        self._at = match.end() if match else self._at

    def _match(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise _Lost
        self._at = match.end()
        return match.group()

    def _expect(self, text: str) -> None:
        if not self._text.startswith(text, self._at):
            raise _Lost
        self._at += len(text)
