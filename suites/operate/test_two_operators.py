"""Two operators at once, from two processes: one wins, the other is told why, and all agree."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from fixtures.instances import OPERATES
from sbsim.acceptance import Run
from sbsim.acceptance.effects import Effects
from sbsim.checks import disagreements
from sbsim.deployment import Lun
from sbsim.lab.folder import LabFolder
from sbsim.management import attachment, instance_inventory, instances, inventory
from sbsim.management.deployed import Deployed
from sbsim.management.instance_inventory import InstanceInventory
from sbsim.management.inventory import StorageInventory
from sbsim.management.management import Management

pytestmark = [
    *OPERATES,
    pytest.mark.requires("disposable"),
    pytest.mark.breaks,
    pytest.mark.slow,
    pytest.mark.long,
]

LIMIT_SECONDS = 400
# What the one who loses may be told: the other's operation, or what has come of it.
LOST = ("another operation is under way", "it is ", "is Maintenance", "can not find", "there is no")


@pytest.fixture
def at_once(sbsim_run: Run) -> Iterator[Callable[..., list[tuple[int, str]]]]:
    """``at_once("vm stop vm-1", "vm stop vm-1")``: each one's exit status and what it said."""
    link = LabFolder(sbsim_run.lab_name).description
    new = not link.exists()
    if new:  # the commands look there for the deployment of the lab
        link.symlink_to(sbsim_run.options.deployment.absolute())

    def at_once(*commands: str) -> list[tuple[int, str]]:
        begun = [
            subprocess.Popen(
                [sys.executable, "-m", "sbsim", *one.split(), "--lab", sbsim_run.lab_name],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            )
            for one in commands
        ]  # fmt: skip
        told = [one.communicate(timeout=LIMIT_SECONDS)[0] for one in begun]
        for command, process, text in zip(commands, begun, told, strict=True):
            print(f"sbsim {command}: status {process.returncode}\n{text}")
        return [(one.returncode, text) for one, text in zip(begun, told, strict=True)]

    yield at_once
    if new:
        link.unlink()


def assert_one_won(ended: list[tuple[int, str]]) -> None:
    """At least one did what it was asked for; who did not was refused in words."""
    lost = [(status, text) for status, text in ended if status != 0]
    assert len(lost) < len(ended), ended
    for status, text in lost:
        assert status == 2, text
        assert any(words in text for words in LOST), text


@pytest.mark.parametrize(
    "second", ["vm stop vm-1", "vm migrate vm-1", "volume resize vm-1-root --size 80MiB"]
)
def test_two_operations_on_one_instance(
    at_once: Callable[..., list[tuple[int, str]]],
    operated: Management,
    storage: StorageInventory,
    make_instance: Callable[..., InstanceInventory],
    effects: Effects,
    second: str,
) -> None:
    make_instance("vm-1")
    assert_one_won(at_once("vm stop vm-1", second))
    assert disagreements(operated, effects.seen([storage.uuid])) == []


def test_maintenance_and_a_start(
    at_once: Callable[..., list[tuple[int, str]]],
    enabled_after: None,
    operated: Management,
    storage: StorageInventory,
    make_instance: Callable[..., InstanceInventory],
    effects: Effects,
) -> None:
    make_instance("vm-1")
    instances.stop(operated, "vm-1")
    ended = at_once(f"ps maintain {storage.name} --yes", "vm start vm-1")
    assert_one_won(ended)
    assert disagreements(operated, effects.seen([storage.uuid])) == []
    state = inventory.storage(operated, storage.name).state.value
    runs = instance_inventory.instance(operated, "vm-1").state.value
    # Whoever came first: nothing runs on a storage in maintenance.
    assert (state, runs) in {("Maintenance", "Stopped"), ("Enabled", "Running")}


@pytest.fixture
def undone(sbsim_run: Run, operated: Management) -> Iterator[None]:
    """Whatever the test does to the lab, it is as before afterwards."""
    name = f"before-two-{sbsim_run.lab_name}"
    sbsim_run.backend.save(name, sbsim_run.progress)
    yield
    sbsim_run.backend.restore(name, sbsim_run.progress)
    sbsim_run.backend.forget(name)


def test_adding_a_lun_and_refreshing(
    undone: None,
    at_once: Callable[..., list[tuple[int, str]]],
    operated: Management,
    deployed: Deployed,
    storage: StorageInventory,
    spare_lun: Lun,
    effects: Effects,
) -> None:
    id = deployed.disk_id(spare_lun)
    ended = at_once(f"ps add-disk {storage.name} --disk {id}", f"ps refresh {storage.name}")
    assert_one_won(ended)
    assert disagreements(operated, effects.seen([storage.uuid])) == []
    inside = id in inventory.storage(operated, storage.name).disks
    assert inside == (ended[0][0] == 0)


def test_deleting_and_attaching(
    undone: None,
    at_once: Callable[..., list[tuple[int, str]]],
    operated: Management,
    storage: StorageInventory,
) -> None:
    (cluster,) = storage.clusters
    attachment.detach_from_cluster(operated, storage.uuid, cluster)
    ended = at_once(
        f"ps delete {storage.name} --yes", f"ps attach {storage.name} --cluster {cluster}"
    )
    assert_one_won(ended)
    deleted, attached = ended[0][0] == 0, ended[1][0] == 0
    assert deleted != attached
    there = {one.name: one.clusters for one in inventory.storages(operated)}
    assert there == ({} if deleted else {storage.name: (cluster,)})
