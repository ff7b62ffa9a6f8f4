"""The platform as a description wants it: zone, clusters, hosts, and its primary storages.

Every step may be repeated; what is there already is left as it is.
"""

from __future__ import annotations

from functools import partial

from sbsim.deployment import PrimaryStorage as DescribedStorage
from sbsim.management.asking import ask, listed
from sbsim.management.attachment import attach_to_cluster, detach_from_cluster
from sbsim.management.clusters import add_cluster, add_management_node, add_zone
from sbsim.management.deployed import Deployed
from sbsim.management.entities import Cluster, ClusterRef, PrimaryStorage
from sbsim.management.errors import OPERATION_FAILED, ManagementError
from sbsim.management.hosts import add_host
from sbsim.management.management import Management
from sbsim.management.primary_storage import NewStorage, add, delete


def take_over(deployed: Deployed, management: Management) -> dict[str, tuple[str, ...]]:
    """Make zone, clusters and hosts known; return what was installed on each host (R2.5)."""
    deployment = deployed.deployment
    node = deployment.management_node
    add_zone(management, deployment.zone)
    add_management_node(management, node.name, str(node.address))
    for cluster in deployment.clusters:
        add_cluster(management, cluster.name, deployment.zone)
    installed, errors = ask(deployment.hosts, lambda host: management.install(host.name))
    # One after the other: the platform knows its hosts in the description's order. Where a host
    # failed the others are known all the same, with what was installed on them.
    for host in deployment.hosts:
        if host.name in installed:
            put = partial(installed.__getitem__, host.name)
            add_host(management, host.name, host.cluster, put, str(host.address))
    if errors:
        raise ManagementError(
            OPERATION_FAILED,
            f"not every host could be taken over: {listed(errors)}; mend what is said, then go on",
        )
    return installed


def add_storages(deployed: Deployed, management: Management) -> tuple[str, ...]:
    """Add the described primary storages and attach them; return what was done, a line each."""
    done: list[str] = []
    for described in deployed.deployment.primary_storages:
        storage = storage_of(management, described)
        if storage is None:
            storage = add(management, _new(deployed, described))
            done.append(f"added {storage.name}")
        for cluster in described.clusters:
            if cluster not in _clusters_of(management, storage):
                attach_to_cluster(management, storage.uuid, cluster)
                done.append(f"attached {storage.name} to {cluster}")
    return tuple(done)


def remove_storages(deployed: Deployed, management: Management) -> tuple[str, ...]:
    """Detach and delete the described primary storages; what is on their LUNs stays."""
    done: list[str] = []
    for described in reversed(deployed.deployment.primary_storages):
        storage = storage_of(management, described)
        if storage is None:
            continue
        for cluster in _clusters_of(management, storage):
            detach_from_cluster(management, storage.uuid, cluster)
            done.append(f"detached {storage.name} from {cluster}")
        delete(management, storage.uuid)
        done.append(f"deleted {storage.name}")
    return tuple(done)


def storage_of(management: Management, described: DescribedStorage) -> PrimaryStorage | None:
    """The primary storage that was added for a described one, None if none was."""
    with management.store.transaction() as rows:
        return rows.one(PrimaryStorage, name=described.name)


def _new(deployed: Deployed, described: DescribedStorage) -> NewStorage:
    return NewStorage(
        name=described.name,
        zone=deployed.deployment.zone,
        disks=deployed.disk_ids(described),
        description=described.description,
        wipe=described.wipe,
    )


def _clusters_of(management: Management, storage: PrimaryStorage) -> tuple[str, ...]:
    with management.store.transaction() as rows:
        refs = rows.all(ClusterRef, primary_storage_uuid=storage.uuid)
        return tuple(
            cluster.name for cluster in rows.all(Cluster, uuid=[ref.cluster_uuid for ref in refs])
        )
