"""Chapter 5: snapshots of a volume are taken, reverted to and deleted, and nothing is lost.

The guest counts on its root disk, and tells how far that was counted when it starts: so what a
volume holds is told by who uses it.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fixtures.instances import OPERATES, Guests
from sbsim.acceptance.effects import Effects, nothing
from sbsim.acceptance.proof import Proof
from sbsim.management import instance_inventory, instances, snapshots
from sbsim.management.deployed import Deployed
from sbsim.management.instance_inventory import InstanceInventory
from sbsim.management.inventory import StorageInventory
from sbsim.management.management import Management

pytestmark = OPERATES


@pytest.mark.requirement("R5.2")
def test_snapshots_are_taken_reverted_to_and_deleted(
    operated: Management,
    deployed: Deployed,
    storage: StorageInventory,
    make_instance: Callable[..., InstanceInventory],
    guests: Guests,
    effects: Effects,
    proves: Proof,
) -> None:
    root = "vm-1-root"

    def started() -> int:
        """Start it, and see how far its disk was counted before."""
        instances.start(operated, "vm-1")
        return guests.next_round("vm-1").found

    def stopped() -> None:
        instances.stop(operated, "vm-1")

    make_instance("vm-1")
    guests.next_round("vm-1")
    stopped()
    snapshots.take(operated, root, "at-rest")
    then = started()
    proves.at_least("R5.2", "counted", None, seen=then, wanted=1)
    snapshots.take(operated, root, "running")
    told = guests.next_round("vm-1")
    proves("R5.2", "goes_on", None, seen=[told.errors, told.strangers], wanted=[0, 0])
    behind = {one.install_path.rpartition("/")[2]: "shared"
              for one in instance_inventory.snapshots(operated)}  # fmt: skip
    top = instance_inventory.volume(operated, root).install_path.rpartition("/")[2]
    held = effects.locks(storage.uuid)[instance_inventory.instance(operated, "vm-1").host]
    of_it = {lv: use for lv, use in held.items() if lv in {top, *behind}}
    proves("R5.2", "locks", None, seen=of_it, wanted={**behind, top: "exclusive"})
    counted = told.counted
    stopped()

    snapshots.revert(operated, "running")
    at_snapshot = started()
    proves("R5.2", "reverted_to_the_later", None, wanted=True,
           seen=then < at_snapshot < counted)  # fmt: skip
    stopped()
    snapshots.revert(operated, "at-rest")
    # Deleted at once: the volume keeps what it was reverted to all the same.
    snapshots.delete(operated, "at-rest")
    proves("R5.2", "reverted_to_the_earlier", None, seen=started(), wanted=then)
    stopped()
    snapshots.revert(operated, "running")
    proves("R5.2", "other_kept", None, seen=started(), wanted=at_snapshot)
    stopped()
    snapshots.delete(operated, "running")
    proves("R5.2", "nothing_left", None, seen=sorted(effects.volumes(storage.uuid)),
           wanted=sorted(recorded_volumes(operated)))  # fmt: skip
    held = effects.locks(storage.uuid, instance_inventory.volume(operated, root).uuid)
    proves("R5.2", "no_locks", None, seen=held, wanted=nothing(deployed, {}))


def recorded_volumes(management: Management) -> set[str]:
    """The logical volumes that the record gives a volume, a snapshot or an image."""
    layers = [
        *instance_inventory.volumes(management),
        *instance_inventory.snapshots(management),
    ]
    return {one.install_path.rpartition("/")[2] for one in layers} | {
        one.uuid for one in instance_inventory.images(management) if one.storages
    }
