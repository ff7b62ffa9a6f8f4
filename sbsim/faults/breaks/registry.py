"""The names of the breaks, and what each one does."""

from __future__ import annotations

from collections.abc import Callable

from sbsim.errors import UsageError
from sbsim.faults.scene import Scene

Break = Callable[[Scene], None]

_BREAKS: dict[str, Break] = {}


def named(name: str) -> Callable[[Break], Break]:
    """Register a break under its name."""

    def register(action: Break) -> Break:
        _BREAKS[name] = action
        return action

    return register


def find(name: str) -> Break:
    """The break of that name. UsageError if there is none."""
    if name not in _BREAKS:
        raise UsageError(f"there is no break {name!r}; there are {', '.join(sorted(_BREAKS))}")
    return _BREAKS[name]


def names() -> frozenset[str]:
    """Every break there is."""
    return frozenset(_BREAKS)
