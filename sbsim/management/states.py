"""A storage's states: which event leads where.

The product allows every transition, those from Deleting and to itself too, and it is the event
alone that says where to. The table is written out so that a forbidden cell would be seen.
"""

from __future__ import annotations

from sbsim.management.entities import Event, State

_EVENTS = (Event.ENABLE, Event.DISABLE, Event.MAINTAIN, Event.DELETING)
_E, _D, _M, _X = State.ENABLED, State.DISABLED, State.MAINTENANCE, State.DELETING
_TABLE = {
    #                  enable, disable, maintain, deleting
    State.ENABLED:     (_E,     _D,      _M,       _X),
    State.DISABLED:    (_E,     _D,      _M,       _X),
    State.MAINTENANCE: (_E,     _D,      _M,       _X),
    State.DELETING:    (_E,     _D,      _M,       _X),
}  # fmt: skip


def next_state(state: State, event: Event) -> State:
    """The state that an event leads to."""
    return _TABLE[state][_EVENTS.index(event)]
