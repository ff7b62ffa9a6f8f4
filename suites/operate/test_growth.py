"""Chapter 4: a storage in use grows, by a LUN or with one.

What grew cannot be made small again, so the lab goes back to where it was.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from sbsim.acceptance import Run
from sbsim.acceptance.proof import Proof
from sbsim.deployment import Lun, PrimaryStorage, StorageServer
from sbsim.initiator.writing import Writing, writing
from sbsim.machines import Clock, parallel
from sbsim.machines.clock import wait_until
from sbsim.management import growth, inventory
from sbsim.management.candidates import candidates
from sbsim.management.deployed import Deployed
from sbsim.management.errors import ManagementError
from sbsim.management.inventory import StorageInventory
from sbsim.management.management import Management
from sbsim.sharedblock.lvm import Lvm
from sbsim.sharedblock.sizes import GIB

pytestmark = [
    pytest.mark.requires("pool", "apply", "array_control", "disposable"),
    pytest.mark.destructive,
]

MORE_BYTES = 4 * GIB
WRITER_BLOCKS = 256


@contextlib.contextmanager
def in_use(deployed: Deployed, clock: Clock, storage: StorageInventory) -> Iterator[Writing]:
    """Inside, the first host writes to a volume of the pool and reads it back."""
    machine, vg = deployed.machines[deployed.deployment.hosts[0].name], storage.uuid
    machine.run("lvcreate", "--yes", "--size", "64m", "--name", "in-use", vg, timeout=120)
    try:
        with writing(machine, f"/dev/{vg}/in-use", 0, WRITER_BLOCKS) as writer:
            wait_until(clock, lambda: writer.told().writes > 0, 60.0, "the first write")
            before = writer.told().writes
            yield writer
            wait_until(clock, lambda: writer.told().writes > before, 60.0, "a write after it")
    finally:
        machine.run("lvremove", "--yes", f"{vg}/in-use", timeout=120)


@pytest.fixture(scope="module")
def undone(sbsim_run: Run, management: Management) -> Iterator[None]:
    """Whatever the tests do to the lab, it is as before after the last of them."""
    name = f"before-growth-{sbsim_run.lab_name}"  # other labs may have the same machines
    sbsim_run.backend.save(name, sbsim_run.progress)
    yield
    sbsim_run.backend.restore(name, sbsim_run.progress)
    sbsim_run.backend.forget(name)


def group_sizes(deployed: Deployed, storage: StorageInventory) -> dict[str, int | None]:
    """The volume group's size as each host tells it."""

    def size(name: str) -> int | None:
        group = Lvm(deployed.machines[name]).group(storage.uuid)
        return group.size if group else None

    return parallel(deployed.deployment.hosts, lambda host: size(host.name))


@pytest.mark.requirement("R4.14")
def test_candidates_are_the_free_luns_as_the_product_shows_them(
    management: Management, deployed: Deployed, spare_lun: Lun, proves: Proof
) -> None:
    listed = candidates(management, deployed.deployment.clusters[0].name)
    spare = [one.wwid for one in deployed.deployment.spare_luns]
    proves("R4.14", "candidates", None, seen=sorted(one.wwid for one in listed),
           wanted=sorted(spare))  # fmt: skip
    found = next(one for one in listed if one.wwid == spare_lun.wwid)
    kind = "mpath" if deployed.is_multipath else "disk"
    seen = {"wwn": found.wwn.removeprefix("0x"), "type": found.kind, "capacity": found.size}
    wanted = {"wwn": spare_lun.wwn, "type": kind, "capacity": spare_lun.size}
    proves("R4.14", "columns", None, seen=seen, wanted=wanted)
    host = deployed.deployment.hosts_of(deployed.deployment.clusters[0].name)[0]
    paths = [one for one in deployed.san(host).devices() if one.wwid == spare_lun.wwid]
    proves("R4.14", "place", None, wanted=True,
           seen=(found.vendor, found.model, found.hctl)
           in {(one.vendor, one.model, str(one.hctl)) for one in paths})  # fmt: skip
    proves("R4.14", "path", None, seen="lun-" in found.path, wanted=True)


@pytest.mark.requirement("R1.6", "R4.14")
def test_lun_is_added_while_the_storage_is_in_use(
    undone: None,
    management: Management,
    deployed: Deployed,
    storage: StorageInventory,
    described_storage: PrimaryStorage,
    spare_lun: Lun,
    clock: Clock,
    proves: Proof,
) -> None:
    id = deployed.disk_id(spare_lun)
    with in_use(deployed, clock, storage) as writer:
        growth.add_disk(management, storage.name, id)
    proves("R4.14", "no_io_error", None, seen=writer.told().faults, wanted=[])
    now = inventory.storage(management, storage.name)
    proves("R4.14", "recorded", None, seen=list(now.disks), wanted=[*storage.disks, id])
    names = [*described_storage.luns, spare_lun.name]
    wanted = deployed.pool_size(deployed.deployment.lun(name) for name in names)
    proves("R4.14", "capacity", None, seen=now.total, wanted=wanted)
    sizes = group_sizes(deployed, storage)
    proves("R1.6", "lun_added", None, seen=sizes, wanted=dict.fromkeys(sizes, wanted))


@pytest.mark.requirement("R1.6", "R4.15")
def test_grown_lun_gives_its_room_to_the_storage_and_a_shrunk_one_is_told(
    undone: None,
    sbsim_run: Run,
    management: Management,
    deployed: Deployed,
    described_storage: PrimaryStorage,
    clock: Clock,
    proves: Proof,
) -> None:
    before = inventory.storage(management, described_storage.name)
    lun = deployed.deployment.lun(described_storage.luns[-1])
    server = server_of(deployed, lun)
    sbsim_run.backend.resize_disk(server.name, lun.device, lun.size + MORE_BYTES)
    with in_use(deployed, clock, before) as writer:
        growth.refresh(management, before.name)
    proves("R4.15", "no_io_error", None, seen=writer.told().faults, wanted=[])
    now = inventory.storage(management, before.name)
    proves("R4.15", "capacity", None, seen=now.total - before.total, wanted=MORE_BYTES)
    sizes = group_sizes(deployed, before)
    proves("R1.6", "lun_grown", None, seen=sizes, wanted=dict.fromkeys(sizes, now.total))
    seen = {
        host.name: sorted(
            {one.bytes for one in deployed.san(host).devices() if one.wwid == lun.wwid}
        )
        for host in deployed.deployment.hosts
    }
    proves("R4.15", "lun_size", None, seen=seen,
           wanted={name: [lun.size + MORE_BYTES] for name in seen})  # fmt: skip

    sbsim_run.backend.resize_disk(server.name, lun.device, lun.size)
    with pytest.raises(ManagementError) as caught:
        growth.refresh(management, before.name)
    proves("R4.15", "shrunk_is_told", None, seen="has shrunk" in str(caught.value), wanted=True)
    kept = inventory.storage(management, before.name)
    seen_now = [kept.total, group_sizes(deployed, before)]
    proves("R4.15", "shrunk_changes_nothing", None, seen=seen_now, wanted=[now.total, sizes])


def server_of(deployed: Deployed, lun: Lun) -> StorageServer:
    """The storage server that shows a LUN."""
    return next(
        server
        for server in deployed.deployment.storage_servers
        if any(lun in target.luns for target in server.targets)
    )
