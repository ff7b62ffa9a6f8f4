"""What the target program raises on purpose."""

from __future__ import annotations


class TargetFailure(Exception):
    """The array cannot be as asked; the message alone is shown, never a traceback."""
