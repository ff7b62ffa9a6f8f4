"""The line locator against texts whose lines a writer knows, and against any text."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sbsim.deployment.toml_lines import DEEPEST, MOST_KEYS, TooMuch, locate

KEYS = st.one_of(
    st.sampled_from(["a", "b", "hosts", "name", "x-1", "_"]),
    st.sampled_from(["", "a b", "#", "=", "[x]", "a.b", '"', "\\", "\n", "ä", "'"]),
)
TEXTS = st.text(st.sampled_from("ab \"'#=[]{},\\\n\tä"), max_size=6)
SCALARS = st.one_of(TEXTS, st.integers(-5, 5), st.booleans(), st.just(1.5))
ARRAYS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=6,
)
TABLES = st.recursive(
    st.dictionaries(KEYS, ARRAYS, max_size=3),
    lambda inner: st.dictionaries(
        KEYS, st.one_of(ARRAYS, inner, st.lists(inner, min_size=1, max_size=3)), max_size=3
    ),
    max_leaves=8,
)


class Writer:
    """Writes TOML in a layout that is drawn at random, and notes the line of every path."""

    def __init__(self, draw: Any) -> None:
        self.text = ""
        self.lines: dict[tuple[str | int, ...], int] = {}
        self._draw = draw

    def table(self, table: dict[str, Any], path: tuple[str | int, ...], header: list[str]) -> None:
        """Write plain keys first: what follows a header belongs to its table."""
        later = []
        for key, value in table.items():
            if self._is_tables(value) and self._draw(st.booleans()):
                later.append((key, value))
            else:
                self._pair((*path, key), key, value)
                self.text += self._draw(st.sampled_from(["\n", " # x = 1\n", "\r\n", "\n\n"]))
        for key, value in later:
            self._tables((*path, key), [*header, self._key(key)], value)

    def _is_tables(self, value: Any) -> bool:
        if isinstance(value, list):
            return bool(value) and all(isinstance(element, dict) for element in value)
        return isinstance(value, dict)

    def _tables(self, path: tuple[str | int, ...], header: list[str], value: Any) -> None:
        self.text += self._draw(st.sampled_from(["", "\n", "# [comment]\n", " \t"]))
        if isinstance(value, dict):
            self.lines[path] = self._line()
            self.text += f"[{' . '.join(header)}]\n"
            self.table(value, path, header)
            return
        self.lines[path] = self._line()
        for index, element in enumerate(value):
            self.lines[(*path, index)] = self._line()
            self.text += f"[[ {'.'.join(header)} ]] # [[x]]\n"
            self.table(element, (*path, index), header)

    def _pair(self, path: tuple[str | int, ...], key: str, value: Any) -> None:
        self.lines[path] = self._line()
        dotted = isinstance(value, dict) and len(value) == 1 and self._draw(st.booleans())
        self.text += self._key(key)
        if dotted:
            self.text += self._draw(st.sampled_from([".", " . "]))
            ((inner, last),) = value.items()
            self._pair((*path, inner), inner, last)
        else:
            self.text += " = "
            self._value(path, value)

    def _value(self, path: tuple[str | int, ...], value: Any) -> None:
        if isinstance(value, list):
            self._sequence(path, value)
        elif isinstance(value, dict):
            self.text += "{"
            for position, (key, inner) in enumerate(value.items()):
                self.text += ", " if position else " "
                self._pair((*path, key), key, inner)
            self.text += "}"
        elif isinstance(value, str):
            self.text += self._string(value)
        else:
            self.text += json.dumps(value)

    def _sequence(self, path: tuple[str | int, ...], value: list[Any]) -> None:
        blank = st.sampled_from(["", " ", "\n", "# ]\n", "\n\n  "])
        self.text += "[" + self._draw(blank)
        for index, element in enumerate(value):
            self.lines[(*path, index)] = self._line()
            self._value((*path, index), element)
            comma = index + 1 < len(value) or self._draw(st.booleans())
            self.text += self._draw(blank) + ("," if comma else "") + self._draw(blank)
        self.text += "]"

    def _string(self, value: str) -> str:
        forms = [json.dumps(value)]
        if "'" not in value and "\n" not in value:
            forms.append(f"'{value}'")
        if "'''" not in value and not value.endswith("'"):
            forms.append(f"'''\n{value}'''")
        escaped = value.replace("\\", "\\\\").replace('"""', '""\\"')
        if not escaped.endswith('"'):
            forms.append(f'"""\n{escaped}"""')
        else:
            # A long string may end in quotes of its own.
            forms.append(f'"""\n{escaped}"""' if not escaped.endswith('"""') else forms[0])
        return str(self._draw(st.sampled_from(forms)))

    def _key(self, key: str) -> str:
        forms = [json.dumps(key)]
        if key and key.replace("-", "").replace("_", "").isascii() and key.isidentifier():
            forms.append(key)
        if "'" not in key and "\n" not in key:
            forms.append(f"'{key}'")
        return str(self._draw(st.sampled_from(forms)))

    def _line(self) -> int:
        return self.text.count("\n") + 1


@settings(max_examples=100, deadline=None)
@given(st.data(), TABLES)
def test_locate_agrees_with_the_writer(data: st.DataObject, table: dict[str, Any]) -> None:
    writer = Writer(data.draw)
    writer.table(table, (), [])
    assert tomllib.loads(writer.text) == table
    lines = locate(writer.text)
    for path, line in writer.lines.items():
        assert path in lines
        assert lines.of(path) == line, (path, writer.text)


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("ab1.=[]{},\"'#\\\n \r\t"), max_size=40))
def test_locate_takes_any_text(text: str) -> None:
    lines = locate(text)
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert all(((key,) in lines) for key in table)


def test_line_of_an_unknown_path_is_that_of_its_table() -> None:
    lines = locate("a = 1\n\n[t]\nb = {c = 1}\n")
    assert lines.of(("t", "missing")) == 3
    assert lines.of(("t", "b", "missing", 0)) == 4
    assert lines.of(("missing",)) == 1


def test_table_has_the_line_of_its_own_header() -> None:
    lines = locate("[chap.mutual]\nx = 1\n[chap]\ny = 1\n")
    assert lines.of(("chap",)) == 3
    assert lines.of(("chap", "mutual")) == 1


def test_header_below_an_array_of_tables_belongs_to_its_last_element() -> None:
    lines = locate("[[a]]\n[[a.b]]\n[[a]]\n[a.c]\n[[a.b]]\n[[a.b]]\n")
    assert [lines.of(("a", 0, "b", 0)), lines.of(("a", 1, "c"))] == [2, 4]
    assert [lines.of(("a", 1, "b", 0)), lines.of(("a", 1, "b", 1))] == [5, 6]


@pytest.mark.parametrize("start", ["", "[", "[["])
def test_long_dotted_keys_are_refused(start: str) -> None:
    with pytest.raises(TooMuch) as caught:
        locate(f"x = 1\n{start}" + "a." * 100_000)
    assert caught.value.line == 2


@pytest.mark.parametrize("text", ["[", "{a=", "[{a="])
def test_deep_values_are_refused(text: str) -> None:
    with pytest.raises(TooMuch, match=str(DEEPEST)):
        locate("a = " + text * 100_000)


def test_very_many_keys_are_refused() -> None:
    with pytest.raises(TooMuch, match=str(MOST_KEYS)):
        locate("a = [" + "1," * MOST_KEYS + "]\n")
