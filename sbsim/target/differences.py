"""What differs between the state that is there and the state that is wanted."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from sbsim.target.model import MASK, Chap
from sbsim.target.state import Access, GroupAccess, Key, needs

if TYPE_CHECKING:
    from sbsim.target.state import State, Value


@dataclass(frozen=True)
class Difference:
    """One fact that is not as wanted. Passwords are `***` on both sides.

    `field` is empty where the object as a whole is missing (`seen` is `absent`) or too much
    (`wanted` is `absent`).
    """

    kind: str
    name: str
    field: str
    seen: str
    wanted: str

    def __str__(self) -> str:
        if not self.field:
            return f"{self.name} is {'missing' if self.seen == 'absent' else 'not described'}"
        if MASK in (self.seen, self.wanted):
            return f"{self.name}: {self.field} differs"
        return f"{self.name}: {self.field} is {self.seen}, expected {self.wanted}"

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {**asdict(self), "text": str(self)}


def differences(seen: State, wanted: State) -> tuple[Difference, ...]:
    """Return all differences, sorted; what cannot be without a missing object is not listed again.

    So a missing target is one difference, not one for each of its ACLs.
    """
    found: list[Difference] = []
    for key in sorted({*seen, *wanted}):
        if key not in seen:
            if all(need in seen for need in needs(key, wanted[key])):
                found.append(Difference(key.kind, str(key), "", "absent", "present"))
        elif key not in wanted:
            if all(need in wanted for need in needs(key, seen[key])):
                found.append(Difference(key.kind, str(key), "", "present", "absent"))
        elif seen[key] != wanted[key]:
            found += _fields(key, seen[key], wanted[key])
    return tuple(found)


def _fields(key: Key, seen: Value, wanted: Value) -> list[Difference]:
    there, asked = _facts(seen), _facts(wanted)
    # Secrets look alike once masked, so those that differ are asked for by name.
    names = {name for name in {*there, *asked} if there.get(name) != asked.get(name)}
    names |= _secrets_that_differ(seen, wanted)
    return [
        Difference(key.kind, str(key), name, there.get(name, "absent"), asked.get(name, "absent"))
        for name in sorted(names)
    ]


def _facts(value: Value) -> dict[str, str]:
    if isinstance(value, GroupAccess):
        return {"enabled": _plain(value.enabled), **dict(value.attributes)}
    if isinstance(value, Access):
        masked = {name: _plain(fact) for name, fact in asdict(value.chap.masked()).items()}
        return {"by_group": _plain(value.by_group), **masked}
    return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}


def _secrets_that_differ(seen: Value, wanted: Value) -> set[str]:
    if not (isinstance(seen, Access) and isinstance(wanted, Access)):
        return set()
    return {
        name
        for name in (field.name for field in fields(Chap) if not field.repr)
        if getattr(seen.chap, name) != getattr(wanted.chap, name)
    }


def _plain(fact: object) -> str:
    if isinstance(fact, bool):
        return "yes" if fact else "no"
    return "absent" if fact is None else str(fact)
