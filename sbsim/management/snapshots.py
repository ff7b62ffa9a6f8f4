"""Snapshots: taken, reverted to, deleted (R5.2).

Taking one leaves what was written where it is, and goes on in a new logical volume upon it. To
revert is to go on from the snapshot in a new one too; what was written since is removed. Deleting
one puts what goes on from it upon its parent, copying what would be lost.
"""

from __future__ import annotations

import json
from typing import cast

from sbsim.management import using
from sbsim.management.agent import VolumeAgent
from sbsim.management.allocation import must_have_room
from sbsim.management.chains import Chain, Layer, chain_at, chain_of
from sbsim.management.entities import (
    Host,
    PrimaryStorage,
    Snapshot,
    VmInstance,
    Volume,
    VolumeRef,
    VolumeStatus,
)
from sbsim.management.errors import OPERATION_FAILED, Refused
from sbsim.management.failing import left_for_the_next, undone_by
from sbsim.management.finding import find_in
from sbsim.management.management import Management
from sbsim.management.operation import Operation, Progress
from sbsim.management.recovery import ends, recover
from sbsim.management.rules import Act, require
from sbsim.management.store import Transaction
from sbsim.management.volumes import note_room, room_of, running_user
from sbsim.management.words import check_name
from sbsim.sharedblock.sizes import space
from sbsim.sharedblock.volumes import NewVolume, Use, path_of

TAKE_SNAPSHOT = "take snapshot"
REVERT = "revert"
DELETE_SNAPSHOT = "delete snapshot"


def take(management: Management, volume: str, name: str) -> Snapshot:
    """Keep what a volume holds now, also while its instance writes; return the snapshot.

    Raises Refused for a shared volume, or a storage whose state is against it; ManagementError
    where a host fails: there is no snapshot then, and the volume is as it was.
    """
    check_name("snapshot", name)
    recover(management)
    with management.store.transaction() as rows:
        one = find_in(rows, Volume, volume)
        _must_be_plain(one)
        storage = find_in(rows, PrimaryStorage, cast(str, one.primary_storage_uuid))
        hosts = require(rows, storage, Act.TAKE_SNAPSHOT)
        must_have_room(storage, space(one.size, room_of(management, one)))
        user = running_user(rows, one)
        host = find_in(rows, Host, cast(str, user.host_uuid)) if user else hosts[0]
        operation = management.journal.claim(
            rows, TAKE_SNAPSHOT, one.uuid, needs=_needs(storage, user), host=host.uuid,
            name=name, lv=management.ids(), snapshot=management.ids(),
        )  # fmt: skip
        chain = chain_of(rows, one)
    arguments = json.loads(operation.arguments)
    with management.journal.answering_for(operation):
        what = f"no snapshot of {one.name} was taken"
        with undone_by(settle_take, management, operation, what):
            management.progress(f"taking {name} of {one.name} on {host.name}")
            actual = _make_upon(management, host, chain, arguments["lv"], one, one.size)
            if user is not None:
                number = _number(management, one, user)
                path = path_of(storage.uuid, arguments["lv"])
                management.volumes(host).use(storage.uuid, (arguments["lv"],), chain.use)
                management.instances(host).go_on_in(user.uuid, chain.drive(number), path)
                _only_read(management, host, chain)
        snapshot = _record_take(management, operation, one, actual)
    note_room(management, host, storage.uuid)
    return snapshot


def _record_take(
    management: Management, operation: Operation, volume: Volume, actual: int
) -> Snapshot:
    arguments = json.loads(operation.arguments)
    with management.store.transaction() as rows:
        snapshot = rows.add(
            Snapshot(
                uuid=arguments["snapshot"],
                name=arguments["name"],
                volume_uuid=volume.uuid,
                parent_uuid=volume.base,
                primary_storage_uuid=cast(str, volume.primary_storage_uuid),
                lv=volume.lv,
                format=volume.format,
                size=volume.size,
                actual=volume.actual,
                created=management.now(),
            )
        )
        rows.change(volume, base=snapshot.uuid, lv=arguments["lv"], format="qcow2", actual=actual)
        management.journal.end(rows, operation, Progress.DONE)
    return snapshot


