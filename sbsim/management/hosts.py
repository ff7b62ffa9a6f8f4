"""Hosts: taken over by the platform, which installs what they lack (R2.5)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from sbsim.errors import SbsimError
from sbsim.management import host_ids
from sbsim.management.entities import Cluster, ClusterRef, Host, HostRef, Status
from sbsim.management.errors import OPERATION_FAILED, ManagementError, Refused
from sbsim.management.finding import find_in
from sbsim.management.management import Management
from sbsim.management.operation import Operation, Progress
from sbsim.management.reconnection import reconnect
from sbsim.management.recovery import ADD_HOST, recover
from sbsim.management.store import Transaction


@dataclass(frozen=True)
class AddedHost:
    """A host that is known now, and what was installed on it: nothing the second time."""

    host: Host
    installed: tuple[str, ...]


def add_host(
    management: Management,
    name: str,
    cluster: str,
    install: Callable[[], tuple[str, ...]],
    address: str = "",
) -> AddedHost:
    """Install what a host lacks, make it known, and connect it to its cluster's storages.

    `address` is the host's name if none is given. A second call changes nothing. Raises Refused
    for a host of another cluster, ManagementError (SYS.1006) if installing fails (the host is not
    known then) or if a storage cannot be connected (it is known, and Disconnected there).
    """
    operation, place = _claim(management, name, cluster)
    with management.journal.answering_for(operation):
        try:
            installed = install()
        except SbsimError as error:
            with management.store.transaction() as rows:
                management.journal.end(rows, operation, Progress.FAILED, str(error))
            raise ManagementError(
                OPERATION_FAILED,
                f"{name} was not added, for what it lacks could not be installed: {error}",
            ) from error
        host, waiting = _keep(management, operation, name, place, address or name, installed)
    for storage in waiting:
        reconnect(management, storage, host.uuid)
    return AddedHost(host, installed)


def _claim(management: Management, name: str, cluster: str) -> tuple[Operation, Cluster]:
    recover(management)
    with management.store.transaction() as rows:
        place = find_in(rows, Cluster, cluster)
        known = rows.one(Host, name=name)
        if known and known.cluster_uuid != place.uuid:
            other = find_in(rows, Cluster, known.cluster_uuid).name
            raise Refused(OPERATION_FAILED, f"{name} is a host of {other} already")
        return management.journal.claim(rows, ADD_HOST, name, cluster=place.uuid), place


def _keep(
    management: Management,
    operation: Operation,
    name: str,
    cluster: Cluster,
    address: str,
    installed: tuple[str, ...],
) -> tuple[Host, list[str]]:
    """Record the host; return it and the storages it is to be connected to."""
    with management.store.transaction() as rows:
        host = rows.one(Host, name=name)
        if host is None:
            _must_be_at_rest(rows, operation, cluster)
            _must_be_free(rows, address)
            host = rows.add(Host(management.ids(), name, cluster.uuid, address, management.now()))
        if installed:
            host = rows.change(host, installed=" ".join((*host.installed.split(), *installed)))
        waiting = []
        for ref in rows.all(ClusterRef, cluster_uuid=cluster.uuid):
            storage = ref.primary_storage_uuid
            place = rows.one(HostRef, primary_storage_uuid=storage, host_uuid=host.uuid)
            place = place or host_ids.reserve(rows, storage, host.uuid, Status.DISCONNECTED)
            if place.status is Status.DISCONNECTED:
                waiting.append(storage)
        management.journal.end(rows, operation, Progress.DONE)
        return host, waiting


def _must_be_at_rest(rows: Transaction, mine: Operation, cluster: Cluster) -> None:
    """No storage comes to a cluster, or leaves it, while a host does: it would miss that host."""
    for running in rows.all(Operation, progress=Progress.RUNNING):
        same = json.loads(running.arguments).get("cluster") == cluster.uuid
        if same and running.kind != mine.kind:
            raise Refused(
                OPERATION_FAILED,
                f"a storage's {running.kind} is under way in {cluster.name}; wait for its end, "
                f"then add the host again",
            )


def _must_be_free(rows: Transaction, address: str) -> None:
    if other := rows.one(Host, address=address):
        raise Refused(OPERATION_FAILED, f"the address {address} is the host {other.name}'s already")
