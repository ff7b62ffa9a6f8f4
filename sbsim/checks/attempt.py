"""An operation that is tried where a model says whether it may be done."""

from __future__ import annotations

from collections.abc import Callable

from sbsim.management.entities import State
from sbsim.management.errors import Refused
from sbsim.management.rules import Act, allows


def attempt(state: State, act: Act, fits: bool, action: Callable[[], object]) -> bool:
    """Do it; whether it was to be done. Raises AssertionError where it is not refused and must be.

    `fits`: nothing but the storage's state can stand against it.
    """
    if fits and allows(state, act):
        action()
        return True
    try:
        action()
    except Refused:
        return False
    raise AssertionError(f"{act} was done in state {state}, where it must be refused")
