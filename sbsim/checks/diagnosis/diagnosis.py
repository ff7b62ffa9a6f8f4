"""One thing that is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, order=True)
class Diagnosis:
    """What is wrong: its name, the place, the fact in words, and what mends it.

    `where` is a machine's name, or ``machine: thing`` for one thing on it. A `warning` works now
    and will hurt later; an `error` is not as described.
    """

    name: str
    where: str
    what: str
    mend: str
    severity: Literal["error", "warning"] = "error"