@ends(TAKE_SNAPSHOT)
def settle_take(management: Management, operation: Operation, why: str) -> None:
    """Keep a snapshot if the instance goes on in its new volume; else remove that one."""
    arguments = json.loads(operation.arguments)
    vg, lv = arguments["needs"][0], arguments["lv"]
    with management.store.transaction() as rows:
        volume = find_in(rows, Volume, operation.subject)
        host = find_in(rows, Host, arguments["host"])
        user = running_user(rows, volume)
        chain = chain_of(rows, volume)
    if user is not None:
        drives = management.instances(host).drives(user.uuid)
        if path_of(vg, lv) in drives.values():
            _only_read(management, host, chain)
            taken = space(volume.size, room_of(management, volume))
            _record_take(management, operation, volume, taken)
            return
    management.volumes(host).delete(vg, lv)
    with management.store.transaction() as rows:
        management.journal.end(rows, operation, Progress.UNDONE, why)


def revert(management: Management, name: str) -> Volume:
    """Have a snapshot's volume hold again what it held then; return the volume.

    The snapshot stays. Raises Refused while an instance runs with the volume; ManagementError
    where a host fails: the volume is as it was.
    """
    recover(management)
    with management.store.transaction() as rows:
        snapshot = find_in(rows, Snapshot, name)
        volume = find_in(rows, Volume, snapshot.volume_uuid)
        storage = find_in(rows, PrimaryStorage, snapshot.primary_storage_uuid)
        host = require(rows, storage, Act.REVERT)[0]
        _must_be_at_rest(rows, volume, "revert")
        must_have_room(storage, space(snapshot.size, room_of(management, volume)))
        operation = management.journal.claim(
            rows, REVERT, volume.uuid, needs=[storage.uuid], host=host.uuid,
            lv=management.ids(), old=volume.lv,
        )  # fmt: skip
        chain = chain_at(rows, volume, snapshot.uuid)
    lv = json.loads(operation.arguments)["lv"]
    with management.journal.answering_for(operation):
        what = f"{volume.name} was not reverted"
        with undone_by(finish_revert, management, operation, what):
            management.progress(f"reverting {volume.name} to {snapshot.name} on {host.name}")
            actual = _make_upon(management, host, chain, lv, volume, snapshot.size)
        with management.store.transaction() as rows:
            volume = rows.change(
                volume, lv=lv, base=snapshot.uuid, format="qcow2", size=snapshot.size,
                actual=actual,
            )  # fmt: skip
            operation = rows.change(operation, step="reverted")
        finish_revert(management, operation, "")
    note_room(management, host, storage.uuid)
    return volume


@ends(REVERT)
def finish_revert(management: Management, operation: Operation, why: str) -> None:
    """Remove what a volume no longer goes on in: what was written since, or what was begun."""
    arguments = json.loads(operation.arguments)
    with management.store.transaction() as rows:
        volume = find_in(rows, Volume, operation.subject)
        host = find_in(rows, Host, arguments["host"])
    done = volume.lv == arguments["lv"]
    unused = arguments["old"] if done else arguments["lv"]
    management.volumes(host).delete(arguments["needs"][0], unused)
    with management.store.transaction() as rows:
        management.journal.end(rows, operation, Progress.DONE if done else Progress.UNDONE, why)


def delete(management: Management, name: str) -> None:
    """Delete a snapshot; what goes on from it keeps all it holds.

    Raises Refused while an instance runs with the volume; ManagementError where a host fails:
    deleting again goes on.
    """
    recover(management)
    with management.store.transaction() as rows:
        snapshot = find_in(rows, Snapshot, name)
        volume = find_in(rows, Volume, snapshot.volume_uuid)
        storage = find_in(rows, PrimaryStorage, snapshot.primary_storage_uuid)
        host = require(rows, storage, Act.DELETE_SNAPSHOT)[0]
        _must_be_at_rest(rows, volume, "delete a snapshot of")
        operation = management.journal.claim(
            rows, DELETE_SNAPSHOT, volume.uuid, needs=[storage.uuid], host=host.uuid,
            snapshot=snapshot.uuid,
        )  # fmt: skip
    with (
        management.journal.answering_for(operation),
        left_for_the_next(management, operation, f"{snapshot.name} is not deleted"),
    ):
        finish_delete(management, operation, "")
    note_room(management, host, storage.uuid)


