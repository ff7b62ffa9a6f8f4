"""Attach a storage to a cluster, and detach it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping

from sbsim.errors import SbsimError
from sbsim.management import host_ids
from sbsim.management.asking import disconnect, listed
from sbsim.management.connecting import (
    Joining,
    check_disks,
    check_same_pool,
    connect_first,
    connect_others,
)
from sbsim.management.entities import (
    Cluster,
    ClusterRef,
    Host,
    HostRef,
    PrimaryStorage,
    SharedBlock,
    Status,
    StorageKind,
)
from sbsim.management.errors import (
    ATTACH_FAILED,
    DETACH_FAILED,
    ManagementError,
    Refused,
    words_of,
)
from sbsim.management.finding import find_in
from sbsim.management.known_disks import disks_by_host
from sbsim.management.local_storage import prepare
from sbsim.management.management import Management
from sbsim.management.operating import stop_users
from sbsim.management.operation import Operation, Progress
from sbsim.management.recovery import ATTACH, DETACH, ends, hosts_of, recover, undo_attach
from sbsim.management.store import Transaction
from sbsim.sharedblock.request import Connected


def attach_to_cluster(management: Management, storage: str, cluster: str) -> None:
    """Connect every host of a cluster to a storage, both given by name or uuid (R4.7).

    All of it or nothing: where one host fails, all are taken out again. A volume group that the
    attach has made stays on its LUNs, as in the product. Raises Refused, or ManagementError
    PS.1001 with every host's own words.
    """
    operation, joining = _claim_attach(management, storage, cluster)
    with management.journal.answering_for(operation):
        try:
            if joining.storage.kind is StorageKind.LOCAL:
                room = prepare(management, joining.storage, joining.hosts)
                _keep(management, operation, joining, total=room.total, available=room.available)
                return
            answers = _join(management, operation, joining)
        except SbsimError as error:
            why = undo_attach(management, operation, words_of(error))
            raise ManagementError(
                ATTACH_FAILED,
                f"{joining.storage.name} was not attached to {cluster}: {why}; mend what is said, "
                f"then attach again",
            ) from error
        _keep_attach(management, operation, joining, answers)


def detach_from_cluster(management: Management, storage: str, cluster: str) -> None:
    """Stop a cluster's instances that use a storage, and take its hosts out (R4.10).

    No LUN is changed.

    Raises Refused if it is not attached; ManagementError PS.1002 if a host fails: it then stays
    attached, and detaching again goes on.
    """
    operation, found = _claim_detach(management, storage, cluster)
    with management.journal.answering_for(operation):
        failed = finish_detach(management, operation, "")
    if failed:
        raise ManagementError(
            DETACH_FAILED,
            f"{found.name} stays attached to {cluster}: {failed}; mend what is said, then detach "
            f"again, or reconnect it",
        )


def joining_of(rows: Transaction, storage: PrimaryStorage, hosts: list[Host]) -> Joining:
    """What is needed to connect hosts that have their places in a storage."""
    blocks = rows.all(SharedBlock, primary_storage_uuid=storage.uuid)
    refs = rows.all(HostRef, primary_storage_uuid=storage.uuid)
    return Joining(
        storage,
        disks=tuple(block.disk_id for block in blocks),
        hosts=tuple(hosts),
        places={ref.host_uuid: ref for ref in refs},
        known=disks_by_host(rows, hosts),
    )


def _claim_attach(management: Management, storage: str, cluster: str) -> tuple[Operation, Joining]:
    recover(management)
    with management.store.transaction() as rows:
        to, pool = find_in(rows, Cluster, cluster), find_in(rows, PrimaryStorage, storage)
        hosts = rows.all(Host, cluster_uuid=to.uuid)
        _may_attach(rows, pool, to, hosts)
        uuids = [host.uuid for host in hosts]
        operation = management.journal.claim(rows, ATTACH, pool.uuid, cluster=to.uuid, hosts=uuids)
        for uuid in uuids:
            host_ids.reserve(rows, pool.uuid, uuid)
        return operation, joining_of(rows, pool, hosts)


def _may_attach(
    rows: Transaction, storage: PrimaryStorage, cluster: Cluster, hosts: list[Host]
) -> None:
    if rows.one(ClusterRef, primary_storage_uuid=storage.uuid, cluster_uuid=cluster.uuid):
        raise Refused(ATTACH_FAILED, f"{storage.name} is attached to {cluster.name} already")
    if storage.zone_uuid != cluster.zone_uuid:
        raise Refused(
            ATTACH_FAILED,
            f"{storage.name} and {cluster.name} are in different zones; a storage serves the "
            f"clusters of its own zone only",
        )
    _must_go_together(rows, storage, cluster)
    if not hosts:
        raise Refused(
            ATTACH_FAILED,
            f"{cluster.name} has no host that the platform knows, so nothing could connect to "
            f"{storage.name}; add its hosts first: sbsim host add",
        )


def _must_go_together(rows: Transaction, storage: PrimaryStorage, cluster: Cluster) -> None:
    """A cluster takes Shared Block storages, or a local storage and one of them (R4.8, R4.9)."""
    refs = rows.all(ClusterRef, cluster_uuid=cluster.uuid)
    there = rows.all(PrimaryStorage, uuid=[ref.primary_storage_uuid for ref in refs])
    kinds = Counter(one.kind for one in [*there, storage])
    if kinds[StorageKind.LOCAL] and (
        kinds[StorageKind.LOCAL] > 1 or kinds[StorageKind.SHARED_BLOCK] > 1
    ):
        names = ", ".join(f"{one.name} ({one.kind})" for one in there)
        raise Refused(
            ATTACH_FAILED,
            f"{cluster.name} has {names}: a cluster takes one local storage with one Shared Block "
            f"storage, or Shared Block storages alone; detach one first: sbsim ps detach",
        )


def _join(
    management: Management, operation: Operation, joining: Joining
) -> Mapping[str, Connected]:
    check_disks(management, joining)
    management.journal.step(operation, "disks checked")
    answers = connect_first(management, joining)
    management.journal.step(operation, "first host connected")
    answers |= connect_others(management, joining)
    management.journal.step(operation, "all hosts connected")
    check_same_pool(joining, answers)
    return answers


def _keep_attach(
    management: Management,
    operation: Operation,
    joining: Joining,
    answers: Mapping[str, Connected],
) -> None:
    first = answers[joining.hosts[0].name]
    _keep(
        management,
        operation,
        joining,
        formed=True,
        vg_uuid=first.vg_uuid or joining.storage.vg_uuid,
        total=first.capacity.total,
        available=first.capacity.available,
    )


def _keep(management: Management, operation: Operation, joining: Joining, **found: object) -> None:
    """Record that every host is connected, and what was found of the storage."""
    with management.store.transaction() as rows:
        for host in joining.hosts:
            rows.change(joining.places[host.uuid], status=Status.CONNECTED)
        rows.add(ClusterRef(joining.storage.uuid, joining.hosts[0].cluster_uuid))
        rows.change(joining.storage, **found)
        management.journal.end(rows, operation, Progress.DONE)


def _claim_detach(
    management: Management, storage: str, cluster: str
) -> tuple[Operation, PrimaryStorage]:
    recover(management)
    with management.store.transaction() as rows:
        to, pool = find_in(rows, Cluster, cluster), find_in(rows, PrimaryStorage, storage)
        if not rows.one(ClusterRef, primary_storage_uuid=pool.uuid, cluster_uuid=to.uuid):
            raise Refused(DETACH_FAILED, f"{pool.name} is not attached to {to.name}")
        hosts = [host.uuid for host in rows.all(Host, cluster_uuid=to.uuid)]
        operation = management.journal.claim(rows, DETACH, pool.uuid, cluster=to.uuid, hosts=hosts)
        return operation, pool


@ends(DETACH)
def finish_detach(management: Management, operation: Operation, why: str) -> str:
    """Stop a cluster's instances that use the storage, and take every host out of it.

    Returns what went wrong, empty if nothing. Where a host fails the storage stays attached, and
    the hosts that are out show Disconnected.
    """
    storage = operation.subject
    cluster = json.loads(operation.arguments)["cluster"]
    stop_users(management, storage, cluster)  # what is not stopped the host itself tells
    hosts = hosts_of(management, operation)
    management.progress(f"disconnecting {len(hosts)} hosts")
    done, errors = disconnect(management, storage, hosts)
    with management.store.transaction() as rows:
        for host in hosts:
            ref = rows.one(HostRef, primary_storage_uuid=storage, host_uuid=host.uuid)
            if ref and not errors:
                rows.remove(ref)
            elif ref and host.name in done:
                rows.change(ref, status=Status.DISCONNECTED)
        if not errors:
            rows.remove(ClusterRef(storage, cluster))
        text = listed(errors)
        management.journal.end(
            rows, operation, Progress.FAILED if errors else Progress.DONE, text or why
        )
    return text
