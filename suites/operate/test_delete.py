"""Chapter 4: a storage is deleted with what is on it, and adding its LUNs again brings none back.

What was deleted is gone, so the lab goes back to where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from sbsim.acceptance import Run
from sbsim.acceptance.effects import Effects, nothing
from sbsim.acceptance.proof import Proof
from sbsim.errors import SbsimError
from sbsim.management import (
    attachment,
    instance_inventory,
    inventory,
    primary_storage,
    volumes,
)
from sbsim.management.deployed import Deployed
from sbsim.management.instance_inventory import InstanceInventory
from sbsim.management.inventory import StorageInventory
from sbsim.management.management import Management
from sbsim.management.primary_storage import NewStorage
from sbsim.management.volumes import NewDataVolume
from sbsim.sharedblock.lock_space import read_delta_leases
from sbsim.sharedblock.lvm import Lvm
from sbsim.sharedblock.profiles import profile
from sbsim.sharedblock.sizes import MIB
from sbsim.sharedblock.wipe import ForeignVolumes

pytestmark = [
    pytest.mark.requires("pool", "apply", "vm_instances", "disposable"),
    pytest.mark.destructive,
]


@pytest.fixture(scope="module")
def undone(sbsim_run: Run, operated: Management) -> Iterator[None]:
    """Whatever the test does to the lab, it is as before afterwards."""
    name = f"before-delete-{sbsim_run.lab_name}"
    sbsim_run.backend.save(name, sbsim_run.progress)
    yield
    sbsim_run.backend.restore(name, sbsim_run.progress)
    sbsim_run.backend.forget(name)


def added_again(management: Management, storage: StorageInventory, wipe: bool) -> str:
    """Add the same LUNs as a new storage; why that failed, empty if it did not."""
    new = NewStorage("again", storage.zone, storage.disks, wipe=wipe)
    try:
        primary_storage.add_and_attach(management, new, storage.clusters)
    except SbsimError as error:
        return str(error)
    return ""


@pytest.mark.requirement("R4.13")
def test_deleted_storage_takes_its_instances_and_volumes_along(
    undone: None,
    operated: Management,
    deployed: Deployed,
    storage: StorageInventory,
    make_instance: Callable[..., InstanceInventory],
    effects: Effects,
    proves: Proof,
) -> None:
    vg = storage.uuid
    make_instance("vm-1")
    volumes.create(operated, NewDataVolume("data", 64 * MIB, storage.name))
    on_luns = sorted(effects.volumes(vg))
    for cluster in storage.clusters:
        attachment.detach_from_cluster(operated, vg, cluster)
    primary_storage.delete(operated, vg)
    records = [instance_inventory.instances(operated), instance_inventory.volumes(operated)]
    proves("R4.13", "records_gone", None, seen=[len(one) for one in records], wanted=[0, 0])
    proves("R4.13", "no_domains", None, seen=effects.domains(), wanted=nothing(deployed, []))
    proves("R4.13", "no_locks", None, seen=effects.locks(vg), wanted=nothing(deployed, {}))
    spaces = {
        host.name: [
            one.name
            for one in read_delta_leases(deployed.machines[host.name])
            if one.name == f"lvm_{vg}"
        ]
        for host in deployed.deployment.hosts
    }
    proves("R4.13", "no_lock_space", None, seen=spaces, wanted=nothing(deployed, []))
    proves("R4.13", "bytes_stay", None, seen=sorted(effects.volumes(vg)), wanted=on_luns)

    without = added_again(operated, storage, wipe=False)
    proves("R4.13", "refused_without_wiping", None, seen=without != "", wanted=True)
    of = profile(deployed.deployment.profile)
    with_wiping = added_again(operated, storage, wipe=True)
    # 2.6 passes over every disk of a volume group, even when it is told to wipe.
    wiped = of.wiping.foreign is ForeignVolumes.WIPE
    proves("R4.13", "wiping", None, seen=with_wiping == "", wanted=wiped)
    proves("R4.13", "not_brought_back", None, seen=len(instance_inventory.volumes(operated)),
           wanted=0)  # fmt: skip
    if wiped:
        again = inventory.storage(operated, "again")
        seen = [one for one in effects.volumes(again.uuid) if one in on_luns]
        assert seen == []
    else:
        machine = deployed.machines[deployed.deployment.hosts[0].name]
        assert Lvm(machine).group(vg) is not None