@ends(DELETE_SNAPSHOT)
def finish_delete(management: Management, operation: Operation, why: str) -> None:
    """Put each child upon the snapshot's parent, one after the other, then remove it."""
    arguments = json.loads(operation.arguments)
    vg = arguments["needs"][0]
    with management.store.transaction() as rows:
        snapshot = rows.one(Snapshot, uuid=arguments["snapshot"])
        host = find_in(rows, Host, arguments["host"])
        if snapshot is None:
            management.journal.end(rows, operation, Progress.DONE, why)
            return
        volume = find_in(rows, Volume, snapshot.volume_uuid)
        children = rows.all(Snapshot, parent_uuid=snapshot.uuid)
        chain = chain_at(rows, volume, snapshot.uuid)
    onto = chain.layers[1] if len(chain.layers) > 1 else None
    agent = management.volumes(host)
    is_base = volume.base == snapshot.uuid
    try:
        if children or is_base:  # none are left where only the removal was interrupted
            using.take(management, host, (chain,))
        for child in children:
            actual = _put(agent, vg, child.lv, onto)
            with management.store.transaction() as rows:
                rows.change(child, parent_uuid=snapshot.parent_uuid, actual=actual)
        if is_base:
            actual = _put(agent, vg, volume.lv, onto)
            with management.store.transaction() as rows:
                rows.change(volume, base=snapshot.parent_uuid, actual=actual)
    finally:
        using.let_go(management, host, (chain,), instance="")
    agent.delete(vg, snapshot.lv)
    with management.store.transaction() as rows:
        rows.remove(snapshot)
        management.journal.end(rows, operation, Progress.DONE, why)


def _make_upon(
    management: Management, host: Host, chain: Chain, lv: str, volume: Volume, size: int
) -> int:
    """Make an empty layer of a volume upon a chain's top; return its size in the pool."""
    behind, room = chain.layers[0], room_of(management, volume)
    new = NewVolume(lv, size, "qcow2", path_of(chain.vg, behind.lv), behind.format, room=room)
    return management.volumes(host).make(chain.vg, new)


def _only_read(management: Management, host: Host, chain: Chain) -> None:
    """What was written until now is shared from now on, as everything that is only read."""
    management.volumes(host).use(chain.vg, (chain.top,), Use.SHARED)


def _put(agent: VolumeAgent, vg: str, lv: str, onto: Layer | None) -> int:
    return agent.rebase(vg, lv, onto.lv if onto else None, onto.format if onto else None)


def _must_be_plain(volume: Volume) -> None:
    if volume.shareable:
        raise Refused(
            OPERATION_FAILED,
            f"{volume.name} is a shared volume: it is raw, and what goes on upon it would not be",
        )
    if volume.status is not VolumeStatus.READY:
        raise Refused(OPERATION_FAILED, f"{volume.name} is {volume.status}; attach it first")


def _must_be_at_rest(rows: Transaction, volume: Volume, what: str) -> None:
    user = running_user(rows, volume)
    if user is not None:
        raise Refused(
            OPERATION_FAILED,
            f"cannot {what} {volume.name}: {user.name} runs with it; stop it first: "
            f"sbsim vm stop {user.name}",
        )


def _needs(storage: PrimaryStorage, user: VmInstance | None) -> list[str]:
    return [storage.uuid, *([user.uuid] if user is not None else [])]


def _number(management: Management, volume: Volume, user: VmInstance) -> int:
    with management.store.transaction() as rows:
        ref = rows.one(VolumeRef, volume_uuid=volume.uuid, vm_instance_uuid=user.uuid)
    assert ref is not None
    return ref.number
