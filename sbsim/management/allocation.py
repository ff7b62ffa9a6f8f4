"""Which storage a volume comes to lie in, and which host an instance runs on."""

from __future__ import annotations

from collections.abc import Sequence

from sbsim.management.entities import (
    Cluster,
    ClusterRef,
    Host,
    HostRef,
    PrimaryStorage,
    State,
    Status,
    StorageKind,
    VmInstance,
)
from sbsim.management.errors import NO_STORAGE, OPERATION_FAILED, Refused
from sbsim.management.finding import find_in
from sbsim.management.rules import Act, require
from sbsim.management.store import Transaction
from sbsim.sharedblock.sizes import GIB


def storage_for(rows: Transaction, name: str | None, act: Act) -> PrimaryStorage:
    """The storage of that name, else the only one that could take the volume.

    Raises Refused (PS.1000) if it cannot, or if none or several could.
    """
    if name is not None:
        storage = find_in(rows, PrimaryStorage, name)
        _must_hold_volumes(storage)
        require(rows, storage, act)
        return storage
    known = [one for one in rows.all(PrimaryStorage) if one.kind is StorageKind.SHARED_BLOCK]
    fit, refusals = [], []
    for storage in known:
        try:
            require(rows, storage, act)
            fit.append(storage)
        except Refused as refused:
            refusals.append(refused.text)
    if len(fit) == 1:
        return fit[0]
    if fit:
        names = ", ".join(one.name for one in fit)
        raise Refused(NO_STORAGE, f"several storages could take it: {names}; name one: --storage")
    text = "; ".join(refusals) or "there is no storage; add one first: sbsim ps add"
    raise Refused(NO_STORAGE, text)


def _must_hold_volumes(storage: PrimaryStorage) -> None:
    if storage.kind is not StorageKind.SHARED_BLOCK:
        raise Refused(
            NO_STORAGE,
            f"{storage.name} is a local storage; sbsim makes volumes on Shared Block storages only",
        )


def must_have_room(storage: PrimaryStorage, size: int) -> None:
    """Raise Refused (PS.1000) unless a storage has that many bytes free."""
    if size > storage.available:
        raise Refused(
            NO_STORAGE,
            f"{storage.name} has {_told(storage.available)} free, {_told(size)} are needed; "
            f"delete volumes, or add a LUN: sbsim ps add-disk",
        )


def host_for(
    rows: Transaction,
    storages: Sequence[PrimaryStorage],
    name: str | None,
    act: Act,
    cluster: str | None = None,
    but: str | None = None,
) -> Host:
    """The host of that name, else the one with the fewest instances, that has all the storages.

    `cluster` is the uuid of the one that it must be in, `but` that of a host that it must not be.
    Raises Refused where a storage's state is against the act, or no host is fit.
    """
    fit = [host for host in rows.all(Host) if cluster in (None, host.cluster_uuid)]
    for storage in storages:
        connected = require(rows, storage, act)
        fit = [host for host in fit if host in connected]
    fit = [host for host in fit if host.state is State.ENABLED and host.uuid != but]
    if name is not None:
        wanted = find_in(rows, Host, name)
        if wanted not in fit:
            raise Refused(OPERATION_FAILED, _unfit(rows, wanted, storages, cluster, but))
        return wanted
    if not fit:
        names = ", ".join(one.name for one in storages)
        other = " other" if but else ""
        raise Refused(
            OPERATION_FAILED,
            f"no{other} enabled host is connected to {names}; reconnect them: sbsim ps reconnect",
        )
    return min(fit, key=lambda host: (len(rows.all(VmInstance, host_uuid=host.uuid)), host.name))


def _unfit(
    rows: Transaction,
    host: Host,
    storages: Sequence[PrimaryStorage],
    cluster: str | None,
    but: str | None,
) -> str:
    if host.uuid == but:
        return f"it runs on {host.name} already; name another host"
    if cluster not in (None, host.cluster_uuid):
        return f"{host.name} is a host of another cluster; name one of the instance's cluster"
    for storage in storages:
        ref = rows.one(HostRef, primary_storage_uuid=storage.uuid, host_uuid=host.uuid)
        if ref is None or ref.status is not Status.CONNECTED:
            return (
                f"{host.name} is not connected to {storage.name}; reconnect it: "
                f"sbsim ps reconnect {storage.name}"
            )
    return f"{host.name} is {host.state}"


def cluster_for(rows: Transaction, storage: PrimaryStorage, name: str | None) -> Cluster:
    """The cluster of that name, else the first that a storage is attached to."""
    refs = rows.all(ClusterRef, primary_storage_uuid=storage.uuid)
    clusters = rows.all(Cluster, uuid=[ref.cluster_uuid for ref in refs])
    if name is None and clusters:
        return clusters[0]
    wanted = find_in(rows, Cluster, name) if name is not None else None
    if wanted not in clusters:
        known = ", ".join(one.name for one in clusters) or "none"
        raise Refused(OPERATION_FAILED, f"{storage.name} is attached to {known}, not to {name}")
    assert wanted is not None
    return wanted


def _told(size: int) -> str:
    return f"{size / GIB:.2f} GiB"
