"""From the state that is there to the state that is wanted: the steps, in their order.

Pure: nothing here touches a machine. Only what differs is named, so the sessions of initiators
whose objects stay the same go on.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sbsim.target.state import (
    KINDS,
    Access,
    GroupAccess,
    Key,
    Mapped,
    needs,
)

if TYPE_CHECKING:
    from sbsim.target.state import State, Value

_RANK = {kind: rank for rank, kind in enumerate(KINDS)}


@dataclass(frozen=True)
class Step:
    """One act: `create`, `remove`, `change`, `enable` or `disable` an object.

    `value` is what a created or changed object holds from then on; it may hold secrets.
    """

    action: str
    key: Key
    value: Value | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"{self.action} {self.key}"


def plan(seen: State, wanted: State) -> tuple[Step, ...]:
    """Return the steps that turn `seen` into `wanted`; none if they are the same.

    First what must go, users before what they use; then changes in place; then what is new, what
    is used before its users. A portal group is enabled last and disabled first.
    """
    gone = _to_remove(seen, wanted)
    kept = {key for key in seen if key not in gone}
    new = sorted((key for key in wanted if key not in kept), key=_making_order)
    changed = sorted((key for key in kept if seen[key] != wanted[key]), key=_making_order)
    return (
        *_disabled(seen, wanted, gone),
        *(Step("remove", key) for key in sorted(gone, key=_making_order, reverse=True)),
        *(step for key in changed for step in _change(key, seen[key], wanted[key])),
        *(Step("create", key, _as_made(wanted[key])) for key in new),
        *_enabled(seen, wanted, kept),
    )


def in_place(there: Value, wanted: Value) -> bool:
    """Whether an object can become what is wanted without being made anew."""
    if isinstance(there, Mapped) and isinstance(wanted, Mapped):
        return there.lun == wanted.lun
    return isinstance(there, (GroupAccess, Access)) or there == wanted


def _to_remove(seen: State, wanted: State) -> set[Key]:
    """Return what must go: the unwanted, the wrong, and all that stands on either."""
    gone = {key for key in seen if key not in wanted or not in_place(seen[key], wanted[key])}
    # Users come after what they use, so one pass in the order of making finds them all.
    for key in sorted(seen, key=_making_order):
        if any(need in gone for need in needs(key, seen[key])):
            gone.add(key)
    return gone


def _making_order(key: Key) -> tuple[int, Key]:
    return _RANK[key.kind], key


def _as_made(value: Value) -> Value:
    if isinstance(value, GroupAccess) and value.enabled:
        return replace(value, enabled=False)
    return value


def _change(key: Key, there: Value, wanted: Value) -> list[Step]:
    if isinstance(there, GroupAccess) and isinstance(wanted, GroupAccess):
        # Being enabled is an act of its own, in its own place.
        wanted = replace(wanted, enabled=there.enabled)
    return [Step("change", key, wanted)] if there != wanted else []


def _disabled(seen: State, wanted: State, gone: set[Key]) -> list[Step]:
    """Return the steps that stop the groups that go: their sessions end once, not bit by bit."""
    return [
        Step("disable", key)
        for key in sorted(seen)
        if _serves(seen.get(key)) and (key in gone or not _serves(wanted.get(key)))
    ]


def _enabled(seen: State, wanted: State, kept: set[Key]) -> list[Step]:
    return [
        Step("enable", key)
        for key in sorted(wanted)
        if _serves(wanted.get(key)) and not (key in kept and _serves(seen.get(key)))
    ]


def _serves(value: Value | None) -> bool:
    return isinstance(value, GroupAccess) and bool(value.enabled)
