"""Reading JSON strictly: every fault names the field it is in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from sbsim.target.failure import TargetFailure

T = TypeVar("T")

_NEEDED: Final = object()


class Fields:
    """One JSON object being read. `where` is its place, such as `targets[0].luns[2]`.

    Take every field, then call `end`, which refuses what nobody took. Raises TargetFailure.
    """

    def __init__(self, value: object, where: str) -> None:
        if not isinstance(value, dict):
            raise _unfit(where or "the input", "an object", value)
        self._left: dict[str, Any] = dict(value)
        self._where = where

    def take(self, name: str, read: Callable[[object, str], T], default: Any = _NEEDED) -> T:
        """Take a field, read by `read(value, place)`."""
        place = f"{self._where}.{name}" if self._where else name
        if name not in self._left:
            if default is _NEEDED:
                raise TargetFailure(f"{place}: expected a value, found none; give it")
            return default  # type: ignore[no-any-return]
        return read(self._left.pop(name), place)

    def end(self) -> None:
        """Refuse fields that nobody knows."""
        if self._left:
            place = f"{self._where}." if self._where else ""
            names = ", ".join(f"{place}{name}" for name in sorted(self._left))
            raise TargetFailure(f"{names}: unknown; remove it")


def text(value: object, where: str) -> str:
    """Read a text that is not empty."""
    if isinstance(value, str) and value:
        return value
    raise _unfit(where, "a text", value)


def word(value: object, where: str) -> str:
    """Read a text without blanks or control characters, as a name in configfs must be."""
    if isinstance(value, str) and value.isprintable() and value and " " not in value:
        return value
    raise _unfit(where, "a text without blanks", value)


def secret(value: object, where: str) -> str | None:
    """Read a text that must not be shown, or null; a fault does not quote it."""
    if value is None or (isinstance(value, str) and value):
        return value
    raise TargetFailure(f"{where}: expected a text or null, found something else; correct it")


def flag(value: object, where: str) -> bool:
    """Read true or false."""
    if isinstance(value, bool):
        return value
    raise _unfit(where, "true or false", value)


def number(low: int, high: int) -> Callable[[object, str], int]:
    """Return a reader of whole numbers from `low` to `high`."""

    def read(value: object, where: str) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        raise _unfit(where, f"a whole number from {low} to {high}", value)

    return read


def many(read: Callable[[object, str], T]) -> Callable[[object, str], tuple[T, ...]]:
    """Return a reader of a list of what `read` reads."""

    def read_all(value: object, where: str) -> tuple[T, ...]:
        if not isinstance(value, (list, tuple)):
            raise _unfit(where, "a list", value)
        return tuple(read(entry, f"{where}[{index}]") for index, entry in enumerate(value))

    return read_all


def _unfit(where: str, expected: str, found: object) -> TargetFailure:
    # Only plain values are quoted: a misplaced object could hold a password.
    shown = repr(found)[:80] if isinstance(found, (str, int, float)) else type(found).__name__
    return TargetFailure(f"{where}: expected {expected}, found {shown}; correct it")
