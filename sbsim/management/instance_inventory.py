"""Instances, volumes, snapshots, images and offerings, told whole and by their names."""

from __future__ import annotations

from dataclasses import dataclass

from sbsim.management.entities import (
    Cluster,
    DiskOffering,
    Host,
    Image,
    ImageCache,
    InstanceOffering,
    InstanceState,
    PrimaryStorage,
    Snapshot,
    State,
    VmInstance,
    Volume,
    VolumeKind,
    VolumeRef,
    VolumeStatus,
)
from sbsim.management.finding import find_in
from sbsim.management.management import Management
from sbsim.management.store import Transaction


@dataclass(frozen=True)
class AttachedVolume:
    """A volume as an instance has it: its number among the disks, 0 for the root disk."""

    number: int
    volume: str
    storage: str


@dataclass(frozen=True)
class InstanceInventory:
    """A VM instance; memory in bytes. Its fields are the keys of `--json`, and stay so."""

    uuid: str
    name: str
    state: InstanceState
    host: str
    cluster: str
    image: str
    cpus: int
    memory: int
    never_stop: bool
    volumes: tuple[AttachedVolume, ...]


@dataclass(frozen=True)
class VolumeInventory:
    """A volume: `size` as an instance sees it, `actual` in the pool, in bytes.

    `state` is Disabled too while its storage is (R4.2).
    """

    uuid: str
    name: str
    kind: VolumeKind
    status: VolumeStatus
    state: State
    size: int
    actual: int
    format: str
    shareable: bool
    thin: bool
    storage: str
    install_path: str
    instances: tuple[str, ...]
    snapshots: tuple[str, ...]


@dataclass(frozen=True)
class SnapshotInventory:
    """A snapshot; `parent` is what it goes on from. `current`: its volume goes on from it."""

    uuid: str
    name: str
    volume: str
    parent: str
    size: int
    actual: int
    install_path: str
    created: float
    current: bool


@dataclass(frozen=True)
class ImageInventory:
    """An image, and the storages that hold it."""

    uuid: str
    name: str
    format: str
    size: int
    virtual: int
    path: str
    digest: str
    storages: tuple[str, ...]


@dataclass(frozen=True)
class OfferingInventory:
    """An offering of either kind; what it does not say is 0."""

    uuid: str
    name: str
    kind: str
    cpus: int
    memory: int
    size: int


def instance(management: Management, name: str) -> InstanceInventory:
    """One instance, by name or uuid. Raises Refused if there is none, or several."""
    with management.store.transaction() as rows:
        return _instance(rows, find_in(rows, VmInstance, name))


def instances(management: Management) -> list[InstanceInventory]:
    """Every instance, in the order in which they were made."""
    with management.store.transaction() as rows:
        return [_instance(rows, one) for one in rows.all(VmInstance)]


def volume(management: Management, name: str) -> VolumeInventory:
    """One volume, by name or uuid. Raises Refused if there is none, or several."""
    with management.store.transaction() as rows:
        return _volume(rows, find_in(rows, Volume, name))


def volumes(management: Management) -> list[VolumeInventory]:
    """Every volume, in the order in which they were made."""
    with management.store.transaction() as rows:
        return [_volume(rows, one) for one in rows.all(Volume)]


def snapshots(management: Management, of: str | None = None) -> list[SnapshotInventory]:
    """Every snapshot, of one volume or of all, in the order in which they were taken."""
    with management.store.transaction() as rows:
        where = {} if of is None else {"volume_uuid": find_in(rows, Volume, of).uuid}
        return [_snapshot(rows, one) for one in rows.all(Snapshot, **where)]


def images(management: Management) -> list[ImageInventory]:
    """Every image, in the order in which they were added."""
    with management.store.transaction() as rows:
        return [
            ImageInventory(
                one.uuid, one.name, one.format, one.size, one.virtual, one.path, one.digest,
                tuple(
                    find_in(rows, PrimaryStorage, ref.primary_storage_uuid).name
                    for ref in rows.all(ImageCache, image_uuid=one.uuid)
                ),
            )
            for one in rows.all(Image)
        ]  # fmt: skip


def offerings(management: Management) -> list[OfferingInventory]:
    """Every offering, those of instances first."""
    with management.store.transaction() as rows:
        of_instances = [
            OfferingInventory(one.uuid, one.name, "instance", one.cpus, one.memory, 0)
            for one in rows.all(InstanceOffering)
        ]
        of_disks = [
            OfferingInventory(one.uuid, one.name, "disk", 0, 0, one.size)
            for one in rows.all(DiskOffering)
        ]
        return of_instances + of_disks


def _instance(rows: Transaction, row: VmInstance) -> InstanceInventory:
    host = rows.one(Host, uuid=row.host_uuid) if row.host_uuid else None
    image = rows.one(Image, uuid=row.image_uuid)
    refs = rows.all(VolumeRef, vm_instance_uuid=row.uuid)
    attached = []
    for ref in sorted(refs, key=lambda one: one.number):
        one = find_in(rows, Volume, ref.volume_uuid)
        attached.append(AttachedVolume(ref.number, one.name, _storage_name(rows, one)))
    return InstanceInventory(
        uuid=row.uuid,
        name=row.name,
        state=row.state,
        host=host.name if host else "",
        cluster=find_in(rows, Cluster, row.cluster_uuid).name,
        image=image.name if image else "",
        cpus=row.cpus,
        memory=row.memory,
        never_stop=row.never_stop,
        volumes=tuple(attached),
    )


def _volume(rows: Transaction, row: Volume) -> VolumeInventory:
    storage = rows.one(PrimaryStorage, uuid=row.primary_storage_uuid or "")
    refs = rows.all(VolumeRef, volume_uuid=row.uuid)
    users = rows.all(VmInstance, uuid=[ref.vm_instance_uuid for ref in refs])
    off = storage is not None and storage.state is State.DISABLED
    return VolumeInventory(
        uuid=row.uuid,
        name=row.name,
        kind=row.kind,
        status=row.status,
        state=State.DISABLED if off else row.state,
        size=row.size,
        actual=row.actual,
        format=row.format,
        shareable=row.shareable,
        thin=row.thin,
        storage=storage.name if storage else "",
        install_path=_install_path(storage.uuid, row.lv) if storage else "",
        instances=tuple(one.name for one in users),
        snapshots=tuple(one.name for one in rows.all(Snapshot, volume_uuid=row.uuid)),
    )


def _snapshot(rows: Transaction, row: Snapshot) -> SnapshotInventory:
    of = find_in(rows, Volume, row.volume_uuid)
    parent = rows.one(Snapshot, uuid=row.parent_uuid) if row.parent_uuid else None
    return SnapshotInventory(
        uuid=row.uuid,
        name=row.name,
        volume=of.name,
        parent=parent.name if parent else "",
        size=row.size,
        actual=row.actual,
        install_path=_install_path(row.primary_storage_uuid, row.lv),
        created=row.created,
        current=of.base == row.uuid,
    )


def _storage_name(rows: Transaction, row: Volume) -> str:
    storage = rows.one(PrimaryStorage, uuid=row.primary_storage_uuid or "")
    return storage.name if storage else ""


def _install_path(storage: str, lv: str) -> str:
    """Where the product says that a volume lies."""
    return f"sharedblock://{storage}/{lv}"
