"""An instance moves between hosts while it writes: a gap, and never two writers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fixtures.instances import OPERATES, Guests
from sbsim.acceptance.effects import Effects, nothing
from sbsim.acceptance.proof import Proof
from sbsim.management import instance_inventory, migration
from sbsim.management.deployed import Deployed
from sbsim.management.instance_inventory import InstanceInventory
from sbsim.management.inventory import StorageInventory
from sbsim.management.management import Management
from sbsim.sharedblock.errors import VolumeLocked
from sbsim.sharedblock.volumes import Use

pytestmark = OPERATES


@pytest.mark.requirement("R5.1")
def test_running_instance_is_moved_and_one_host_has_its_volume(
    operated: Management,
    deployed: Deployed,
    storage: StorageInventory,
    make_instance: Callable[..., InstanceInventory],
    guests: Guests,
    effects: Effects,
    proves: Proof,
) -> None:
    first, second = deployed.deployment.hosts[:2]
    vm = make_instance("vm-1", first.name)
    before = guests.next_round("vm-1")
    lv = instance_inventory.volume(operated, "vm-1-root").install_path.rpartition("/")[2]
    other = deployed.volumes(second)
    refusals = []
    for use in (Use.SHARED, Use.EXCLUSIVE):
        with pytest.raises(VolumeLocked) as caught:
            other.use(storage.uuid, (lv,), use)
        refusals.append("locked by other host" in str(caught.value))
    proves("R5.1", "one_user", None, seen=refusals, wanted=[True, True])
    migration.migrate(operated, "vm-1", second.name)
    running = {name: [one for one in uuids if one == vm.uuid]
               for name, uuids in effects.domains().items()}  # fmt: skip
    proves("R5.1", "runs_there", None, seen=running,
           wanted={**nothing(deployed, []), second.name: [vm.uuid]})  # fmt: skip
    proves("R5.1", "exclusive_there", None, seen=effects.locks(storage.uuid, lv),
           wanted={**nothing(deployed, {}), second.name: {lv: "exclusive"}})  # fmt: skip
    told = guests.next_round("vm-1")
    # It did not start anew, nobody wrote meanwhile, and nothing was refused.
    proves("R5.1", "went_on", None, wanted=[True, 0, 0],
           seen=[told.rounds > before.rounds, told.errors, told.strangers])  # fmt: skip
