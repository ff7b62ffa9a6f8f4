r"""LVM's configuration text, in which lvm.conf and a volume group's metadata are written.

    section {
        number = 1
        text = "with \"quotes\""
        list = [ "a", 2 ]
    }
    section/number = 2      # the same key by its path

Source: lvm.conf(5), and what LVM 2.03 writes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

Scalar = int | float | str
Value = Scalar | list[Scalar]
Section = dict[str, "Value | Section"]

_TOKEN = re.compile(
    r"\s*(?:#[^\n]*\s*)*"
    r'(?:"(?P<text>(?:\\.|[^"\\])*)"'
    r"|(?P<number>[-+]?[0-9]+(?:\.[0-9]+)?)(?![\w./-])"
    r"|(?P<mark>[{}\[\]=,])"
    r"|(?P<name>[\w./@+-]+)"
    r"|(?P<end>$))"
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class ConfigError(ValueError):
    """A text that is none: where, and what was expected."""


def parse(text: str) -> Section:
    """Read a text; of a key that is written twice the last one counts. Raises ConfigError."""
    return _Reader(text).section(top=True)


class _Reader:
    """Walks over a text, token by token."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0
        self._next()

    def _next(self) -> None:
        found = _TOKEN.match(self._text, self._place)
        if found is None:
            line = self._text.count("\n", 0, self._place) + 1
            raise ConfigError(f"line {line}: expected a key, a value or a bracket")
        self._place = found.end()
        self._kind = found.lastgroup or "end"
        self._word = found[self._kind]

    def section(self, top: bool = False) -> Section:
        """The entries up to the section's end."""
        entries: Section = {}
        while self._kind in ("name", "text", "number"):  # a name may be all digits
            path = self._take(self._kind).strip("/").split("/")
            here: Section = entries
            for name in path[:-1]:
                below = here.setdefault(name, {})
                if not isinstance(below, dict):
                    raise self._wrong(f"{name} to be a section")
                here = below
            here[path[-1]] = self._entry()
        if not (self._kind == "end" if top else self._is("}")):
            raise self._wrong("a key" if top else "a key or }")
        return entries

    def _entry(self) -> Value | Section:
        if self._is("{"):
            self._next()
            below = self.section()
            self._next()
            return below
        if not self._is("="):
            raise self._wrong("= or {")
        self._next()
        if not self._is("["):
            return self._scalar()
        self._next()
        values: list[Scalar] = []
        while not self._is("]"):
            values.append(self._scalar())
            if self._is(","):
                self._next()
            elif not self._is("]"):
                raise self._wrong(", or ]")
        self._next()
        return values

    def _scalar(self) -> Scalar:
        if self._kind == "number":
            word = self._take("number")
            return float(word) if "." in word else int(word)
        if self._kind == "text":
            return _ESCAPED.sub(r"\1", self._take("text"))
        if self._kind == "name":  # LVM takes a word without quotes where it is told to be lenient
            return self._take("name")
        raise self._wrong("a number or a text in quotes")

    def _take(self, kind: str) -> str:
        word = self._word
        assert self._kind == kind
        self._next()
        return word

    def _is(self, mark: str) -> bool:
        return self._kind == "mark" and self._word == mark

    def _wrong(self, expected: str) -> ConfigError:
        line = self._text.count("\n", 0, self._place) + 1
        return ConfigError(f"line {line}: {self._word or 'the end'!r}; expected {expected}")


def write(section: Mapping[str, Value | Section]) -> str:
    """A section as LVM writes it into a metadata area: without indentation."""
    return "".join(f"{line}\n" for line in _lines(section))


def _lines(section: Mapping[str, Value | Section]) -> Iterator[str]:
    for name, value in section.items():
        if isinstance(value, dict):
            yield from ("", f"{name} {{", *_lines(value), "}")
        elif isinstance(value, list):
            yield f"{name} = [{', '.join(map(_shown, value))}]"
        else:
            yield f"{name} = {_shown(value)}"


def _shown(value: Scalar) -> str:
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return str(value)
