"""VM instances: made from an image, started, stopped, rebooted, destroyed.

An instance runs on one host, which then has all of its volumes. Where a process dies in the middle
of an operation, `settle` asks the hosts how the instance is and brings the record into line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from sbsim.errors import SbsimError
from sbsim.kvm.domain import Domain
from sbsim.kvm.instances import Running
from sbsim.management.allocation import cluster_for, host_for, must_have_room, storage_for
from sbsim.management.asking import ask
from sbsim.management.chains import Chain, chains_of
from sbsim.management.entities import (
    Host,
    Image,
    InstanceOffering,
    InstanceState,
    PrimaryStorage,
    VmInstance,
    Volume,
    VolumeKind,
    VolumeRef,
    VolumeStatus,
)
from sbsim.management.errors import OPERATION_FAILED, ManagementError, Refused, words_of
from sbsim.management.failing import undone_by
from sbsim.management.finding import find_in
from sbsim.management.images import cached
from sbsim.management.management import Management
from sbsim.management.operation import Operation, Progress
from sbsim.management.recovery import ends, recover
from sbsim.management.rules import Act, connected_hosts, require
from sbsim.management.store import Transaction
from sbsim.management.using import let_go, release, take
from sbsim.management.volumes import forget_volume, layers_of, note_room
from sbsim.management.words import check_name
from sbsim.sharedblock.qemu_img import Format
from sbsim.sharedblock.sizes import volume_size
from sbsim.sharedblock.volumes import NewVolume, Use, path_of

CREATE = "create instance"
START = "start"
STOP = "stop"
REBOOT = "reboot"
DESTROY = "destroy"
SYNC = "sync"

SHUT_DOWN_SECONDS = 60.0
_AT_REST = (InstanceState.CREATED, InstanceState.STOPPED)
_UP = (InstanceState.RUNNING, InstanceState.PAUSED, InstanceState.UNKNOWN)


@dataclass(frozen=True)
class NewInstance:
    """An instance to be made: image and offering by name or uuid, and where, if it matters."""

    name: str
    image: str
    offering: str
    storage: str | None = None
    cluster: str | None = None
    host: str | None = None
    never_stop: bool = False
    start: bool = True


# --- making ---------------------------------------------------------------------------------------


def create(management: Management, new: NewInstance) -> VmInstance:
    """Make an instance with a root volume of its own, and start it if it is asked for.

    Raises Refused for what cannot be; ManagementError where a host fails: if the volume could not
    be made nothing is left, if only the start failed the instance is there, stopped.
    """
    check_name("VM instance", new.name)
    recover(management)
    operation, instance, host, storage, image = _claim_create(management, new)
    with management.journal.answering_for(operation):
        what = f"the instance {new.name} was not made"
        with undone_by(undo_create, management, operation, what):
            cached(management, host, storage, image)
            management.journal.step(operation, "image cached")
            _make_root(management, instance, host, image)
        with management.store.transaction() as rows:
            instance = rows.change(instance, state=InstanceState.STOPPED)
            management.journal.end(rows, operation, Progress.DONE)
    note_room(management, host, storage.uuid)
    return start(management, instance.uuid, host.name) if new.start else instance


def _claim_create(
    management: Management, new: NewInstance
) -> tuple[Operation, VmInstance, Host, PrimaryStorage, Image]:
    with management.store.transaction() as rows:
        image = find_in(rows, Image, new.image)
        offering = find_in(rows, InstanceOffering, new.offering)
        storage = storage_for(rows, new.storage, Act.NEW_INSTANCE)
        must_have_room(storage, volume_size(image.virtual) + volume_size(image.size))
        cluster = cluster_for(rows, storage, new.cluster)
        host = host_for(rows, [storage], new.host, Act.NEW_INSTANCE, cluster.uuid)
        now = management.now()
        instance = rows.add(
            VmInstance(
                management.ids(), new.name, cluster.uuid, image.uuid,
                offering.cpus, offering.memory, new.never_stop, now,
            )
        )  # fmt: skip
        copied = management.volume_format == "raw"
        uuid = management.ids()
        volume = rows.add(
            Volume(
                uuid, f"{new.name}-root", VolumeKind.ROOT, image.virtual, False, now,
                primary_storage_uuid=storage.uuid,
                image_uuid=None if copied else image.uuid,
                lv=uuid,
                format=management.volume_format,
                status=VolumeStatus.CREATING,
            )
        )  # fmt: skip
        rows.add(VolumeRef(volume.uuid, instance.uuid, 0))
        operation = management.journal.claim(
            rows, CREATE, instance.uuid, needs=[storage.uuid], host=host.uuid
        )
        return operation, instance, host, storage, image


def _make_root(management: Management, instance: VmInstance, host: Host, image: Image) -> None:
    with management.store.transaction() as rows:
        volume = _root_of(rows, instance)
    vg, agent = cast(str, volume.primary_storage_uuid), management.volumes(host)
    management.progress(f"making the root volume of {instance.name} on {host.name}")
    behind, of_image = path_of(vg, image.uuid), cast(Format, image.format)
    agent.use(vg, (image.uuid,), Use.SHARED)
    try:
        new = NewVolume(volume.lv, volume.size, cast(Format, volume.format), behind, of_image)
        actual = agent.make(vg, new)
    finally:
        release(management, host, vg, (image.uuid,), instance.uuid)
    with management.store.transaction() as rows:
        rows.change(volume, status=VolumeStatus.READY, actual=actual)


@ends(CREATE)
def undo_create(management: Management, operation: Operation, why: str) -> None:
    """Remove what there is of an instance."""
    arguments = json.loads(operation.arguments)
    with management.store.transaction() as rows:
        instance = rows.one(VmInstance, uuid=operation.subject)
        host = rows.one(Host, uuid=arguments["host"])
        root = _root_of(rows, instance) if instance else None
    if host is not None and instance is not None and root is not None:
        vg = arguments["needs"][0]
        management.volumes(host).delete(vg, root.lv)
        release(management, host, vg, (instance.image_uuid,), instance.uuid)
    with management.store.transaction() as rows:
        if instance is not None and root is not None:
            rows.remove(instance)
            rows.remove(root)
        management.journal.end(rows, operation, Progress.UNDONE, why)


# --- starting and stopping ------------------------------------------------------------------------


def start(management: Management, name: str, host: str | None = None) -> VmInstance:
    """Start an instance, on the host of that name or the one with the fewest.

    Raises Refused where it runs, or a storage of its volumes is in Maintenance; ManagementError
    where a host fails: the instance is stopped then, and no host has its volumes.
    """
    recover(management)
    with management.store.transaction() as rows:
        instance = find_in(rows, VmInstance, name)
        _must_be(instance, _AT_REST, "start")
        storages = storages_of(rows, instance)
        chosen = host_for(rows, storages, host, Act.START_INSTANCE, instance.cluster_uuid)
        operation = _claim(management, rows, START, instance, host=chosen.uuid)
        instance = rows.change(instance, state=InstanceState.STARTING, host_uuid=chosen.uuid)
        chains = chains_of(rows, instance)
    with management.journal.answering_for(operation):
        what = f"{instance.name} was not started on {chosen.name}"
        with undone_by(settle, management, operation, what):
            run(management, instance, chosen, chains)
        return _record(management, operation, instance, InstanceState.RUNNING, chosen.uuid)


def run(management: Management, instance: VmInstance, host: Host, chains: dict[int, Chain]) -> None:
    """Have a host take an instance's volumes and run it."""
    management.progress(f"starting {instance.name} on {host.name}")
    take(management, host, chains.values())
    drives = tuple(chain.drive(number) for number, chain in chains.items())
    domain = Domain(instance.uuid, instance.cpus, instance.memory, drives)
    management.instances(host).start(domain)


