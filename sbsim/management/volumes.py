"""Volumes: made, made larger, deleted (R4.5).

A volume of a storage takes its space at once. One without a storage is a record only, until it is
attached to an instance and comes to lie where that one's root volume is.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from sbsim.management.allocation import must_have_room, storage_for
from sbsim.management.chains import chain_of
from sbsim.management.entities import (
    Host,
    PrimaryStorage,
    Snapshot,
    VmInstance,
    Volume,
    VolumeKind,
    VolumeRef,
    VolumeStatus,
)
from sbsim.management.errors import (
    BAD_ARGUMENT,
    DELETE_REFUSED,
    OPERATION_FAILED,
    Refused,
)
from sbsim.management.failing import left_for_the_next, undone_by
from sbsim.management.finding import find_in
from sbsim.management.management import Management
from sbsim.management.operation import Operation, Progress
from sbsim.management.recovery import ends, recover
from sbsim.management.rules import Act, require
from sbsim.management.store import Transaction
from sbsim.management.using import taken
from sbsim.management.words import check_name, check_size
from sbsim.sharedblock.qemu_img import Format
from sbsim.sharedblock.sizes import space
from sbsim.sharedblock.volumes import NewVolume

CREATE_VOLUME = "create volume"
DELETE_VOLUME = "delete volume"
RESIZE_VOLUME = "resize volume"
EXTEND_VOLUME = "extend volume"


@dataclass(frozen=True)
class NewDataVolume:
    """A data volume to be made: `size` in bytes; its storage by name or uuid, if it has one.

    A `thin` one takes its space as it is written; not every version of the product has them.
    """

    name: str
    size: int
    storage: str | None = None
    shareable: bool = False
    thin: bool = False


def create(management: Management, new: NewDataVolume) -> Volume:
    """Make a data volume; with a storage its space exists when this returns.

    Raises Refused for a bad argument, a storage whose state is against it, or one without room;
    ManagementError where a host fails: nothing is left of it then.
    """
    check_name("volume", new.name)
    check_size("the size", new.size)
    _may_be_thin(management, new)
    recover(management)
    with management.store.transaction() as rows:
        volume = Volume(
            management.ids(), new.name, VolumeKind.DATA, new.size, new.shareable, management.now(),
            thin=new.thin,
        )  # fmt: skip
        if new.storage is None:
            return rows.add(volume)
        storage = storage_for(rows, new.storage, Act.NEW_VOLUME)
        volume = rows.add(volume)
        operation, host, volume = claim_space(management, rows, volume, storage)
    with management.journal.answering_for(operation):
        return fill_space(management, operation, host, volume)


def _may_be_thin(management: Management, new: NewDataVolume) -> None:
    if new.thin and new.shareable:
        raise Refused(
            BAD_ARGUMENT, f"{new.name} cannot be both shared and thin: shared volumes are raw"
        )
    if new.thin and management.thin is None:
        raise Refused(
            BAD_ARGUMENT,
            f"{new.name} cannot be thin: this version of the product has no thin volumes, they "
            f"came with 3.1 (--profile zstack-5)",
        )


def room_of(management: Management, volume: Volume) -> int | None:
    """The bytes for which a volume has room to begin with, if it is thin."""
    return management.thin.begin if volume.thin and management.thin is not None else None


def claim_space(
    management: Management, rows: Transaction, volume: Volume, storage: PrimaryStorage
) -> tuple[Operation, Host, Volume]:
    """Begin to make a recorded volume's space on a storage, by way of one of its hosts."""
    must_have_room(storage, space(volume.size, room_of(management, volume)))
    host = require(rows, storage, Act.NEW_VOLUME)[0]
    volume = rows.change(
        volume,
        primary_storage_uuid=storage.uuid,
        lv=volume.uuid,
        format="raw" if volume.shareable else management.volume_format,
        status=VolumeStatus.CREATING,
    )
    operation = management.journal.claim(
        rows, CREATE_VOLUME, volume.uuid, needs=[storage.uuid], host=host.uuid
    )
    return operation, host, volume


def fill_space(management: Management, operation: Operation, host: Host, volume: Volume) -> Volume:
    """Make a volume's space; return it as it is then. What fails leaves nothing."""
    vg = cast(str, volume.primary_storage_uuid)
    room = room_of(management, volume)
    new = NewVolume(volume.lv, volume.size, cast(Format, volume.format), room=room)
    with undone_by(undo_create, management, operation, f"the volume {volume.name} was not made"):
        management.progress(f"making {volume.name} on {host.name}")
        actual = management.volumes(host).make(vg, new)
    with management.store.transaction() as rows:
        volume = rows.change(volume, status=VolumeStatus.READY, actual=actual)
        management.journal.end(rows, operation, Progress.DONE)
    note_room(management, host, vg)
    return volume


