"""Chapter 4: a cluster takes a local storage beside its Shared Block storage."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sbsim.acceptance.proof import Proof
from sbsim.machines import parallel
from sbsim.management import attachment, inventory, local_storage, primary_storage
from sbsim.management.deployed import Deployed
from sbsim.management.errors import Refused
from sbsim.management.inventory import StorageInventory
from sbsim.management.management import Management

pytestmark = [
    pytest.mark.requires("pool", "apply", "vm_instances"),
    pytest.mark.destructive,
]

FOLDER = "/zstack_ps/sbsim-local"


@pytest.fixture
def local(management: Management, deployed: Deployed) -> Iterator[str]:
    added = local_storage.add_local(management, "local-1", deployed.deployment.zone, FOLDER)
    yield added.uuid
    for cluster in inventory.storage(management, added.uuid).clusters:
        attachment.detach_from_cluster(management, added.uuid, cluster)
    primary_storage.delete(management, added.uuid)
    for host in deployed.deployment.hosts:
        deployed.machines[host.name].run("rm", "-rf", FOLDER)


@pytest.mark.requirement("R4.9")
def test_local_storage_goes_with_one_shared_block_storage(
    local: str,
    management: Management,
    deployed: Deployed,
    storage: StorageInventory,
    proves: Proof,
) -> None:
    cluster = storage.clusters[0]
    attachment.attach_to_cluster(management, local, cluster)
    seen = {one.name: one.status.value for one in inventory.storages(management)
            if cluster in one.clusters}  # fmt: skip
    proves("R4.9", "both_connected", None, seen=seen,
           wanted={storage.name: "Connected", "local-1": "Connected"})  # fmt: skip
    hosts = deployed.deployment.hosts_of(cluster)
    folders = parallel(hosts, lambda one: deployed.machines[one.name].run(
        "test", "-d", FOLDER, check=False).ok)  # fmt: skip
    proves("R4.9", "folders", None, seen=folders, wanted=dict.fromkeys(folders, True))
    proves.at_least("R4.9", "room", None, seen=inventory.storage(management, local).total, wanted=1)
    other = local_storage.add_local(management, "local-2", deployed.deployment.zone, f"{FOLDER}-2")
    with pytest.raises(Refused) as caught:
        attachment.attach_to_cluster(management, other.uuid, cluster)
    primary_storage.delete(management, other.uuid)
    proves("R4.9", "second_refused", None, seen=caught.value.code, wanted="PS.1001")
