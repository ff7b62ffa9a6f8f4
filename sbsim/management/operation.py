"""An operation as a row of the journal."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Progress(StrEnum):
    """How far an operation has come; all but running are ends."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    UNDONE = "undone"


@dataclass(frozen=True)
class Operation:
    """What is being done to `subject` (a uuid or a name), by whom, and which step came last.

    `owner` is the process that answers for it, as text (`owner.Owner`); `arguments` is JSON.
    """

    uuid: str
    kind: str
    subject: str
    owner: str
    step: str
    arguments: str
    created: float
    progress: Progress = Progress.RUNNING
    error: str = ""
