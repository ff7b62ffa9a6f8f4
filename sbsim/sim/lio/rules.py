"""What an attribute takes: rules that turn a text into what is shown afterwards, or refuse.

A folder's class lists its attributes' rules by name; what has none keeps the text it was given.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Container, Mapping
from typing import ClassVar

from sbsim.sim.lio.numbers import leading, signed, switch, unsigned
from sbsim.sim.lio.tree import Folder, refuse

# Of the folder and the text: what is shown from now on, without its line end.
Rule = Callable[["RuledFolder", str], str]


class RuledFolder(Folder):
    """A folder whose attributes follow rules."""

    rules: ClassVar[Mapping[str, Rule]] = {}

    def store(self, name: str, text: str) -> None:
        """Give an attribute a text, by its rule where it has one."""
        rule = self.rules.get(name)
        if rule is None:
            super().store(name, text)
        else:
            self.values[name] = f"{rule(self, text)}\n"


def flag(_folder: RuledFolder, text: str) -> str:
    """A switch, as kstrtobool reads it."""
    return str(int(switch(text)))


def ignored(name: str) -> Rule:
    """Anything; the attribute stays as it is."""
    return lambda folder, _text: folder.value(name).strip()


def number(low: int = 0, high: int = 0xFFFFFFFF, also: Container[int] = ()) -> Rule:
    """A number from `low` to `high`, or one of some others."""

    def rule(_folder: RuledFolder, text: str) -> str:
        value = unsigned(text)
        return str(value) if low <= value <= high or value in also else refuse(errno.EINVAL)

    return rule


def one_of(*values: int) -> Rule:
    """One of some numbers."""

    def rule(_folder: RuledFolder, text: str) -> str:
        value = signed(text)
        return str(value) if value in values else refuse(errno.EINVAL)

    return rule


# --- iSCSI's login parameters -------------------------------------------------------------------


def words(*known: str) -> Rule:
    """A list of known words, the one that is liked best first."""

    def rule(_folder: RuledFolder, text: str) -> str:
        plain = text.rstrip("\n")
        return plain if set(plain.split(",")) <= set(known) else refuse(errno.EINVAL)

    return rule


def one_word(*known: str) -> Rule:
    """One of some words; any, if none is named. No list."""

    def rule(_folder: RuledFolder, text: str) -> str:
        plain = text.rstrip("\n")
        if "," in plain or (known and plain not in known):
            refuse(errno.EINVAL)
        return plain

    return rule


def amount(low: int, high: int) -> Rule:
    """What begins with a number from `low` to `high`; what begins with none counts as 0."""

    def rule(_folder: RuledFolder, text: str) -> str:
        plain = text.rstrip("\n")
        if "," in plain or not low <= leading(plain) <= high:
            refuse(errno.EINVAL)
        return plain

    return rule
