"""A data volume is attached to an instance, and detached; a shared one to several (R4.6)."""

from __future__ import annotations

import json
from itertools import count
from typing import cast

from sbsim.management.chains import chain_of
from sbsim.management.entities import (
    Host,
    InstanceState,
    PrimaryStorage,
    VmInstance,
    Volume,
    VolumeKind,
    VolumeRef,
    VolumeStatus,
)
from sbsim.management.errors import OPERATION_FAILED, Refused
from sbsim.management.failing import left_for_the_next, undone_by
from sbsim.management.finding import find_in
from sbsim.management.instances import storages_of
from sbsim.management.management import Management
from sbsim.management.operation import Operation, Progress
from sbsim.management.recovery import ends, recover
from sbsim.management.rules import Act, require
from sbsim.management.store import Transaction
from sbsim.management.using import let_go, take
from sbsim.management.volumes import claim_space, fill_space

ATTACH_VOLUME = "attach volume"
DETACH_VOLUME = "detach volume"

_STEADY = (
    InstanceState.CREATED,
    InstanceState.STOPPED,
    InstanceState.RUNNING,
    InstanceState.PAUSED,
)


def attach(management: Management, volume: str, instance: str) -> VolumeRef:
    """Attach a data volume to an instance, also while that runs; return its place.

    A volume without space gets it where the instance's root volume is. Raises Refused where it
    cannot be; ManagementError where a host fails: it is not attached then.
    """
    recover(management)
    _instantiate(management, volume, instance)
    with management.store.transaction() as rows:
        one, to = find_in(rows, Volume, volume), find_in(rows, VmInstance, instance)
        _may_attach(rows, one, to)
        storage = find_in(rows, PrimaryStorage, cast(str, one.primary_storage_uuid))
        hosts = require(rows, storage, Act.ATTACH_VOLUME)
        if to.host_uuid and to.host_uuid not in [host.uuid for host in hosts]:
            raise Refused(
                OPERATION_FAILED,
                f"{to.name} runs on a host that is not connected to {storage.name}; reconnect it: "
                f"sbsim ps reconnect {storage.name}",
            )
        ref = rows.add(VolumeRef(one.uuid, to.uuid, _free_number(rows, to)))
        operation = management.journal.claim(
            rows, ATTACH_VOLUME, to.uuid, volume=one.uuid, number=ref.number,
            needs=[storage.uuid, one.uuid],
        )  # fmt: skip
        host = rows.one(Host, uuid=to.host_uuid) if to.host_uuid else None
        chain = chain_of(rows, one)
    with management.journal.answering_for(operation):
        what = f"{one.name} was not attached to {to.name}"
        with undone_by(undo_attach, management, operation, what):
            if host is not None:
                management.progress(f"attaching {one.name} to {to.name} on {host.name}")
                take(management, host, (chain,))
                management.instances(host).attach(to.uuid, chain.drive(ref.number))
        with management.store.transaction() as rows:
            management.journal.end(rows, operation, Progress.DONE)
    return ref


def _instantiate(management: Management, volume: str, instance: str) -> None:
    """Give a volume that is a record only its space."""
    with management.store.transaction() as rows:
        one, to = find_in(rows, Volume, volume), find_in(rows, VmInstance, instance)
        if one.status is not VolumeStatus.NOT_INSTANTIATED:
            return
        _may_attach(rows, one, to)
        storage = storages_of(rows, to)[0]
        require(rows, storage, Act.ATTACH_VOLUME)
        operation, host, one = claim_space(management, rows, one, storage)
    with management.journal.answering_for(operation):
        fill_space(management, operation, host, one)


def detach(management: Management, volume: str, instance: str | None = None) -> None:
    """Detach a data volume from an instance, the only one if none is named.

    Raises Refused where it is not attached, or is a root volume; ManagementError where a host
    fails: detaching again goes on.
    """
    recover(management)
    with management.store.transaction() as rows:
        one = find_in(rows, Volume, volume)
        ref = _ref_of(rows, one, instance)
        of = find_in(rows, VmInstance, ref.vm_instance_uuid)
        _must_be_steady(of)
        storage = find_in(rows, PrimaryStorage, cast(str, one.primary_storage_uuid))
        require(rows, storage, Act.DETACH_VOLUME)
        operation = management.journal.claim(
            rows, DETACH_VOLUME, of.uuid, volume=one.uuid, number=ref.number,
            needs=[storage.uuid, one.uuid],
        )  # fmt: skip
    with management.journal.answering_for(operation):
        what = f"{one.name} was not detached from {of.name}"
        with left_for_the_next(management, operation, what):
            _take_out(management, operation)
        with management.store.transaction() as rows:
            management.journal.end(rows, operation, Progress.DONE)