def stop(
    management: Management, name: str, force: bool = False, stop_ha: bool = False
) -> VmInstance:
    """Stop an instance: by its power button, after a minute (or with `force`) by its power.

    Raises Refused where it does not run, or is NeverStop without `stop_ha`; ManagementError where
    its host fails.
    """
    recover(management)
    with management.store.transaction() as rows:
        instance = find_in(rows, VmInstance, name)
        _must_be(instance, _UP, "stop")
        if instance.never_stop and not stop_ha:
            raise Refused(
                OPERATION_FAILED,
                f"{instance.name} is NeverStop: the platform would start it again; to stop it all "
                f"the same give --stop-ha",
            )
        operation = claim_stop(management, rows, instance)
    return finish_stop(management, operation, force)


def claim_stop(
    management: Management, rows: Transaction, instance: VmInstance, but: str | None = None
) -> Operation:
    """Begin to stop an instance; `but` is a storage whose own operation wants it stopped."""
    needs = [one for one in needs_of(rows, instance) if one != but]
    operation = management.journal.claim(rows, STOP, instance.uuid, needs=needs)
    rows.change(instance, state=InstanceState.STOPPING)
    return operation


def finish_stop(management: Management, operation: Operation, force: bool) -> VmInstance:
    """Stop an instance for which that was begun."""
    with management.store.transaction() as rows:
        instance = find_in(rows, VmInstance, operation.subject)
        host = find_in(rows, Host, cast(str, instance.host_uuid))
        chains = chains_of(rows, instance)
    with management.journal.answering_for(operation):
        what = f"{instance.name} could not be stopped on {host.name}"
        with undone_by(settle, management, operation, what):
            management.progress(f"stopping {instance.name} on {host.name}")
            halt(management, instance, host, force)
            let_go(management, host, chains.values(), instance.uuid)
        return _record(management, operation, instance, InstanceState.STOPPED, None)


