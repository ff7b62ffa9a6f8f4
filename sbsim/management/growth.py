"""A storage that grows while it is in use: a LUN is added (R4.14), or a LUN has grown (R4.15).

One host changes the volume group; every connected host must then see the same capacity.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sbsim.errors import SbsimError
from sbsim.management.agent import PoolAgent
from sbsim.management.asking import ask, listed
from sbsim.management.entities import (
    ClusterRef,
    Host,
    HostRef,
    PrimaryStorage,
    SharedBlock,
    Status,
    StorageKind,
)
from sbsim.management.errors import OPERATION_FAILED, ManagementError, Refused, words_of
from sbsim.management.finding import find_in
from sbsim.management.known_disks import disks_by_host
from sbsim.management.management import Management
from sbsim.management.operation import Operation, Progress
from sbsim.management.primary_storage import check_disk_ids, check_free
from sbsim.management.recovery import ADD_DISK, REFRESH, recover, settle_add_disk
from sbsim.management.store import Transaction

T = TypeVar("T")
REFRESH_IT = "refresh it: sbsim ps refresh"


@dataclass(frozen=True)
class _Growing:
    """A storage and the hosts that are connected to it, the first in the description first."""

    storage: PrimaryStorage
    hosts: tuple[Host, ...]


def add_disk(management: Management, storage: str, disk: str, wipe: bool = False) -> None:
    """Add a LUN, by its id, to a storage that is attached; instances on it run on (R4.14).

    Raises Refused for a bad id, a LUN of another storage, or a storage without connected hosts;
    ManagementError if a host does not find the LUN, or LVM refuses it. A LUN that has come into
    the volume group all the same is kept on record: a later refresh tells its room.
    """
    check_disk_ids((disk,))
    operation, growing = _claim(management, storage, ADD_DISK, disk)
    vg = growing.storage.uuid
    with management.journal.answering_for(operation):
        try:
            management.progress(f"looking for {disk} on {len(growing.hosts)} hosts")
            _on_every_host(management, growing, lambda agent: agent.check_disks((disk,)))
            _see_too(management, growing, disk)
        except SbsimError as error:
            raise _failed(management, operation, f"{disk} was not added", error) from error
        management.journal.step(operation, "disk found")
        first = growing.hosts[0]
        management.progress(f"adding it on {first.name}")
        try:
            management.agent(first).add_disk(vg, disk, wipe)
        except SbsimError as error:
            text = settle_add_disk(management, operation, f"{disk}: {words_of(error)}")
            raise ManagementError(OPERATION_FAILED, text) from error
        with management.store.transaction() as rows:
            block = SharedBlock(management.ids(), vg, disk, management.now())
            rows.add(block)
            rows.change(operation, step="disk added")
        _agree(management, operation, growing)


def refresh(management: Management, storage: str) -> None:
    """See the LUNs' sizes as the array tells them now, and grow the pool with them (R4.15).

    Raises Refused for a storage without connected hosts; ManagementError if a LUN has shrunk (then
    nothing is touched), or if hosts do not come to see the same.
    """
    operation, growing = _claim(management, storage, REFRESH)
    vg = growing.storage.uuid
    with management.journal.answering_for(operation):
        try:
            management.progress(f"rescanning on {len(growing.hosts)} hosts")
            _on_every_host(management, growing, lambda agent: agent.rescan(vg))
            management.journal.step(operation, "rescanned")
            first = growing.hosts[0]
            management.progress(f"growing the pool on {first.name}")
            management.agent(first).grow(vg)
        except SbsimError as error:
            raise _failed(management, operation, "the capacity was not refreshed", error) from error
        _agree(management, operation, growing)


def _claim(
    management: Management, storage: str, kind: str, disk: str | None = None
) -> tuple[Operation, _Growing]:
    recover(management)
    with management.store.transaction() as rows:
        pool = find_in(rows, PrimaryStorage, storage)
        if pool.kind is not StorageKind.SHARED_BLOCK:
            raise Refused(OPERATION_FAILED, f"{pool.name} is a local storage: it has no LUNs")
        if disk is not None:
            check_free(rows, (disk,))
        hosts = _connected_hosts(rows, pool)
        arguments = {} if disk is None else {"disk": disk}
        uuids = [host.uuid for host in hosts]
        operation = management.journal.claim(rows, kind, pool.uuid, hosts=uuids, **arguments)
        return operation, _Growing(pool, hosts)


def _connected_hosts(rows: Transaction, storage: PrimaryStorage) -> tuple[Host, ...]:
    if not rows.all(ClusterRef, primary_storage_uuid=storage.uuid):
        raise Refused(
            OPERATION_FAILED,
            f"can not find any cluster attached to {storage.name}; attach it to one first: "
            f"sbsim ps attach",
        )
    refs = rows.all(HostRef, primary_storage_uuid=storage.uuid, status=Status.CONNECTED)
    hosts = rows.all(Host, uuid=[ref.host_uuid for ref in refs])
    if not hosts:
        raise Refused(
            OPERATION_FAILED,
            f"cannot find any connected host of {storage.name}; reconnect it first: "
            f"sbsim ps reconnect",
        )
    return tuple(hosts)


def _agree(management: Management, operation: Operation, growing: _Growing) -> None:
    """Have every host tell the capacity; keep it if it is one, else raise ManagementError."""
    try:
        vg = growing.storage.uuid
        told = _on_every_host(management, growing, lambda agent: agent.capacity(vg))
    except SbsimError as error:
        what = "hosts do not see the pool's room"
        raise _failed(management, operation, what, error, REFRESH_IT) from error
    # Volumes come and go meanwhile: it is the size that must be one.
    if len({one.total for one in told.values()}) > 1:
        seen = "; ".join(f"{name}: {one.total}" for name, one in told.items())
        differ = ManagementError(OPERATION_FAILED, f"the hosts see different sizes ({seen})")
        raise _failed(management, operation, "the capacity is not kept", differ, REFRESH_IT)
    room = next(iter(told.values()))
    with management.store.transaction() as rows:
        rows.change(growing.storage, total=room.total, available=room.available)
        management.journal.end(rows, operation, Progress.DONE)


def _see_too(management: Management, growing: _Growing, disk: str) -> None:
    """Have LVM on every host see this disk beside those of its storages.

    It stays so where the disk is not added: to hide one that came in all the same would be worse,
    and the next connect names the storages' disks alone.
    """
    with management.store.transaction() as rows:
        known = disks_by_host(rows, growing.hosts)
    _, errors = ask(
        growing.hosts,
        lambda host: management.agent(host).see_only((*known[host.uuid], disk)),
    )
    if errors:
        raise ManagementError(OPERATION_FAILED, listed(errors))


def _on_every_host(
    management: Management, growing: _Growing, question: Callable[[PoolAgent], T]
) -> dict[str, T]:
    answers, errors = ask(growing.hosts, lambda host: question(management.agent(host)))
    if errors:
        raise ManagementError(OPERATION_FAILED, listed(errors))
    return answers


def _failed(
    management: Management,
    operation: Operation,
    what: str,
    error: SbsimError,
    remedy: str = "try again",
) -> ManagementError:
    """End the operation as failed; the error to raise."""
    text = f"{what}: {words_of(error)}; mend what is said, then {remedy}"
    with management.store.transaction() as rows:
        management.journal.end(rows, operation, Progress.FAILED, text)
    return ManagementError(OPERATION_FAILED, text)
