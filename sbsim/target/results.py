"""What the target program answers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sbsim.target.differences import Difference
from sbsim.target.fields import Fields, many, text
from sbsim.target.model import Array


@dataclass(frozen=True)
class Change:
    """One thing that was done: `action` is create, remove, change, enable or disable."""

    action: str
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.action} {self.name}"

    @classmethod
    def from_json(cls, value: object, where: str = "") -> Change:
        """Read it from JSON."""
        fields = Fields(value, where)
        change = cls(*(fields.take(name, text) for name in ("action", "kind", "name")))
        fields.take("text", text)
        fields.end()
        return change

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {**asdict(self), "text": str(self)}


@dataclass(frozen=True)
class Changes:
    """What an apply or remove did.

    `changes` are in the order in which they happened, empty if all was as wanted. `notes` are
    facts that LIO cannot decide and that differ; `others` are objects that sbsim did not make.
    """

    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changes)

    @classmethod
    def from_json(cls, value: object, where: str = "") -> Changes:
        """Read it from JSON."""
        fields = Fields(value, where)
        changes = cls(
            fields.take("changes", many(Change.from_json)),
            fields.take("notes", many(text)),
            fields.take("others", many(text)),
        )
        fields.end()
        return changes

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        changes = [change.to_json() for change in self.changes]
        return {"changes": changes, "notes": list(self.notes), "others": list(self.others)}


@dataclass(frozen=True)
class Reading:
    """What is there. Passwords are `***`.

    `array` is what sbsim made, as far as its portal groups agree; `oddities` say where they do
    not; `others` are objects that sbsim did not make. `differences` answers a wanted array.
    """

    array: Array
    owner: str | None = None
    others: tuple[str, ...] = ()
    oddities: tuple[Difference, ...] = ()
    differences: tuple[Difference, ...] = ()

    @classmethod
    def from_json(cls, value: object, where: str = "") -> Reading:
        """Read it from JSON."""
        fields = Fields(value, where)
        reading = cls(
            fields.take("array", Array.from_json),
            fields.take("owner", _text_or_none),
            fields.take("others", many(text)),
            fields.take("oddities", many(_difference)),
            fields.take("differences", many(_difference)),
        )
        fields.end()
        return reading

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form, without secrets."""
        return {
            "array": self.array.masked().to_json(),
            "owner": self.owner,
            "others": list(self.others),
            "oddities": [difference.to_json() for difference in self.oddities],
            "differences": [difference.to_json() for difference in self.differences],
        }


def _difference(value: object, where: str) -> Difference:
    fields = Fields(value, where)
    difference = Difference(
        fields.take("kind", text),
        fields.take("name", text),
        fields.take("field", _any_text),
        fields.take("seen", _any_text),
        fields.take("wanted", _any_text),
    )
    fields.take("text", text)
    fields.end()
    return difference


def _any_text(value: object, where: str) -> str:
    return "" if value == "" else text(value, where)


def _text_or_none(value: object, where: str) -> str | None:
    return None if value is None else text(value, where)
