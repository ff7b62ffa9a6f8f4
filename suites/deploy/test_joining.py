"""Hosts that connect at the same moment: one volume group, a host id each, and no error.

Slow: twenty times over, three hosts wait for sanlock.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from sbsim.acceptance import Run
from sbsim.faults.lun_content import LunContent
from sbsim.machines import parallel
from sbsim.management import attachment, inventory, primary_storage, reconnection
from sbsim.management.deployed import Deployed
from sbsim.management.described import add_storages
from sbsim.management.inventory import StorageInventory
from sbsim.management.management import Management
from sbsim.management.opening import open_management
from sbsim.sharedblock.lock_space import read_delta_leases
from sbsim.sharedblock.lvm import Lvm
from sbsim.sharedblock.pool import Pool

ROUNDS = 20
# The product's own would have each round wait for two minutes.
IO_TIMEOUT_SECONDS = 2


@pytest.fixture
def quick(saved: Run, enter: Callable[[str], None]) -> Deployed:
    """The deployment, its hosts taken over and no storage there, with short time-outs."""
    enter("taken-over")
    deployed = saved.deployed
    lab = deployed.deployment.lab.model_copy(update={"io_timeout": IO_TIMEOUT_SECONDS})
    return replace(deployed, deployment=deployed.deployment.model_copy(update={"lab": lab}))


@pytest.mark.breaks
@pytest.mark.destructive
@pytest.mark.slow
@pytest.mark.long
@pytest.mark.requires("disposable", "power_cycle")
def test_hosts_that_connect_at_the_same_moment_share_one_group(saved: Run, quick: Deployed) -> None:
    management = open_management(quick, saved.backend.store, saved.progress)
    described = quick.deployment.primary_storages[0]
    hosts = quick.deployment.hosts
    for _ in range(ROUNDS):
        # The first host makes the group; all others join it at once.
        add_storages(quick, management)
        made = inventory.storage(management, described.name)
        assert_one_group(quick, made)
        # Then all of them at once.
        parallel([quick.pool(host) for host in hosts], partial(leave, vg=made.uuid))
        assert reconnection.reconnect(management, made.uuid).errors == {}
        assert_one_group(quick, inventory.storage(management, described.name))
        take_away(quick, management, made)


def leave(pool: Pool, vg: str) -> None:
    """Take a host out of the lock space; the platform is not told."""
    pool.disconnect(vg, "")


def assert_one_group(deployed: Deployed, storage: StorageInventory) -> None:
    """Every host sees the same single shared group, and is in it with an id of its own."""
    groups, ids = {}, {}
    for host in deployed.deployment.hosts:
        machine = deployed.machines[host.name]
        groups[host.name] = [(one.name, one.uuid) for one in Lvm(machine).groups()]
        ids[host.name] = [one.host_id for one in read_delta_leases(machine) if one.joined]
    assert groups == {host: [(storage.uuid, storage.vg_uuid)] for host in groups}
    assert ids == {one.host: [one.host_id] for one in storage.hosts}
    assert len({one.host_id for one in storage.hosts}) == len(ids)


def take_away(deployed: Deployed, management: Management, storage: StorageInventory) -> None:
    """Forget a storage and empty its LUNs."""
    attachment.detach_from_cluster(management, storage.uuid, storage.clusters[0])
    primary_storage.delete(management, storage.uuid)
    for name in deployed.deployment.primary_storages[0].luns:
        LunContent(deployed, deployed.deployment.lun(name)).clear()
