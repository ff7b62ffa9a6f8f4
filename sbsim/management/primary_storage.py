"""Primary storages of the type Shared Block: add, change state, delete."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sbsim.errors import SbsimError
from sbsim.management.attachment import attach_to_cluster
from sbsim.management.disk_names import bare
from sbsim.management.entities import (
    Cluster,
    ClusterRef,
    Event,
    HostRef,
    PrimaryStorage,
    SharedBlock,
    VmInstance,
    Volume,
    VolumeKind,
    VolumeRef,
    Zone,
)
from sbsim.management.errors import BAD_ARGUMENT, DELETE_REFUSED, OPERATION_FAILED, Refused
from sbsim.management.finding import find_in
from sbsim.management.management import Management
from sbsim.management.recovery import recover
from sbsim.management.states import next_state
from sbsim.management.store import Transaction
from sbsim.management.volumes import forget_volume
from sbsim.management.words import LONGEST_NAME, check_text

LONGEST_DISK_ID = 255
LONGEST_DESCRIPTION = 2048


@dataclass(frozen=True)
class NewStorage:
    """A storage to be added: its zone by name or uuid, its disks' ids as the hosts know them.

    `wipe` clears by force what is on the disks when the pool is made; the first disk also holds
    the lock volume.
    """

    name: str
    zone: str
    disks: tuple[str, ...]
    description: str = ""
    wipe: bool = False


def add(management: Management, new: NewStorage) -> PrimaryStorage:
    """Record a storage and its disks; no host is asked before it is attached (R3.15).

    Raises Refused (SYS.1007) for a bad argument, (SYS.1006) for a disk of another storage.
    """
    _check_words(new)
    check_disk_ids(new.disks)
    with management.store.transaction() as rows:
        zone = find_in(rows, Zone, new.zone)
        check_free(rows, new.disks)
        now = management.now()
        storage = rows.add(
            PrimaryStorage(management.ids(), new.name, new.description, zone.uuid, new.wipe, now)
        )
        for disk in new.disks:
            rows.add(SharedBlock(management.ids(), storage.uuid, disk, now))
    return storage


def add_and_attach(
    management: Management, new: NewStorage, clusters: tuple[str, ...]
) -> PrimaryStorage:
    """Add a storage and attach it to clusters, in their order.

    Where not even the first can be attached, nothing is kept: the same call may be made again.
    """
    with management.store.transaction() as rows:
        for cluster in clusters:
            find_in(rows, Cluster, cluster)
    storage = add(management, new)
    try:
        for cluster in clusters:
            attach_to_cluster(management, storage.uuid, cluster)
    except SbsimError:
        with management.store.transaction() as rows:
            if not any(
                rows.one(kind, primary_storage_uuid=storage.uuid) for kind in (ClusterRef, HostRef)
            ):
                rows.remove(storage)
        raise
    return storage


def delete(management: Management, uuid: str) -> bool:
    """Forget a storage (R4.12) with its volumes and the instances that boot from it (R4.13).

    Instances that have only data volumes there stay, without these. What is on the LUNs stays.
    False if there is none of that uuid.

    Raises Refused (SYS.1004) while it is attached to any cluster.
    """
    recover(management, uuid)
    with management.store.transaction() as rows:
        storage = rows.one(PrimaryStorage, uuid=uuid)
        if storage is None:
            return False
        management.journal.must_be_idle(rows, uuid)
        refs = rows.all(ClusterRef, primary_storage_uuid=uuid)
        names = [
            cluster.name for cluster in rows.all(Cluster, uuid=[ref.cluster_uuid for ref in refs])
        ]
        if names:
            raise Refused(
                DELETE_REFUSED,
                f"{storage.name} cannot be deleted: it is still attached to {', '.join(names)}; "
                f"detach it first: sbsim ps detach {storage.name} --cluster {names[0]}",
            )
        assert not rows.all(HostRef, primary_storage_uuid=uuid)
        for volume in rows.all(Volume, primary_storage_uuid=uuid):
            _forget_with_instance(rows, volume)
        rows.remove(storage)
    return True


def _forget_with_instance(rows: Transaction, volume: Volume) -> None:
    if volume.kind is VolumeKind.ROOT:
        for ref in rows.all(VolumeRef, volume_uuid=volume.uuid):
            rows.remove(find_in(rows, VmInstance, ref.vm_instance_uuid))
    forget_volume(rows, volume)


def change_state(management: Management, storage: str, event: Event) -> PrimaryStorage:
    """Let an event change a storage's state; return it as it is then."""
    with management.store.transaction() as rows:
        found = find_in(rows, PrimaryStorage, storage)
        return rows.change(found, state=next_state(found.state, event))


def _check_words(new: NewStorage) -> None:
    check_text("the name", new.name, 1, LONGEST_NAME)
    check_text("the description", new.description, 0, LONGEST_DESCRIPTION)
    if not new.disks:
        raise Refused(BAD_ARGUMENT, "a storage needs at least one disk; give the id of a LUN")


def check_disk_ids(disks: tuple[str, ...]) -> None:
    """Raise Refused (SYS.1007) for an id that no disk can have, or one that is given twice."""
    for disk in disks:
        check_text(f"the disk id {disk!r}", disk, 1, LONGEST_DISK_ID)
    counts = Counter(map(bare, disks))
    twice = [disk for disk in dict.fromkeys(disks) if counts[bare(disk)] > 1]
    if twice:
        raise Refused(BAD_ARGUMENT, f"given more than once: {', '.join(twice)}; name a disk once")


def check_free(rows: Transaction, disks: tuple[str, ...]) -> None:
    """Raise Refused (SYS.1006) for a disk that a storage has already, by whatever name."""
    wanted = {bare(disk) for disk in disks}
    for block in rows.all(SharedBlock):
        if bare(block.disk_id) not in wanted:
            continue
        owner = find_in(rows, PrimaryStorage, block.primary_storage_uuid)
        raise Refused(
            OPERATION_FAILED,
            f"the disk {block.disk_id} (shared block {block.uuid}) belongs to the storage "
            f"{owner.name} ({owner.uuid}) already; a disk can be in one storage only",
        )
