"""Chapter 5: the things that the guide speaks of exist, and belong together as it says."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest

from fixtures.instances import OPERATES
from sbsim.acceptance.proof import Proof
from sbsim.management import images, instance_inventory, inventory, snapshots, volumes
from sbsim.management.deployed import Deployed
from sbsim.management.entities import ManagementNode, Zone
from sbsim.management.errors import Refused
from sbsim.management.instance_inventory import InstanceInventory
from sbsim.management.inventory import StorageInventory
from sbsim.management.management import Management
from sbsim.management.volume_attachment import attach, detach
from sbsim.management.volumes import NewDataVolume
from sbsim.sharedblock.sizes import MIB

pytestmark = OPERATES


@pytest.mark.requirement("R5.1")
def test_entities_exist_and_belong_together(
    operated: Management,
    deployed: Deployed,
    storage: StorageInventory,
    make_instance: Callable[..., InstanceInventory],
    proves: Proof,
) -> None:
    deployment = deployed.deployment
    with contextlib.suppress(Refused):  # a lab that is up has it
        images.add_disk_offering(operated, "disk-64", 64 * MIB)
    size = images.disk_size(operated, "disk-64")
    volumes.create(operated, NewDataVolume("shared-64", size, storage.name, shareable=True))
    vm = make_instance("vm-1")
    attach(operated, "shared-64", "vm-1")
    snapshots.take(operated, "vm-1-root", "s-1")
    with operated.store.transaction() as rows:
        zones = [one.name for one in rows.all(Zone)]
        nodes = [one.name for one in rows.all(ManagementNode)]
    proves("R5.1", "platform", None, seen=[zones, nodes],
           wanted=[[deployment.zone], [deployment.management_node.name]])  # fmt: skip
    described = [one.name for one in deployment.clusters]
    clusters = {one.name: (one.zone, sorted(one.hosts)) for one in inventory.clusters(operated)
                if one.name in described}  # fmt: skip
    proves("R5.1", "clusters", None, wanted={
        one.name: (deployment.zone, sorted(host.name for host in deployment.hosts_of(one.name)))
        for one in deployment.clusters
    }, seen=clusters)  # fmt: skip
    proves("R5.1", "offerings", None, wanted=["disk", "instance"],
           seen=sorted(one.kind for one in instance_inventory.offerings(operated)))  # fmt: skip
    image = next(one for one in instance_inventory.images(operated) if one.name == vm.image)
    proves("R5.1", "image_in_storage", None, seen=list(image.storages), wanted=[storage.name])
    found = instance_inventory.instance(operated, "vm-1")
    proves("R5.1", "instance", None,
           seen=[found.cluster, [(one.number, one.volume, one.storage) for one in found.volumes]],
           wanted=[storage.clusters[0], [(0, "vm-1-root", storage.name),
                                         (1, "shared-64", storage.name)]])  # fmt: skip
    shown = instance_inventory.volume(operated, "shared-64")
    proves("R5.1", "shared_volume", None, seen=[shown.shareable, list(shown.instances)],
           wanted=[True, ["vm-1"]])  # fmt: skip
    snapshot = instance_inventory.snapshots(operated, "vm-1-root")
    proves("R5.1", "snapshot", None, seen=[(one.name, one.volume) for one in snapshot],
           wanted=[("s-1", "vm-1-root")])  # fmt: skip
    detach(operated, "shared-64")
    volumes.delete(operated, "shared-64")
