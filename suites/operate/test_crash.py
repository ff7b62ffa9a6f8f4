"""A host loses its power with an instance on it: its locks come free in time, and no earlier.

Slow: sanlock waits minutes before it gives another host what a silent one held.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fixtures.instances import OPERATES, Guests
from sbsim.acceptance import Run
from sbsim.acceptance.effects import Effects
from sbsim.acceptance.proof import Proof
from sbsim.checks import disagreements
from sbsim.checks.lease_times import free_after_power_cut
from sbsim.machines import Clock
from sbsim.machines.clock import wait_until
from sbsim.management import instance_inventory, instances, inventory, reconnection
from sbsim.management.deployed import Deployed
from sbsim.management.instance_inventory import InstanceInventory
from sbsim.management.inventory import StorageInventory
from sbsim.management.management import Management
from sbsim.sharedblock.errors import VolumeLocked
from sbsim.sharedblock.lock_space import read_delta_leases, read_fire_seconds
from sbsim.sharedblock.profiles import profile
from sbsim.sharedblock.volumes import Use

pytestmark = [
    *OPERATES,
    pytest.mark.requires("power_cycle"),
    pytest.mark.breaks,
    pytest.mark.slow,
    pytest.mark.long,
]

ASKED_EVERY_SECONDS = 1.0
# What a refusal by another host's lock itself takes on an emulated host, and a login after a boot.
SPARE_SECONDS = 30.0
LOGIN_LIMIT_SECONDS = 120.0


def test_locks_of_a_lost_host_come_free_in_time_and_it_comes_back_with_its_own_id(
    sbsim_run: Run,
    operated: Management,
    deployed: Deployed,
    storage: StorageInventory,
    make_instance: Callable[..., InstanceInventory],
    guests: Guests,
    effects: Effects,
    clock: Clock,
    proves: Proof,
) -> None:
    other, lost = deployed.deployment.hosts[:2]
    io_timeout = deployed.deployment.lab.io_timeout
    bounds = free_after_power_cut(
        io_timeout or profile(deployed.deployment.profile).io_timeout,
        read_fire_seconds(deployed.machines[other.name]),
    )
    vg, volumes = storage.uuid, deployed.volumes(other)
    ids = {one.host: one.host_id for one in storage.hosts}
    make_instance("vm-1", lost.name)
    counted = guests.next_round("vm-1").counted
    lv = instance_inventory.volume(operated, "vm-1-root").install_path.rpartition("/")[2]

    sbsim_run.backend.power(lost.name, on=False)
    began = clock.now()
    try:
        told = reconnection.reconnect(operated, storage.name)
        assert list(told.errors) == [lost.name]
        assert inventory.storage(operated, storage.name).status.value == "Connected"
        assert instance_inventory.instance(operated, "vm-1").state.value == "Unknown"

        def taken() -> bool:
            try:
                volumes.use(vg, (lv,), Use.EXCLUSIVE)
            except VolumeLocked:
                return False
            return True

        wait_until(
            clock, taken, bounds.latest + SPARE_SECONDS, f"{lv} to come free", ASKED_EVERY_SECONDS
        )
        seconds = clock.now() - began
        text = (f"{seconds:.0f} s after {lost.name} had lost its power its lock came free; sanlock "
                f"gives it after {bounds.earliest} to {bounds.latest} s")  # fmt: skip
        proves.finding("locks-of-a-lost-host", text, where=lost.name)
        assert bounds.earliest <= seconds <= bounds.latest + SPARE_SECONDS, text
        volumes.use(vg, (lv,), Use.NONE)
    finally:
        sbsim_run.backend.power(lost.name, on=True)

    wwids = [lun.wwid for lun in deployed.deployment.luns]
    deployed.san(lost).settle(wwids, LOGIN_LIMIT_SECONDS)
    assert reconnection.reconnect(operated, storage.name).errors == {}
    leases = {one.name: one.host_id for one in read_delta_leases(deployed.machines[lost.name])}
    assert leases[f"lvm_{vg}"] == ids[lost.name]
    assert instance_inventory.instance(operated, "vm-1").state.value == "Stopped"
    assert disagreements(operated, effects.seen([vg])) == []
    instances.start(operated, "vm-1", lost.name)
    # Nothing that the guest was told to be on its disk is lost.
    assert guests.next_round("vm-1").found >= counted
    assert disagreements(operated, effects.seen([vg])) == []
