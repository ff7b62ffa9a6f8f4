"""A file that a simulated kernel computes when it is looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class View:
    """A file: what it shows, and what is done with what is written to it."""

    shows: Callable[[], str] | None = None
    takes: Callable[[str], object] | None = None


def line_of(text: str) -> Callable[[], str]:
    """What shows one line."""
    return lambda: f"{text}\n"
