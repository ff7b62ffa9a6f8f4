"""Chapter 4: maintenance stops whatever uses the storage, and leaves nothing of it in use."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fixtures.instances import OPERATES, Guests
from sbsim.acceptance.effects import Effects, nothing
from sbsim.acceptance.proof import Proof
from sbsim.management import instance_inventory, instances, inventory, operating, volumes
from sbsim.management.deployed import Deployed
from sbsim.management.errors import Refused
from sbsim.management.instance_inventory import InstanceInventory
from sbsim.management.inventory import StorageInventory
from sbsim.management.management import Management
from sbsim.management.volume_attachment import attach
from sbsim.management.volumes import NewDataVolume
from sbsim.sharedblock.sizes import MIB

pytestmark = OPERATES


@pytest.mark.requirement("R4.11")
def test_maintenance_stops_every_user(
    enabled_after: None,
    operated: Management,
    deployed: Deployed,
    storage: StorageInventory,
    make_instance: Callable[..., InstanceInventory],
    guests: Guests,
    effects: Effects,
    proves: Proof,
) -> None:
    make_instance("vm-1")
    make_instance("vm-ha", never_stop=True)
    volumes.create(operated, NewDataVolume("shared-ha", 64 * MIB, storage.name, shareable=True))
    attach(operated, "shared-ha", "vm-ha")
    guests.next_round("vm-ha")
    operating.maintain(operated, storage.name)
    proves("R4.11", "state", None, seen=inventory.storage(operated, storage.name).state.value,
           wanted="Maintenance")  # fmt: skip
    states = {one.name: one.state.value for one in instance_inventory.instances(operated)}
    proves("R4.11", "stopped", None, seen=states, wanted=dict.fromkeys(states, "Stopped"))
    proves("R4.11", "no_domains", None, seen=effects.domains(), wanted=nothing(deployed, []))
    proves("R4.11", "no_locks", None, seen=effects.locks(storage.uuid),
           wanted=nothing(deployed, {}))  # fmt: skip
    proves("R4.11", "no_active", None, seen=effects.active(storage.uuid),
           wanted=nothing(deployed, []))  # fmt: skip
    with pytest.raises(Refused) as caught:
        instances.start(operated, "vm-1")
    proves("R4.11", "start_refused", None, seen=caught.value.code, wanted="PS.1000")
    operating.enable(operated, storage.name)
    instances.start(operated, "vm-1")
    told = guests.next_round("vm-1")
    instances.destroy(operated, "vm-ha")
    volumes.delete(operated, "shared-ha")
    proves("R4.11", "works_after", None, seen=[told.errors, told.strangers], wanted=[0, 0])
