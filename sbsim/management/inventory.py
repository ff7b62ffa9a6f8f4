"""What is known, told whole: a storage with its disks, clusters and hosts, all by their names."""

from __future__ import annotations

from dataclasses import dataclass

from sbsim.management.entities import (
    Cluster,
    ClusterRef,
    Host,
    HostRef,
    PrimaryStorage,
    SharedBlock,
    State,
    Status,
    StorageKind,
    Zone,
    status_of,
)
from sbsim.management.finding import find_in
from sbsim.management.management import Management
from sbsim.management.store import Transaction


@dataclass(frozen=True)
class Member:
    """A host's place in a storage."""

    host: str
    host_id: int
    status: Status


@dataclass(frozen=True)
class StorageInventory:
    """A primary storage; sizes in bytes. Its fields are the keys of `--json`, and stay so."""

    uuid: str
    name: str
    kind: StorageKind
    description: str
    zone: str
    state: State
    status: Status
    total: int
    available: int
    vg_uuid: str
    clusters: tuple[str, ...]
    disks: tuple[str, ...]
    path: str
    hosts: tuple[Member, ...]


@dataclass(frozen=True)
class HostInventory:
    """A host, the storages that it is connected to, and what the platform installed on it."""

    uuid: str
    name: str
    cluster: str
    address: str
    state: State
    storages: tuple[str, ...]
    installed: tuple[str, ...]


@dataclass(frozen=True)
class ClusterInventory:
    """A cluster, its hosts and the storages that are attached to it, by their names."""

    uuid: str
    name: str
    zone: str
    state: State
    hosts: tuple[str, ...]
    storages: tuple[str, ...]


def storage(management: Management, name: str) -> StorageInventory:
    """One storage, by name or uuid. Raises Refused if there is none, or several."""
    with management.store.transaction() as rows:
        return _storage(rows, find_in(rows, PrimaryStorage, name))


def storages(management: Management) -> list[StorageInventory]:
    """Every storage, in the order in which they were added."""
    with management.store.transaction() as rows:
        return [_storage(rows, row) for row in rows.all(PrimaryStorage)]


def hosts(management: Management) -> list[HostInventory]:
    """Every host, in the order in which they were added."""
    with management.store.transaction() as rows:
        return [
            HostInventory(
                host.uuid,
                host.name,
                find_in(rows, Cluster, host.cluster_uuid).name,
                host.address,
                host.state,
                _names(rows, rows.all(HostRef, host_uuid=host.uuid, status=Status.CONNECTED)),
                tuple(host.installed.split()),
            )
            for host in rows.all(Host)
        ]


def clusters(management: Management) -> list[ClusterInventory]:
    """Every cluster, in the order in which they were added."""
    with management.store.transaction() as rows:
        return [
            ClusterInventory(
                cluster.uuid,
                cluster.name,
                find_in(rows, Zone, cluster.zone_uuid).name,
                cluster.state,
                tuple(host.name for host in rows.all(Host, cluster_uuid=cluster.uuid)),
                _names(rows, rows.all(ClusterRef, cluster_uuid=cluster.uuid)),
            )
            for cluster in rows.all(Cluster)
        ]


def _storage(rows: Transaction, row: PrimaryStorage) -> StorageInventory:
    refs = rows.all(HostRef, primary_storage_uuid=row.uuid)
    attached = rows.all(ClusterRef, primary_storage_uuid=row.uuid)
    blocks = rows.all(SharedBlock, primary_storage_uuid=row.uuid)
    return StorageInventory(
        uuid=row.uuid,
        name=row.name,
        kind=row.kind,
        description=row.description,
        zone=find_in(rows, Zone, row.zone_uuid).name,
        state=row.state,
        status=status_of(refs),
        total=row.total,
        available=row.available,
        vg_uuid=row.vg_uuid,
        clusters=tuple(find_in(rows, Cluster, ref.cluster_uuid).name for ref in attached),
        disks=tuple(block.disk_id for block in blocks),
        path=row.path,
        hosts=tuple(
            Member(find_in(rows, Host, ref.host_uuid).name, ref.host_id, ref.status) for ref in refs
        ),
    )


def _names(rows: Transaction, refs: list[HostRef] | list[ClusterRef]) -> tuple[str, ...]:
    uuids = [ref.primary_storage_uuid for ref in refs]
    return tuple(row.name for row in rows.all(PrimaryStorage, uuid=uuids))
