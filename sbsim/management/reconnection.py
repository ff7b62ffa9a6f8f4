"""Reconnect a storage: every host joins again, and what is known of the pool is refreshed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sbsim.errors import SbsimError
from sbsim.management.asking import disconnect, listed
from sbsim.management.attachment import joining_of
from sbsim.management.connecting import Joining, check_same_pool, connect
from sbsim.management.entities import (
    ClusterRef,
    Host,
    HostRef,
    PrimaryStorage,
    Status,
    StorageKind,
)
from sbsim.management.errors import DISCONNECTED, ManagementError, Refused, words_of
from sbsim.management.finding import find_in
from sbsim.management.instances import sync
from sbsim.management.local_storage import prepare
from sbsim.management.management import Management
from sbsim.management.operation import Operation, Progress
from sbsim.management.recovery import RECONNECT, recover, settle_reconnect
from sbsim.sharedblock.request import Connected


@dataclass(frozen=True)
class Reconnected:
    """The hosts that are connected now, and why others are not; by name."""

    connected: tuple[str, ...]
    errors: Mapping[str, SbsimError]


def reconnect(management: Management, storage: str, host: str | None = None) -> Reconnected:
    """Connect a storage's hosts, or one of them, again (R4.3).

    Hosts that fail show Disconnected; the storage is Connected while any host is (R4.4). What is
    known of the hosts' instances is brought into line. Raises Refused if the storage is attached
    nowhere, ManagementError PS.1003 if every host fails.
    """
    operation, joining = _claim(management, storage, host)
    with management.journal.answering_for(operation):
        if joining.storage.kind is StorageKind.LOCAL:
            return _reconnect_local(management, operation, joining)
        answers, errors = connect(management, joining, joining.hosts)
        strangers = _strangers(joining, answers)
        _disconnect(management, joining, strangers)
        answers = {name: answer for name, answer in answers.items() if name not in strangers}
        errors |= strangers
        _keep(management, operation, joining, answers, errors)
    sync(management, joining.hosts)
    if not answers:
        raise ManagementError(
            DISCONNECTED,
            f"{joining.storage.name}: no host could be connected again: {listed(errors)}; mend "
            f"what is said, then reconnect",
        )
    return Reconnected(tuple(answers), errors)


def _reconnect_local(management: Management, operation: Operation, joining: Joining) -> Reconnected:
    try:
        room = prepare(management, joining.storage, joining.hosts)
    except SbsimError as error:
        settle_reconnect(management, operation, words_of(error))
        raise
    with management.store.transaction() as rows:
        for host in joining.hosts:
            rows.change(joining.places[host.uuid], status=Status.CONNECTED)
        rows.change(joining.storage, total=room.total, available=room.available)
        management.journal.end(rows, operation, Progress.DONE)
    return Reconnected(tuple(host.name for host in joining.hosts), {})


def _claim(management: Management, storage: str, host: str | None) -> tuple[Operation, Joining]:
    recover(management)
    with management.store.transaction() as rows:
        pool = find_in(rows, PrimaryStorage, storage)
        refs = rows.all(ClusterRef, primary_storage_uuid=pool.uuid)
        hosts = rows.all(Host, cluster_uuid=[ref.cluster_uuid for ref in refs])
        if host is not None:
            one = find_in(rows, Host, host)
            hosts = [other for other in hosts if other == one]
        if not hosts:
            raise Refused(
                DISCONNECTED,
                f"{pool.name} is not attached to a cluster{f' of {host}' if host else ''}, so "
                f"there is nothing to reconnect; attach it first: sbsim ps attach",
            )
        uuids = [one.uuid for one in hosts]
        operation = management.journal.claim(rows, RECONNECT, pool.uuid, hosts=uuids)
        for ref in rows.all(HostRef, primary_storage_uuid=pool.uuid, host_uuid=uuids):
            rows.change(ref, status=Status.CONNECTING)
        return operation, joining_of(rows, pool, hosts)


def _strangers(joining: Joining, answers: Mapping[str, Connected]) -> dict[str, SbsimError]:
    """The hosts that have joined another pool than the platform knows, each with the error."""
    found: dict[str, SbsimError] = {}
    for name, answer in answers.items():
        try:
            check_same_pool(joining, {name: answer})
        except ManagementError as error:
            found[name] = error
    return found


def _disconnect(
    management: Management, joining: Joining, strangers: Mapping[str, SbsimError]
) -> None:
    hosts = [host for host in joining.hosts if host.name in strangers]
    disconnect(management, joining.storage.uuid, hosts)


def _keep(
    management: Management,
    operation: Operation,
    joining: Joining,
    answers: Mapping[str, Connected],
    errors: Mapping[str, SbsimError],
) -> None:
    with management.store.transaction() as rows:
        for host in joining.hosts:
            status = Status.CONNECTED if host.name in answers else Status.DISCONNECTED
            rows.change(joining.places[host.uuid], status=status)
        for answer in list(answers.values())[:1]:
            rows.change(
                joining.storage,
                total=answer.capacity.total,
                available=answer.capacity.available,
                vg_uuid=joining.storage.vg_uuid or answer.vg_uuid,
            )
        progress = Progress.DONE if answers else Progress.FAILED
        management.journal.end(rows, operation, progress, listed(errors))