def halt(management: Management, instance: VmInstance, host: Host, force: bool) -> None:
    """Have an instance end on its host."""
    agent = management.instances(host)
    if force or not agent.shut_down(instance.uuid, SHUT_DOWN_SECONDS):
        agent.destroy(instance.uuid)


def reboot(management: Management, name: str) -> VmInstance:
    """Stop an instance and start it again where it is; its host keeps the volumes meanwhile."""
    recover(management)
    with management.store.transaction() as rows:
        instance = find_in(rows, VmInstance, name)
        _must_be(instance, _UP, "reboot")
        for storage in storages_of(rows, instance):
            require(rows, storage, Act.START_INSTANCE)
        host = find_in(rows, Host, cast(str, instance.host_uuid))
        operation = _claim(management, rows, REBOOT, instance, host=host.uuid)
        instance = rows.change(instance, state=InstanceState.STARTING)
        chains = chains_of(rows, instance)
    with management.journal.answering_for(operation):
        with undone_by(settle, management, operation, f"{instance.name} was not rebooted"):
            halt(management, instance, host, force=False)
            run(management, instance, host, chains)
        return _record(management, operation, instance, InstanceState.RUNNING, host.uuid)


def destroy(management: Management, name: str) -> None:
    """Stop an instance and delete it with its root volume; its data volumes are detached.

    Raises Refused where the root volume's storage is against it; ManagementError where a host
    fails: destroying again goes on.
    """
    recover(management)
    with management.store.transaction() as rows:
        instance = find_in(rows, VmInstance, name)
        root = _root_of(rows, instance)
        storage = find_in(rows, PrimaryStorage, cast(str, root.primary_storage_uuid))
        host = require(rows, storage, Act.DELETE_VOLUME)[0]
        running = instance.state in _UP
    if running:
        stop(management, instance.uuid, force=True, stop_ha=True)
    with management.store.transaction() as rows:
        instance = find_in(rows, VmInstance, name)
        _must_be(instance, _AT_REST, "destroy")
        operation = _claim(management, rows, DESTROY, instance, host=host.uuid)
        rows.change(instance, state=InstanceState.DESTROYING)
    with management.journal.answering_for(operation):
        finish_destroy(management, operation, "")


@ends(DESTROY)
def finish_destroy(management: Management, operation: Operation, why: str) -> None:
    """Remove an instance's root volume with its snapshots, then forget it."""
    with management.store.transaction() as rows:
        instance = find_in(rows, VmInstance, operation.subject)
        root = _root_of(rows, instance)
        host = find_in(rows, Host, json.loads(operation.arguments)["host"])
        layers = layers_of(rows, root.uuid)
    vg = cast(str, root.primary_storage_uuid)
    try:
        for lv in layers:
            management.volumes(host).delete(vg, lv)
    except SbsimError as error:
        text = f"{instance.name} is not destroyed: {words_of(error)}"
        with management.store.transaction() as rows:
            rows.change(instance, state=InstanceState.STOPPED)
            management.journal.end(rows, operation, Progress.FAILED, text)
        raise ManagementError(OPERATION_FAILED, text) from error
    with management.store.transaction() as rows:
        rows.remove(instance)
        forget_volume(rows, root)
        management.journal.end(rows, operation, Progress.DONE, why)
    note_room(management, host, vg)


# --- how it is ------------------------------------------------------------------------------------


def settle(
    management: Management,
    operation: Operation,
    why: str,
    progress: Progress = Progress.UNDONE,
) -> VmInstance:
    """Ask the hosts where an instance runs, and bring the record and the locks into line.

    It may run on one host, and that one has its volumes; every other host lets go of them. Where
    a host does not answer that it was last on, its state is Unknown.
    """
    with management.store.transaction() as rows:
        instance = find_in(rows, VmInstance, operation.subject)
        chains = chains_of(rows, instance)
        hosts = _hosts_near(rows, instance)
    answers, errors = ask(hosts, lambda host: management.instances(host).states())
    running = [host for host in hosts if instance.uuid in answers.get(host.name, {})]
    last = next((host for host in hosts if host.uuid == instance.host_uuid), None)
    lost = last is not None and last.name in errors
    for host in hosts:
        if host.name in answers and host not in running:
            let_go(management, host, chains.values(), instance.uuid)
    if running:
        take(management, running[0], chains.values())
        paused = answers[running[0].name][instance.uuid] is not Running.RUNNING
        state = InstanceState.PAUSED if paused else InstanceState.RUNNING
        place: str | None = running[0].uuid
    else:
        state = InstanceState.UNKNOWN if lost else InstanceState.STOPPED
        place = instance.host_uuid if lost else None
    with management.store.transaction() as rows:
        instance = rows.change(instance, state=state, host_uuid=place)
        management.journal.end(rows, operation, progress, why)
    return instance


