"""How an operation ends when one of its steps fails: undone, or left for the next attempt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sbsim.errors import SbsimError
from sbsim.management.errors import OPERATION_FAILED, ManagementError, words_of
from sbsim.management.management import Management
from sbsim.management.operation import Operation, Progress


@contextmanager
def undone_by(
    undo: Callable[[Management, Operation, str], object],
    management: Management,
    operation: Operation,
    what: str,
) -> Iterator[None]:
    """Where the block fails, undo the operation and raise ManagementError: `what`, and why."""
    try:
        yield
    except SbsimError as error:
        undo(management, operation, words_of(error))
        raise ManagementError(OPERATION_FAILED, f"{what}: {words_of(error)}") from error


@contextmanager
def left_for_the_next(management: Management, operation: Operation, what: str) -> Iterator[None]:
    """Where the block fails, end the operation as failed; the same one, made again, goes on."""
    try:
        yield
    except SbsimError as error:
        text = f"{what}: {words_of(error)}; mend what is said, then try again"
        with management.store.transaction() as rows:
            management.journal.end(rows, operation, Progress.FAILED, text)
        raise ManagementError(OPERATION_FAILED, text) from error
