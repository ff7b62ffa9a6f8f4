"""Chapter 4: a disabled storage refuses what is new and serves what is there; enabled it works."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fixtures.instances import OPERATES, Guests
from sbsim.acceptance.proof import Proof
from sbsim.management import (
    instance_inventory,
    instances,
    operating,
    snapshots,
    volume_attachment,
    volumes,
)
from sbsim.management.errors import Refused
from sbsim.management.instance_inventory import InstanceInventory
from sbsim.management.instances import NewInstance
from sbsim.management.inventory import StorageInventory
from sbsim.management.management import Management
from sbsim.management.volumes import NewDataVolume
from sbsim.sharedblock.sizes import MIB

pytestmark = OPERATES


def refusal(action: Callable[[], object]) -> str:
    """The code with which an operation is refused; empty if it is not."""
    try:
        action()
    except Refused as error:
        return error.code
    return ""


@pytest.mark.requirement("R4.1", "R4.2", "R5.2")
def test_disabled_storage_refuses_what_is_new_until_it_is_enabled(
    enabled_after: None,
    operated: Management,
    storage: StorageInventory,
    make_instance: Callable[..., InstanceInventory],
    guests: Guests,
    proves: Proof,
) -> None:
    make_instance("vm-1")
    make_instance("vm-2")
    instances.stop(operated, "vm-2")
    volumes.create(operated, NewDataVolume("data", 64 * MIB, storage.name))
    operating.disable(operated, storage.name)
    shown = {one.state.value for one in instance_inventory.volumes(operated)}
    proves("R4.2", "volumes_disabled", None, seen=sorted(shown), wanted=["Disabled"])
    refused = {
        "instance": refusal(
            lambda: instances.create(operated, NewInstance("vm-3", "guest", "small", storage.name))
        ),
        "volume": refusal(
            lambda: volumes.create(operated, NewDataVolume("more", 64 * MIB, storage.name))
        ),
        "snapshot": refusal(lambda: snapshots.take(operated, "data", "s-1")),
    }
    proves("R4.2", "new_refused", None, seen=refused, wanted=dict.fromkeys(refused, "PS.1000"))
    proves("R5.2", "refused_while_disabled", None, seen=refused["snapshot"], wanted="PS.1000")
    told = guests.next_round("vm-1")
    proves("R4.2", "runs_on", None, seen=[told.errors, told.strangers], wanted=[0, 0])
    instances.start(operated, "vm-2")
    volume_attachment.attach(operated, "data", "vm-2")
    found = instance_inventory.instance(operated, "vm-2")
    names = [one.volume for one in found.volumes]
    proves("R4.2", "start_and_attach", None, seen=[found.state.value, "data" in names],
           wanted=["Running", True])  # fmt: skip

    operating.enable(operated, storage.name)
    shown = {one.state.value for one in instance_inventory.volumes(operated)}
    proves("R4.1", "volumes_enabled", None, seen=sorted(shown), wanted=["Enabled"])
    made = volumes.create(operated, NewDataVolume("more", 64 * MIB, storage.name))
    proves("R4.1", "new_volume", None, seen=made.status.value, wanted="Ready")
    volumes.delete(operated, "more")
    volume_attachment.detach(operated, "data")
    volumes.delete(operated, "data")
