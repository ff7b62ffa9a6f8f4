"""A storage's states as an operator sets them: enabled, disabled, in maintenance."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sbsim.errors import SbsimError
from sbsim.management.asking import ask, listed
from sbsim.management.entities import (
    Event,
    Host,
    InstanceState,
    PrimaryStorage,
    VmInstance,
    Volume,
    VolumeRef,
)
from sbsim.management.errors import STATE_CHANGE_FAILED, ManagementError
from sbsim.management.finding import find_in
from sbsim.management.instances import claim_stop, finish_stop
from sbsim.management.management import Management
from sbsim.management.operation import Operation, Progress
from sbsim.management.recovery import ends, recover
from sbsim.management.rules import connected_hosts
from sbsim.management.states import next_state
from sbsim.management.store import Transaction
from sbsim.sharedblock.volumes import Use

CHANGE_STATE = "change state"
_STANDING = (
    InstanceState.RUNNING, InstanceState.PAUSED, InstanceState.UNKNOWN, InstanceState.STOPPING,
    InstanceState.STARTING, InstanceState.MIGRATING,
)  # fmt: skip


def enable(management: Management, storage: str) -> PrimaryStorage:
    """Let a storage be used again (R4.1); instances that were stopped stay so."""
    return _change(management, storage, Event.ENABLE)


def disable(management: Management, storage: str) -> PrimaryStorage:
    """Refuse new instances, volumes and snapshots on a storage (R4.2); what runs, runs on."""
    return _change(management, storage, Event.DISABLE)


def maintain(management: Management, storage: str) -> PrimaryStorage:
    """Stop every instance that has any volume on a storage, and let go of them all (R4.11).

    NeverStop instances are stopped too, and those that have only a shared volume there. Raises
    ManagementError with the names of those that could not be stopped: the storage is in
    Maintenance then all the same, as in the product; asking again goes on.
    """
    return _change(management, storage, Event.MAINTAIN)


def _change(management: Management, storage: str, event: Event) -> PrimaryStorage:
    recover(management)
    with management.store.transaction() as rows:
        found = find_in(rows, PrimaryStorage, storage)
        operation = management.journal.claim(rows, CHANGE_STATE, found.uuid, event=event.value)
        rows.change(found, state=next_state(found.state, event))
    with management.journal.answering_for(operation):
        return finish_change(management, operation, "")


@ends(CHANGE_STATE)
def finish_change(management: Management, operation: Operation, why: str) -> PrimaryStorage:
    """Do what a state that is set already brings with it."""
    event = Event(json.loads(operation.arguments)["event"])
    errors: dict[str, SbsimError] = {}
    if event is Event.MAINTAIN:
        errors = stop_users(management, operation.subject)
        errors |= _let_go_of_all(management, operation.subject)
    with management.store.transaction() as rows:
        storage = find_in(rows, PrimaryStorage, operation.subject)
        progress = Progress.FAILED if errors else Progress.DONE
        management.journal.end(rows, operation, progress, listed(errors) or why)
    if errors:
        raise ManagementError(
            STATE_CHANGE_FAILED,
            f"{storage.name} is {storage.state}, but not everything was stopped: "
            f"{listed(errors)}; mend what is said, then enter maintenance again",
        )
    return storage


def stop_users(
    management: Management, storage: str, cluster: str | None = None
) -> dict[str, SbsimError]:
    """Stop every instance (of a cluster) that has any volume on a storage; errors by its name.

    Whoever calls it has an operation of the storage's own under way.
    """
    with management.store.transaction() as rows:
        users = [one for one in users_of(rows, storage)
                 if one.state in _STANDING and cluster in (None, one.cluster_uuid)]  # fmt: skip
    if users:
        names = ", ".join(one.name for one in users)
        management.progress(f"stopping {names}")
    # By uuid: several instances may have one name.
    _, errors = ask(
        [_ByUuid(one.uuid) for one in users], lambda one: _stop(management, one.name, storage)
    )
    called = {one.uuid: one.name for one in users}
    twice = {name for name, many in Counter(called.values()).items() if many > 1}
    return {
        f"{name} ({uuid})" if (name := called[uuid]) in twice else name: error
        for uuid, error in errors.items()
    }


def users_of(rows: Transaction, storage: str) -> list[VmInstance]:
    """The instances that have any volume on a storage, by whatever attachment."""
    volumes = rows.all(Volume, primary_storage_uuid=storage)
    refs = rows.all(VolumeRef, volume_uuid=[one.uuid for one in volumes])
    return rows.all(VmInstance, uuid=list(dict.fromkeys(one.vm_instance_uuid for one in refs)))


def running_users(management: Management, storage: str) -> list[str]:
    """The names of the instances that maintenance of a storage would stop."""
    with management.store.transaction() as rows:
        found = find_in(rows, PrimaryStorage, storage)
        return [one.name for one in users_of(rows, found.uuid) if one.state in _STANDING]


@dataclass(frozen=True)
class _ByUuid:
    """An instance that is asked for by what is its own alone."""

    name: str


def _stop(management: Management, uuid: str, storage: str) -> None:
    with management.store.transaction() as rows:
        instance = find_in(rows, VmInstance, uuid)
        operation = claim_stop(management, rows, instance, but=storage)
    finish_stop(management, operation, force=False)


def _let_go_of_all(management: Management, storage: str) -> dict[str, SbsimError]:
    """No host has anything of a storage any more: images, and what was left behind."""
    with management.store.transaction() as rows:
        hosts = connected_hosts(rows, find_in(rows, PrimaryStorage, storage))

    def let_go(host: Host) -> None:
        agent = management.volumes(host)
        used = _used(agent.uses(storage))
        if used:
            agent.use(storage, used, Use.NONE)

    return ask(hosts, let_go)[1]


def _used(uses: Mapping[str, Use]) -> tuple[str, ...]:
    return tuple(name for name, use in uses.items() if use is not Use.NONE)
