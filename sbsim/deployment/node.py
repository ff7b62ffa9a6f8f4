"""A place in a description that may be wrong elsewhere.

The rules that compare fields with one another must work on descriptions that have other faults:
all findings are to be listed at once. So they read TOML's tables through nodes. A node reads a
value with the same parser as the models, and gives None where it does not fit (another finding
says so).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from sbsim.deployment.finding import Fault, FieldPath, Severity, field_path, quoted
from sbsim.deployment.unfit import Unfit

_T = TypeVar("_T")

# No list of the description may be longer (the models refuse it), so no rule looks further.
_LONGEST = 1024


@dataclass(frozen=True)
class Node:
    """A value of TOML at its path; a key that is missing gives the value None."""

    path: FieldPath
    value: object

    def at(self, *keys: str) -> Node:
        """Return the node under these keys."""
        node = self
        for key in keys:
            inner = node.value.get(key) if isinstance(node.value, dict) else None
            node = Node((*node.path, key), inner)
        return node

    def each(self, *keys: str) -> Iterator[Node]:
        """Return every element of the arrays under these keys, one array per key."""
        if not keys:
            yield self
            return
        array = self.at(keys[0])
        elements = array.value if isinstance(array.value, list) else []
        for index, element in enumerate(elements[:_LONGEST]):
            yield from Node((*array.path, index), element).each(*keys[1:])

    def read(self, parse: Callable[[object], _T]) -> _T | None:
        """Return the value as `parse` reads it, None where it does not fit or is missing."""
        if self.value is None:
            return None
        try:
            return parse(self.value)
        except Unfit:
            return None

    @property
    def label(self) -> str:
        """What to call this table in a message: its name, else its path."""
        name = self.at("name").value
        return quoted(name)[1:-1] if isinstance(name, str) and name else field_path(self.path)

    @property
    def place(self) -> str:
        """The path as people write it."""
        return field_path(self.path)

    def fault(self, found: str, expected: str, advice: str, severity: Severity = "error") -> Fault:
        """Return a fault of this place."""
        return Fault(self.path, found, expected, advice, severity)
