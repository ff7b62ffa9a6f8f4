"""Chapter 3.5: adding a primary storage: what is refused, what wiping clears, what is spared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from sbsim.acceptance.platform import Platform
from sbsim.acceptance.proof import Proof
from sbsim.deployment import Lun
from sbsim.errors import SbsimError
from sbsim.faults.lun_content import LunContent
from sbsim.initiator.multipath import Multipath
from sbsim.initiator.paths import several_paths
from sbsim.management import attachment, inventory, primary_storage
from sbsim.management.clusters import add_cluster
from sbsim.management.deployed import Deployed
from sbsim.management.entities import StorageKind
from sbsim.management.inventory import StorageInventory
from sbsim.management.management import Management
from sbsim.management.primary_storage import NewStorage
from sbsim.sharedblock.disk import find_disk
from sbsim.sharedblock.errors import WipeRefused
from sbsim.sharedblock.lock_space import read_delta_leases
from sbsim.sharedblock.profiles import profile
from sbsim.sharedblock.wipe import wipe

pytestmark = pytest.mark.requires("pool")


@pytest.mark.requirement("R3.16")
@pytest.mark.requires("apply")
def test_bad_names_and_ids_are_refused_and_nothing_is_kept(
    management: Management, deployed: Deployed, spare_lun: Lun, proves: Proof
) -> None:
    before = inventory.storages(management)
    good = _new(deployed, "another", spare_lun)
    # What is asked for, and the words in which it must be refused.
    cases = {
        "empty_name": (replace(good, name=""), "the name has 0 characters"),
        "long_name": (replace(good, name="n" * 256), "the name has 256 characters"),
        "no_disk": (replace(good, disks=()), "at least one disk"),
        "empty_id": (replace(good, disks=("",)), "the disk id '' has 0 characters"),
        "long_id": (replace(good, disks=("d" * 256,)), "has 256 characters"),
        "twice": (replace(good, disks=good.disks * 2), "more than once"),
        "unknown_id": (replace(good, disks=(f"{good.disks[0]}00",)), "can not find disk"),
        "taken": (replace(good, disks=before[0].disks[:1]), "a disk can be in one storage only"),
    }
    for probe, (new, words) in cases.items():
        refusal = _refusal(management, deployed, new)
        proves("R3.16", probe, None, seen=words if words in refusal else refusal, wanted=words)
    proves("R3.16", "nothing_kept", None, seen=[one.name for one in inventory.storages(management)],
           wanted=[one.name for one in before])  # fmt: skip


@pytest.fixture
def content(deployed: Deployed, spare_lun: Lun, platform: Platform) -> Iterator[LunContent]:
    """The spare LUN, to put something on; empty again afterwards."""
    content = LunContent(deployed, spare_lun)
    yield content
    content.clear()


# What is on the LUN, the requirement it proves, and a word of the refusal.
REFUSED = [
    ("ext4", "R3.17"),
    ("xfs", "R3.17"),
    ("raid", "R3.17"),
    ("foreign-group", "R3.17"),
    ("gpt", "R3.19"),
    ("mbr", "R3.19"),
]


@pytest.mark.parametrize(
    ("kind", "id"),
    [pytest.param(kind, id, marks=pytest.mark.requirement(id)) for kind, id in REFUSED],
)
@pytest.mark.requires("apply", "array_control")
def test_lun_that_holds_something_is_refused_and_left_as_it_is(
    management: Management,
    deployed: Deployed,
    content: LunContent,
    spare_lun: Lun,
    kind: str,
    id: str,
    proves: Proof,
) -> None:
    content.make(kind)
    digests, before = content.digests(), inventory.storages(management)
    refusal = _refusal(management, deployed, _new(deployed, "on-used-lun", spare_lun))
    probe = kind.replace("-", "_")
    proves(id, f"{probe}_refused", None, seen=refusal != "", wanted=True)
    proves(id, f"{probe}_untouched", None, seen=content.digests(), wanted=digests)
    assert inventory.storages(management) == before


@pytest.mark.parametrize("kind", ["ext4", "xfs", "raid", "gpt", "mbr"])
@pytest.mark.requirement("R3.18")
@pytest.mark.requires("apply", "array_control")
def test_wiping_clears_every_signature(
    deployed: Deployed, content: LunContent, spare_lun: Lun, kind: str, proves: Proof
) -> None:
    content.make(kind)
    of = profile(deployed.deployment.profile)
    machine = deployed.machines[deployed.deployment.hosts[0].name]
    id = deployed.disk_id(spare_lun)
    device = find_disk(machine, id, of.disks)
    assert machine.run("wipefs", "--no-act", device).stdout, f"{kind} left no signature to clear"
    wipe(machine, deployed.clock, device, id, "0" * 32, of.wiping, epoch=0)
    device = find_disk(machine, id, of.disks)
    left = machine.run("wipefs", "--no-act", device).lines
    proves("R3.18", f"{kind}_cleared", None, seen=left, wanted=[])


@pytest.mark.requirement("R3.18")
@pytest.mark.requires("apply", "array_control")
def test_wiping_spares_a_lun_that_is_in_use(
    deployed: Deployed, content: LunContent, spare_lun: Lun, proves: Proof
) -> None:
    of = profile(deployed.deployment.profile)
    machine = deployed.machines[deployed.deployment.hosts[0].name]
    id = deployed.disk_id(spare_lun)
    content.make("ext4")
    device, digests = find_disk(machine, id, of.disks), content.digests()
    # A device mapper target lies on it, as one would of a guest's disk or an encrypted one.
    machine.run("dmsetup", "create", "in-use", "--table", f"0 8 linear {device} 0")
    try:
        with pytest.raises(WipeRefused, match="in use"):
            wipe(machine, deployed.clock, device, id, "0" * 32, of.wiping, epoch=0)
    finally:
        machine.run("dmsetup", "remove", "--retry", "in-use")
    proves("R3.18", "spared_in_use", None, seen=content.digests(), wanted=digests)


@pytest.mark.requirement("R3.18", "R4.8")
@pytest.mark.requires("apply", "array_control")
def test_lun_that_held_partitions_becomes_a_second_storage_with_wiping_on(
    management: Management,
    deployed: Deployed,
    storage: StorageInventory,
    content: LunContent,
    spare_lun: Lun,
    proves: Proof,
) -> None:
    content.make("gpt")
    new = replace(_new(deployed, "wiped", spare_lun), wipe=True)
    cluster = deployed.deployment.clusters[0].name
    added = primary_storage.add_and_attach(management, new, (cluster,))
    try:
        seen = inventory.storage(management, added.uuid)
        pools = [
            one for one in inventory.storages(management) if one.kind is StorageKind.SHARED_BLOCK
        ]
        spaces = {
            host.name: sorted(
                (one.name, one.host_id)
                for one in read_delta_leases(deployed.machines[host.name])
                if one.joined
            )
            for host in deployed.deployment.hosts
        }
    finally:
        attachment.detach_from_cluster(management, added.uuid, cluster)
        primary_storage.delete(management, added.uuid)
    proves("R3.18", "storage_made", None, seen=seen.status.value, wanted="Connected")
    states = {one.name: one.status.value for one in pools}
    proves("R4.8", "both_connected", None, seen=states, wanted=dict.fromkeys(states, "Connected"))
    places = {(one.host, f"lvm_{of.uuid}", one.host_id) for of in pools for one in of.hosts}
    wanted = {
        host: sorted((space, id) for name, space, id in places if name == host) for host in spaces
    }
    proves("R4.8", "lock_spaces", None, seen=spaces, wanted=wanted)


@pytest.mark.requirement("R3.20")
@pytest.mark.requires("apply", "array_control")
def test_add_fails_where_a_host_does_not_see_the_lun(
    management: Management,
    deployed: Deployed,
    content: LunContent,
    spare_lun: Lun,
    proves: Proof,
) -> None:
    digests = content.digests()
    *seeing, blind = deployed.deployment.hosts_of(deployed.deployment.clusters[0])
    machine = deployed.machines[blind.name]
    gone = [one for one in deployed.san(blind).devices() if one.wwid == spare_lun.wwid]
    paths = several_paths(deployed.deployment, blind)
    if spare_lun.wwid in paths:  # its map would stay without a path, and still be found by its id
        Multipath(machine, deployed.clock).flush(spare_lun.wwid)
    for one in gone:
        machine.run("tee", f"/sys/class/scsi_device/{one.hctl}/device/delete", input="1")
    try:
        refusal = _refusal(management, deployed, _new(deployed, "not-everywhere", spare_lun))
    finally:
        deployed.san(blind).rescan_hosts()
        deployed.san(blind).settle(wwids=[spare_lun.wwid])
        if spare_lun.wwid in paths:
            Multipath(machine, deployed.clock).settle(paths)
    proves("R3.20", "refused", None, seen=refusal != "", wanted=True)
    proves("R3.20", "names_the_host", None, seen=blind.name in refusal, wanted=True)
    others = [one.name for one in seeing if f"{one.name}:" in refusal]
    proves("R3.20", "blames_no_other", None, seen=others, wanted=[])
    proves("R3.20", "nothing_made", None, seen=content.digests(), wanted=digests)


@pytest.mark.requirement("R3.20")
@pytest.mark.requires("apply")
def test_cluster_without_hosts_is_refused(
    management: Management, deployed: Deployed, spare_lun: Lun, proves: Proof
) -> None:
    empty = add_cluster(management, "cluster-without-hosts", deployed.deployment.zone)
    new = _new(deployed, "nowhere", spare_lun)
    refusal = _refusal(management, deployed, new, cluster=empty.name)
    proves("R3.20", "host_must_be_known", None, seen="no host" in refusal, wanted=True)


def _new(deployed: Deployed, name: str, lun: Lun) -> NewStorage:
    disk = deployed.disk_id(lun)
    return NewStorage(name=name, zone=deployed.deployment.zone, disks=(disk,))


def _refusal(
    management: Management, deployed: Deployed, new: NewStorage, cluster: str | None = None
) -> str:
    """What is said when a storage is added and attached; empty if nothing is refused."""
    name = cluster or deployed.deployment.clusters[0].name
    try:
        added = primary_storage.add_and_attach(management, new, (name,))
    except SbsimError as error:
        return str(error)
    # It should not be there: take it away again, so that only this test fails.
    attachment.detach_from_cluster(management, added.uuid, name)
    primary_storage.delete(management, added.uuid)
    return ""
