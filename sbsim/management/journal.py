"""The journal: which operation is under way, who answers for it, and how far it has come.

An operation is claimed in one short transaction, acts, and is recorded step by step. Only one at a
time runs on a subject. A process that dies leaves its row `running`; whoever comes next takes the
row over and ends the operation (`recovery.py` says how).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from sbsim.management.errors import OPERATION_FAILED, Refused
from sbsim.management.operation import Operation, Progress
from sbsim.management.store import Store, Transaction

NOBODY = ""


@dataclass(frozen=True)
class Journal:
    """The journal as one process writes it: `me` is that process, `alive` tells of any owner.

    Raises Refused (SYS.1006) where an operation of someone alive is under way.
    """

    store: Store
    me: str
    alive: Callable[[str], bool]
    ids: Callable[[], str]
    now: Callable[[], float]

    def claim(self, rows: Transaction, kind: str, subject: str, **arguments: object) -> Operation:
        """Begin an operation, within the transaction that makes its first changes.

        `needs`, if it is among the arguments, are uuids of what must not change meanwhile: nothing
        of that may have an operation of its own. Several operations may need the same.
        """
        self.must_be_idle(rows, subject)
        for needed in _needs(arguments):
            _refuse(rows.one(Operation, subject=needed, progress=Progress.RUNNING))
        row = Operation(
            self.ids(), kind, subject, self.me, "claimed", json.dumps(arguments), self.now()
        )
        return rows.add(row)

    def must_be_idle(self, rows: Transaction, subject: str) -> None:
        """Raise Refused if an operation is under way on a subject, or needs it."""
        for running in rows.all(Operation, progress=Progress.RUNNING):
            if subject in (running.subject, *_needs(json.loads(running.arguments))):
                _refuse(running)

    def step(self, operation: Operation, step: str) -> Operation:
        """Record that a step is done."""
        with self.store.transaction() as rows:
            return rows.change(operation, step=step)

    def end(
        self, rows: Transaction, operation: Operation, progress: Progress, error: str = ""
    ) -> Operation:
        """Record the end, within the transaction that makes the last changes."""
        return rows.change(operation, progress=progress, error=error)

    @contextmanager
    def answering_for(self, operation: Operation) -> Iterator[None]:
        """Let go of an operation that the block leaves running, so that the next one ends it."""
        try:
            yield
        finally:
            with self.store.transaction() as rows:
                left = rows.one(Operation, uuid=operation.uuid, progress=Progress.RUNNING)
                if left is not None and left.owner == self.me:
                    rows.change(left, owner=NOBODY)

    def take_over(self, subject: str | None = None) -> list[Operation]:
        """Become the owner of every operation whose owner is dead; return them as they are now."""
        where = {} if subject is None else {"subject": subject}
        with self.store.transaction() as rows:
            running = rows.all(Operation, progress=Progress.RUNNING, **where)
            return [rows.change(row, owner=self.me) for row in running if not self.alive(row.owner)]


def _needs(arguments: Mapping[str, object]) -> list[str]:
    found = arguments.get("needs", [])
    assert isinstance(found, list)
    return found


def _refuse(running: Operation | None) -> None:
    if running is not None:
        pid = running.owner.partition(":")[0] or "none"
        raise Refused(
            OPERATION_FAILED,
            f"another operation is under way: {running.kind} of {running.subject}, step "
            f"{running.step!r}, process {pid}; wait for its end, then try again",
        )