ends(START)(settle)
ends(STOP)(settle)
ends(REBOOT)(settle)
ends(SYNC)(settle)


def sync(management: Management, hosts: Iterable[Host]) -> list[VmInstance]:
    """Ask hosts for the instances that were last there; settle those that are otherwise now.

    So a host that crashed comes back without the instances that the record still has there.
    Returns those that were settled. One with an operation under way is left to that.
    """
    hosts = list(hosts)
    answers, _ = ask(hosts, lambda host: management.instances(host).states())
    settled = []
    for instance in _otherwise(management, hosts, answers):
        try:
            with management.store.transaction() as rows:
                operation = _claim(management, rows, SYNC, instance)
        except Refused:
            continue
        with management.journal.answering_for(operation):
            now = settle(management, operation, "", Progress.DONE)
        management.progress(f"{now.name} was {instance.state}, and is {now.state}")
        settled.append(now)
    return settled


_AS_SEEN = {InstanceState.RUNNING: Running.RUNNING, InstanceState.PAUSED: Running.PAUSED}


def _otherwise(
    management: Management, hosts: list[Host], answers: Mapping[str, Mapping[str, Running]]
) -> list[VmInstance]:
    """The instances on these hosts of which the record says other than the hosts do."""
    with management.store.transaction() as rows:
        there = rows.all(VmInstance, host_uuid=[host.uuid for host in hosts])
    names = {host.uuid: host.name for host in hosts}
    found = []
    for instance in there:
        host = names[cast(str, instance.host_uuid)]
        if host in answers:
            same = _AS_SEEN.get(instance.state) == answers[host].get(instance.uuid, Running.ENDING)
        else:
            same = instance.state is InstanceState.UNKNOWN
        if not same:
            found.append(instance)
    return found


def _hosts_near(rows: Transaction, instance: VmInstance) -> list[Host]:
    """The hosts on which an instance may be: those that are connected to its storages."""
    near = [host for storage in storages_of(rows, instance)
            for host in connected_hosts(rows, storage)]  # fmt: skip
    last = rows.one(Host, uuid=instance.host_uuid) if instance.host_uuid else None
    return list(dict.fromkeys([*([last] if last else []), *near]))


def storages_of(rows: Transaction, instance: VmInstance) -> list[PrimaryStorage]:
    """The storages of all of an instance's volumes, its root volume's first."""
    refs = sorted(rows.all(VolumeRef, vm_instance_uuid=instance.uuid), key=lambda one: one.number)
    volumes = [find_in(rows, Volume, ref.volume_uuid) for ref in refs]
    uuids = dict.fromkeys(one.primary_storage_uuid for one in volumes)
    return [find_in(rows, PrimaryStorage, uuid) for uuid in uuids if uuid is not None]


def needs_of(rows: Transaction, instance: VmInstance) -> list[str]:
    """What must not change while an instance does: its volumes, and their storages first."""
    refs = rows.all(VolumeRef, vm_instance_uuid=instance.uuid)
    storages = [one.uuid for one in storages_of(rows, instance)]
    return [*storages, *(ref.volume_uuid for ref in refs)]


def _root_of(rows: Transaction, instance: VmInstance) -> Volume:
    ref = rows.one(VolumeRef, vm_instance_uuid=instance.uuid, number=0)
    assert ref is not None, f"{instance.name} has no root volume"
    return find_in(rows, Volume, ref.volume_uuid)


def _claim(
    management: Management, rows: Transaction, kind: str, instance: VmInstance, **more: object
) -> Operation:
    needs = needs_of(rows, instance)
    return management.journal.claim(rows, kind, instance.uuid, needs=needs, **more)


def _record(
    management: Management,
    operation: Operation,
    instance: VmInstance,
    state: InstanceState,
    host: str | None,
) -> VmInstance:
    with management.store.transaction() as rows:
        instance = rows.change(instance, state=state, host_uuid=host)
        management.journal.end(rows, operation, Progress.DONE)
    return instance


def _must_be(instance: VmInstance, states: tuple[InstanceState, ...], what: str) -> None:
    if instance.state not in states:
        raise Refused(
            OPERATION_FAILED,
            f"cannot {what} {instance.name}: it is {instance.state}; expected "
            f"{' or '.join(states)}",
        )