@ends(CREATE_VOLUME)
def undo_create(management: Management, operation: Operation, why: str) -> None:
    """Remove what there is of a volume; one that is attached is kept, as a record only."""
    arguments = json.loads(operation.arguments)
    with management.store.transaction() as rows:
        volume = rows.one(Volume, uuid=operation.subject)
        host = rows.one(Host, uuid=arguments["host"])
    if host is not None and volume is not None:
        management.volumes(host).delete(arguments["needs"][0], volume.lv)
    with management.store.transaction() as rows:
        if volume is not None:
            rows.remove(volume)
        management.journal.end(rows, operation, Progress.UNDONE, why)


def delete(management: Management, name: str) -> None:
    """Delete a data volume, its snapshots and its space.

    Raises Refused (SYS.1004) for a root volume or one that is attached; ManagementError where a
    host fails: deleting again goes on.
    """
    recover(management)
    with management.store.transaction() as rows:
        volume = find_in(rows, Volume, name)
        _must_be_free(rows, volume)
        if volume.primary_storage_uuid is None:
            management.journal.must_be_idle(rows, volume.uuid)
            rows.remove(volume)
            return
        storage = find_in(rows, PrimaryStorage, volume.primary_storage_uuid)
        host = require(rows, storage, Act.DELETE_VOLUME)[0]
        rows.change(volume, status=VolumeStatus.DELETING)
        operation = management.journal.claim(
            rows, DELETE_VOLUME, volume.uuid, needs=[storage.uuid], host=host.uuid
        )
    with management.journal.answering_for(operation):
        finish_delete(management, operation, "")


@ends(DELETE_VOLUME)
def finish_delete(management: Management, operation: Operation, why: str) -> None:
    """Remove a volume's space, newest layer first, then forget it."""
    arguments = json.loads(operation.arguments)
    vg = arguments["needs"][0]
    with management.store.transaction() as rows:
        volume = rows.one(Volume, uuid=operation.subject)
        host = rows.one(Host, uuid=arguments["host"])
        layers = layers_of(rows, operation.subject)
    with left_for_the_next(management, operation, "the volume is not deleted"):
        if host is not None:
            for lv in layers:
                management.volumes(host).delete(vg, lv)
    with management.store.transaction() as rows:
        if volume is not None:
            forget_volume(rows, volume)
        management.journal.end(rows, operation, Progress.DONE, why)
    if host is not None:
        note_room(management, host, vg)


def layers_of(rows: Transaction, volume: str) -> list[str]:
    """The logical volumes of a volume and of all its snapshots, the newest first."""
    found = rows.one(Volume, uuid=volume)
    snapshots = reversed(rows.all(Snapshot, volume_uuid=volume))
    return [*([found.lv] if found and found.lv else []), *(one.lv for one in snapshots)]


def forget_volume(rows: Transaction, volume: Volume) -> None:
    """Remove a volume's record and those of its snapshots, children before their parents."""
    for snapshot in reversed(rows.all(Snapshot, volume_uuid=volume.uuid)):
        rows.remove(snapshot)
    rows.remove(volume)


def resize(management: Management, name: str, size: int) -> Volume:
    """Make a volume larger, also while its instance runs; return it as it is then.

    Raises Refused for a size that is no growth, a shared volume, or a storage that is against it;
    ManagementError where a host fails: the same call goes on then.
    """
    check_size("the size", size)
    recover(management)
    with management.store.transaction() as rows:
        volume = find_in(rows, Volume, name)
        _may_grow(volume, size)
        storage = find_in(rows, PrimaryStorage, cast(str, volume.primary_storage_uuid))
        hosts = require(rows, storage, Act.RESIZE_VOLUME)
        must_have_room(storage, space(size, room_of(management, volume)) - volume.actual)
        host, needs = _where_it_is_used(rows, volume, storage, hosts)
        operation = management.journal.claim(
            rows, RESIZE_VOLUME, volume.uuid, needs=needs, host=host.uuid, size=size
        )
    with management.journal.answering_for(operation):
        return finish_resize(management, operation, "")


def _where_it_is_used(
    rows: Transaction, volume: Volume, storage: PrimaryStorage, hosts: Sequence[Host]
) -> tuple[Host, list[str]]:
    """The host that has a volume open, else the first; what an operation there needs."""
    user = running_user(rows, volume)
    if user is None:
        return hosts[0], [storage.uuid]
    return find_in(rows, Host, cast(str, user.host_uuid)), [storage.uuid, user.uuid]


def _may_grow(volume: Volume, size: int) -> None:
    if volume.shareable:
        raise Refused(
            OPERATION_FAILED, f"{volume.name} is a shared volume; those cannot be resized"
        )
    if size <= volume.size:
        raise Refused(
            BAD_ARGUMENT,
            f"{volume.name} has {volume.size} bytes, {size} would be no growth; volumes are never "
            f"made smaller",
        )
    if volume.status is not VolumeStatus.READY:
        raise Refused(OPERATION_FAILED, f"{volume.name} is {volume.status}; attach it first")