@ends(ATTACH_VOLUME)
@ends(DETACH_VOLUME)
def undo_attach(management: Management, operation: Operation, why: str) -> None:
    """Take a volume out of an instance that may or may not have it."""
    _take_out(management, operation)
    with management.store.transaction() as rows:
        management.journal.end(rows, operation, Progress.UNDONE, why)


def _take_out(management: Management, operation: Operation) -> None:
    arguments = json.loads(operation.arguments)
    with management.store.transaction() as rows:
        volume = find_in(rows, Volume, arguments["volume"])
        of = find_in(rows, VmInstance, operation.subject)
        host = rows.one(Host, uuid=of.host_uuid) if of.host_uuid else None
        chain = chain_of(rows, volume)
    if host is not None:
        if of.uuid in management.instances(host).states():
            management.instances(host).detach(of.uuid, chain.drive(arguments["number"]))
        let_go(management, host, (chain,), of.uuid)
    with management.store.transaction() as rows:
        ref = rows.one(VolumeRef, volume_uuid=volume.uuid, vm_instance_uuid=of.uuid)
        if ref is not None:
            rows.remove(ref)


def _may_attach(rows: Transaction, volume: Volume, instance: VmInstance) -> None:
    _must_be_steady(instance)
    if volume.kind is VolumeKind.ROOT:
        raise Refused(OPERATION_FAILED, f"{volume.name} is a root volume; it stays where it is")
    refs = rows.all(VolumeRef, volume_uuid=volume.uuid)
    users = rows.all(VmInstance, uuid=[ref.vm_instance_uuid for ref in refs])
    if instance in users:
        raise Refused(OPERATION_FAILED, f"{volume.name} is attached to {instance.name} already")
    if users and not volume.shareable:
        raise Refused(
            OPERATION_FAILED,
            f"{volume.name} is attached to {users[0].name}, and it is no shared volume; detach it "
            f"first: sbsim volume detach {volume.name}",
        )
    if volume.status not in (VolumeStatus.READY, VolumeStatus.NOT_INSTANTIATED):
        raise Refused(OPERATION_FAILED, f"{volume.name} is {volume.status}")


def _must_be_steady(instance: VmInstance) -> None:
    if instance.state not in _STEADY:
        raise Refused(
            OPERATION_FAILED,
            f"{instance.name} is {instance.state}; expected {' or '.join(_STEADY)}",
        )


def _ref_of(rows: Transaction, volume: Volume, instance: str | None) -> VolumeRef:
    """A volume's attachment to an instance, or its only one."""
    refs = rows.all(VolumeRef, volume_uuid=volume.uuid)
    if instance is not None:
        wanted = find_in(rows, VmInstance, instance)
        refs = [ref for ref in refs if ref.vm_instance_uuid == wanted.uuid]
    if volume.kind is VolumeKind.ROOT:
        raise Refused(OPERATION_FAILED, f"{volume.name} is a root volume; it cannot be detached")
    if not refs:
        to = f" to {instance}" if instance else ""
        raise Refused(OPERATION_FAILED, f"{volume.name} is not attached{to}")
    if len(refs) > 1:
        users = rows.all(VmInstance, uuid=[ref.vm_instance_uuid for ref in refs])
        names = ", ".join(one.name for one in users)
        raise Refused(
            OPERATION_FAILED, f"{volume.name} is attached to {names}; say which: --from NAME"
        )
    return refs[0]


def _free_number(rows: Transaction, instance: VmInstance) -> int:
    taken = {ref.number for ref in rows.all(VolumeRef, vm_instance_uuid=instance.uuid)}
    return next(number for number in count(1) if number not in taken)
