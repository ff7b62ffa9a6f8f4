"""Chapter 4: a storage is detached and attached again, reconnects, and stays while attached.

Slow: each host that joins the lock space waits for sanlock.
"""

from __future__ import annotations

import pytest

from sbsim.acceptance.proof import Proof
from sbsim.management import attachment, inventory, primary_storage, reconnection
from sbsim.management.deployed import Deployed
from sbsim.management.errors import Refused
from sbsim.management.inventory import StorageInventory
from sbsim.management.management import Management
from sbsim.sharedblock.lock_space import read_delta_leases
from sbsim.sharedblock.lvm import Lvm

pytestmark = [pytest.mark.requires("pool", "apply"), pytest.mark.destructive]


@pytest.mark.requirement("R4.12")
def test_delete_is_refused_while_attached(
    management: Management, storage: StorageInventory, proves: Proof
) -> None:
    with pytest.raises(Refused) as caught:
        primary_storage.delete(management, storage.uuid)
    proves("R4.12", "refused", None, seen=caught.value.code, wanted="SYS.1004")
    kept = inventory.storage(management, storage.uuid)
    proves("R4.12", "kept", None, seen=kept == storage, wanted=True)


@pytest.mark.requirement("R4.3", "R4.4")
def test_storage_is_connected_while_any_host_is_and_reconnects(
    management: Management, deployed: Deployed, storage: StorageInventory, proves: Proof
) -> None:
    lost = deployed.deployment.hosts[-1]
    machine = deployed.machines[lost.name]
    machine.run("vgchange", "--lock-stop", storage.uuid, timeout=120)
    machine.run("systemctl", "mask", "--now", "lvmlockd.service")
    try:
        reconnection.reconnect(management, storage.uuid)
        seen = inventory.storage(management, storage.uuid)
    finally:
        machine.run("systemctl", "unmask", "lvmlockd.service")
    proves("R4.4", "any_host", None, seen=seen.status.value, wanted="Connected")
    states = {one.host: one.status.value for one in seen.hosts}
    proves("R4.4", "lost_host", None, seen=states[lost.name], wanted="Disconnected")
    reconnection.reconnect(management, storage.uuid)
    again = inventory.storage(management, storage.uuid)
    proves("R4.3", "all_connected", None, seen=sorted({one.status.value for one in again.hosts}),
           wanted=["Connected"])  # fmt: skip
    proves("R4.3", "capacity", None, seen=again.total, wanted=storage.total)
    leases = {one.name for one in read_delta_leases(machine) if one.joined}
    proves("R4.3", "joined_again", None, seen=f"lvm_{storage.uuid}" in leases, wanted=True)


@pytest.mark.requirement("R4.10", "R4.7")
def test_detached_storage_leaves_no_lock_space_and_is_attached_again(
    management: Management, deployed: Deployed, storage: StorageInventory, proves: Proof
) -> None:
    cluster = storage.clusters[0]
    attachment.detach_from_cluster(management, storage.uuid, cluster)
    hosts = deployed.deployment.hosts_of(cluster)
    spaces = {
        host.name: [
            one.name
            for one in read_delta_leases(deployed.machines[host.name])
            if one.name == f"lvm_{storage.uuid}"
        ]
        for host in hosts
    }
    proves("R4.10", "left_everywhere", None, seen=spaces,
           wanted={host.name: [] for host in hosts})  # fmt: skip
    detached = inventory.storage(management, storage.uuid)
    others = [name for name in storage.clusters if name != cluster]
    proves("R4.10", "detached", None, seen=list(detached.clusters), wanted=others)
    group = Lvm(deployed.machines[hosts[0].name]).group(storage.uuid)
    proves("R4.10", "group_kept", None, seen=group.uuid if group else None,
           wanted=storage.vg_uuid)  # fmt: skip
    attachment.attach_to_cluster(management, storage.uuid, cluster)
    again = inventory.storage(management, storage.uuid)
    proves("R4.7", "attached_again", None, seen=[again.vg_uuid, *sorted(again.clusters)],
           wanted=[storage.vg_uuid, *sorted(storage.clusters)])  # fmt: skip