@ends(RESIZE_VOLUME)
def finish_resize(management: Management, operation: Operation, why: str) -> Volume:
    """Give a volume the size that was asked for; it may have it already."""
    arguments = json.loads(operation.arguments)
    size: int = arguments["size"]
    with management.store.transaction() as rows:
        volume = find_in(rows, Volume, operation.subject)
        host = find_in(rows, Host, arguments["host"])
        user = running_user(rows, volume)
        chain = chain_of(rows, volume)
        ref = rows.one(VolumeRef, volume_uuid=volume.uuid) if user else None
    with left_for_the_next(management, operation, f"{volume.name} was not made larger"):
        agent, format = management.volumes(host), chain.layers[0].format
        room = room_of(management, volume)
        if user is not None and ref is not None:
            actual = agent.grow(chain.vg, chain.top, size, format, live=True, room=room)
            management.instances(host).resize(user.uuid, chain.drive(ref.number), size)
        else:
            with taken(management, host, (chain,)):
                actual = agent.grow(chain.vg, chain.top, size, format, live=False, room=room)
    with management.store.transaction() as rows:
        volume = rows.change(volume, size=size, actual=actual)
        management.journal.end(rows, operation, Progress.DONE, why)
    note_room(management, host, chain.vg)
    return volume


def extend(management: Management, name: str) -> Volume:
    """Give a thin volume that is full one step more of its storage; return it as it is then.

    An instance that waits for it, paused, goes on. Raises Refused for a volume that is not thin or
    takes as much as it may, or a storage that is against it; ManagementError where a host fails:
    the same call goes on then.
    """
    recover(management)
    with management.store.transaction() as rows:
        volume = find_in(rows, Volume, name)
        size = _one_step_more(management, volume)
        storage = find_in(rows, PrimaryStorage, cast(str, volume.primary_storage_uuid))
        hosts = require(rows, storage, Act.RESIZE_VOLUME)
        must_have_room(storage, size - volume.actual)
        host, needs = _where_it_is_used(rows, volume, storage, hosts)
        operation = management.journal.claim(
            rows, EXTEND_VOLUME, volume.uuid, needs=needs, host=host.uuid, size=size
        )
    with management.journal.answering_for(operation):
        return finish_extend(management, operation, "")


def _one_step_more(management: Management, volume: Volume) -> int:
    rules = management.thin
    if not volume.thin or rules is None:
        raise Refused(OPERATION_FAILED, f"{volume.name} is not thin; it has all of its space")
    if volume.status is not VolumeStatus.READY:
        raise Refused(OPERATION_FAILED, f"{volume.name} is {volume.status}; attach it first")
    if volume.actual >= rules.factor * volume.size:
        raise Refused(
            OPERATION_FAILED,
            f"{volume.name} takes {volume.actual} bytes for {volume.size}: {rules.factor} times "
            f"what its instance sees is the most; make it larger: sbsim volume resize",
        )
    return volume.actual + rules.step


@ends(EXTEND_VOLUME)
def finish_extend(management: Management, operation: Operation, why: str) -> Volume:
    """Give a thin volume the space that was claimed for it; it may have it already."""
    arguments = json.loads(operation.arguments)
    with management.store.transaction() as rows:
        volume = find_in(rows, Volume, operation.subject)
        host = find_in(rows, Host, arguments["host"])
        user = running_user(rows, volume)
        vg = cast(str, volume.primary_storage_uuid)
    with left_for_the_next(management, operation, f"{volume.name} got no more space"):
        actual = management.volumes(host).extend(vg, volume.lv, arguments["size"])
        if user is not None:
            management.instances(host).go_on(user.uuid)
    with management.store.transaction() as rows:
        volume = rows.change(volume, actual=actual)
        management.journal.end(rows, operation, Progress.DONE, why)
    note_room(management, host, vg)
    return volume


def running_user(rows: Transaction, volume: Volume) -> VmInstance | None:
    """The instance that has a volume open on some host; for a shared one the first of them."""
    refs = rows.all(VolumeRef, volume_uuid=volume.uuid)
    users = rows.all(VmInstance, uuid=[ref.vm_instance_uuid for ref in refs])
    return next((one for one in users if one.host_uuid is not None), None)


def note_room(management: Management, host: Host, storage: str) -> None:
    """Keep on record how much room a storage has, as one of its hosts tells it."""
    room = management.volumes(host).capacity(storage)
    with management.store.transaction() as rows:
        known = rows.one(PrimaryStorage, uuid=storage)
        if known is not None:
            rows.change(known, total=room.total, available=room.available)


def _must_be_free(rows: Transaction, volume: Volume) -> None:
    refs = rows.all(VolumeRef, volume_uuid=volume.uuid)
    if volume.kind is VolumeKind.ROOT:
        raise Refused(
            DELETE_REFUSED,
            f"{volume.name} is a root volume; it goes with its instance: sbsim vm destroy",
        )
    if refs:
        users = rows.all(VmInstance, uuid=[ref.vm_instance_uuid for ref in refs])
        names = ", ".join(one.name for one in users)
        raise Refused(
            DELETE_REFUSED,
            f"{volume.name} is attached to {names}; "
            f"detach it first: sbsim volume detach {volume.name}",
        )
