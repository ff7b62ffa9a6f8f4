"""How an operation ends that went wrong, or whose process died in the middle of it.

An attach is undone, a detach is finished, what only adds is left as far as it came. Each may itself
be interrupted and runs again then: hosts are asked for things that change nothing the second time.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypeVar

from sbsim.errors import SbsimError
from sbsim.management.asking import ask, disconnect, listed
from sbsim.management.entities import Host, HostRef, SharedBlock, Status
from sbsim.management.errors import words_of
from sbsim.management.management import Management
from sbsim.management.operation import Operation, Progress

ATTACH = "attach"
DETACH = "detach"
RECONNECT = "reconnect"
ADD_HOST = "add host"
ADD_DISK = "add disk"
REFRESH = "refresh"

INTERRUPTED = "interrupted: its process ended before it"


def recover(management: Management, subject: str | None = None) -> list[Operation]:
    """End every operation whose owner is dead, of one subject or of all; return them."""
    operations = management.journal.take_over(subject)
    # The newest first: it may be a part of an older one, as a stop is of a maintenance.
    for operation in reversed(operations):
        management.progress(f"{operation.kind} was interrupted at step {operation.step!r}")
        try:
            with management.journal.answering_for(operation):
                _ACTIONS[operation.kind](management, operation, INTERRUPTED)
        except SbsimError as error:
            # Whoever has to do with its subject is refused, and told of it; others are not.
            management.progress(f"it could not be ended yet: {words_of(error)}")
    return operations


def undo_attach(management: Management, operation: Operation, why: str) -> str:
    """Take out every host that an attach may have connected, and forget their places.

    Returns why it was undone, and which hosts could not be taken out.

    Such a host is forgotten too: its lease on the LUN guards its id until it is gone.
    """
    hosts = hosts_of(management, operation)
    management.progress(f"undoing the attach on {len(hosts)} hosts")
    _, errors = disconnect(management, operation.subject, hosts)
    with management.store.transaction() as rows:
        for ref in rows.all(
            HostRef,
            primary_storage_uuid=operation.subject,
            host_uuid=[host.uuid for host in hosts],
        ):
            rows.remove(ref)
        text = f"{why}; could not be disconnected again: {listed(errors)}" if errors else why
        management.journal.end(rows, operation, Progress.UNDONE, text)
    return text


def settle_reconnect(management: Management, operation: Operation, why: str) -> None:
    """Say of the hosts that were being connected that they are not; a reconnect mends that."""
    with management.store.transaction() as rows:
        for ref in rows.all(
            HostRef, primary_storage_uuid=operation.subject, status=Status.CONNECTING
        ):
            rows.change(ref, status=Status.DISCONNECTED)
        management.journal.end(rows, operation, Progress.UNDONE, why)


def settle_add_disk(management: Management, operation: Operation, why: str) -> str:
    """Keep the disk on record if it has come into the group, which any host of it can tell.

    Returns why the operation ended, and how it stands. If no host can tell, it is left running:
    whoever comes next asks again, for a disk of a pool must not be given to another one.
    """
    storage, disk = operation.subject, json.loads(operation.arguments)["disk"]
    answers, errors = ask(
        hosts_of(management, operation),
        lambda host: management.agent(host).has_disk(storage, disk),
    )
    if not answers:
        return f"{why}; whether {disk} is in the pool no host can tell: {listed(errors)}"
    inside = any(answers.values())
    text = f"{why}; {disk} is {'in the pool all the same' if inside else 'not in the pool'}"
    with management.store.transaction() as rows:
        if inside and not rows.one(SharedBlock, disk_id=disk):
            rows.add(SharedBlock(management.ids(), storage, disk, management.now()))
        management.journal.end(rows, operation, Progress.UNDONE, text)
    return text


def forget(management: Management, operation: Operation, why: str) -> None:
    """Leave what was done where it is: the next call finds it there."""
    with management.store.transaction() as rows:
        management.journal.end(rows, operation, Progress.UNDONE, why)


def hosts_of(management: Management, operation: Operation) -> list[Host]:
    """The hosts that an operation was claimed for."""
    uuids = json.loads(operation.arguments)["hosts"]
    with management.store.transaction() as rows:
        return rows.all(Host, uuid=uuids)


Action = Callable[[Management, Operation, str], object]
A = TypeVar("A", bound=Action)

_ACTIONS: dict[str, Action] = {
    ATTACH: undo_attach,
    RECONNECT: settle_reconnect,
    ADD_HOST: forget,
    ADD_DISK: settle_add_disk,
    REFRESH: forget,
}


def ends(kind: str) -> Callable[[A], A]:
    """Decorate the function that ends an interrupted operation of a kind."""

    def register(action: A) -> A:
        assert kind not in _ACTIONS, kind
        _ACTIONS[kind] = action
        return action

    return register
