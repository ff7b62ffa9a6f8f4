"""Chapter 3.5: the primary storage, as it stands on the hosts and in the platform.

Slow: making and joining a lock space waits for sanlock, some 50 s in all at its own io_timeout.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace

import pytest

from sbsim.acceptance.platform import Platform
from sbsim.acceptance.proof import Proof
from sbsim.deployment import Host, Lun, PrimaryStorage
from sbsim.errors import SbsimError
from sbsim.faults.lun_content import LunContent
from sbsim.initiator.multipath import Multipath
from sbsim.initiator.paths import paths_by_wwid
from sbsim.machines import Machine
from sbsim.machines.packages import Packages
from sbsim.management import attachment, inventory, primary_storage, reconnection
from sbsim.management.clusters import add_cluster
from sbsim.management.deployed import Deployed
from sbsim.management.errors import Refused
from sbsim.management.inventory import StorageInventory
from sbsim.management.management import Management
from sbsim.management.opening import host_packages
from sbsim.management.primary_storage import NewStorage
from sbsim.sharedblock.configure import SERVICES, seen_settings, wanted_settings
from sbsim.sharedblock.connect import MADE_TAG
from sbsim.sharedblock.disk import find_disk
from sbsim.sharedblock.errors import DiskNotFound, WipeRefused
from sbsim.sharedblock.lock_space import read_delta_leases
from sbsim.sharedblock.lvm import Lvm
from sbsim.sharedblock.profiles import profile
from sbsim.sharedblock.sizes import pool_size
from sbsim.sharedblock.wipe import wipe

pytestmark = pytest.mark.requires("pool")


@pytest.mark.requirement("R2.5")
@pytest.mark.requires("apply")
def test_platform_installs_what_a_host_lacks_and_nothing_the_second_time(
    management: Management,
    deployed: Deployed,
    host: Host,
    host_machine: Machine,
    proves: Proof,
) -> None:
    wanted = sorted(host_packages(deployed))
    known = next(one for one in inventory.hosts(management) if one.name == host.name)
    # The platform installs what is missing and notes it: all of it was absent before.
    proves("R2.5", "installed", host.name, seen=sorted(known.installed), wanted=wanted)
    found = Packages(host_machine).installed(wanted)
    proves("R2.5", "present", host.name, seen=sorted(found), wanted=wanted)
    again = management.install(host.name)
    proves("R2.5", "second_time", host.name, seen=list(again), wanted=[])


@pytest.mark.requirement("R3.15")
def test_storage_is_known_as_it_was_described(
    storage: StorageInventory,
    described_storage: PrimaryStorage,
    deployed: Deployed,
    proves: Proof,
) -> None:
    proves(
        "R3.15",
        "record",
        None,
        seen={
            "name": storage.name,
            "description": storage.description,
            "zone": storage.zone,
            "clusters": list(storage.clusters),
            "disks": list(storage.disks),
            "state": storage.state.value,
        },
        wanted={
            "name": described_storage.name,
            "description": described_storage.description,
            "zone": deployed.deployment.zone,
            "clusters": list(described_storage.clusters),
            "disks": list(deployed.disk_ids(described_storage)),
            "state": "Enabled",
        },
    )


@pytest.mark.requirement("R3.15")
def test_host_is_set_up_as_the_products_version_does_it(
    storage: StorageInventory,
    deployed: Deployed,
    host: Host,
    host_machine: Machine,
    proves: Proof,
) -> None:
    of, given = profile(deployed.deployment.profile), deployed.deployment.lab.io_timeout
    if given is not None and given != of.io_timeout:
        text = f"sanlock's io_timeout: {given} s instead of {of.io_timeout} s"
        proves.finding("io-timeout", text, where=host.name)
    place = next(one for one in storage.hosts if one.host == host.name)
    wanted = wanted_settings(of, place.host_id)
    seen = seen_settings(host_machine, of)
    proves("R3.15", "settings", host.name, seen={key: seen.get(key) for key in wanted},
           wanted=wanted)  # fmt: skip
    states = host_machine.run("systemctl", "is-active", "--", *SERVICES, check=False).lines
    proves("R3.15", "services", host.name, seen=dict(zip(SERVICES, states, strict=True)),
           wanted=dict.fromkeys(SERVICES, "active"))  # fmt: skip
    group = Lvm(host_machine).group(storage.uuid)
    made = [tag for tag in group.tags if tag.startswith(MADE_TAG)] if group else []
    proves("R3.15", "made_by_the_platform", host.name, seen=len(made),
           wanted=1 if of.group_tags else 0)  # fmt: skip


@pytest.mark.requirement("R1.1", "R1.2")
def test_host_has_the_described_luns_as_its_pool(
    storage: StorageInventory,
    described_storage: PrimaryStorage,
    deployed: Deployed,
    host: Host,
    host_machine: Machine,
    proves: Proof,
) -> None:
    lvm, of = Lvm(host_machine), profile(deployed.deployment.profile)
    luns = [deployed.deployment.lun(name) for name in described_storage.luns]
    devices = {}
    for id, lun in zip(deployed.disk_ids(described_storage), luns, strict=True):
        with contextlib.suppress(DiskNotFound):  # a pool without it is what is looked for
            devices[find_disk(host_machine, id, of.disks)] = lun.name
    members = [one.path for one in lvm.physical_volumes(storage.uuid)]
    real = host_machine.run("readlink", "-e", "--", *members, check=False).lines
    proves("R1.1", "luns", host.name, seen=sorted(devices.get(path, path) for path in real),
           wanted=sorted(described_storage.luns))  # fmt: skip
    by_iscsi = {one.wwid for one in deployed.initiator(host).devices() if one.iqn}
    proves("R1.2", "by_iscsi", host.name, seen=[lun.name for lun in luns if lun.wwid in by_iscsi],
           wanted=[lun.name for lun in luns])  # fmt: skip


@pytest.mark.requirement("R3.15")
def test_host_sees_the_pools_size(
    storage: StorageInventory,
    described_storage: PrimaryStorage,
    deployed: Deployed,
    host: Host,
    host_machine: Machine,
    proves: Proof,
) -> None:
    of = profile(deployed.deployment.profile)
    luns = [deployed.deployment.lun(name) for name in described_storage.luns]
    group = Lvm(host_machine).group(storage.uuid)
    size = pool_size([lun.size for lun in luns], of.metadata or 0)
    proves("R3.15", "size", host.name, seen=group.size if group else None, wanted=size)


@pytest.mark.requirement("R3.15", "R4.7")
def test_host_has_its_place_in_the_lock_space(
    storage: StorageInventory, host: Host, host_machine: Machine, proves: Proof
) -> None:
    leases = {one.name: one.host_id for one in read_delta_leases(host_machine) if one.joined}
    seen = leases.get(f"lvm_{storage.uuid}")
    place = next((one for one in storage.hosts if one.host == host.name), None)
    proves("R3.15", "host_id", host.name, seen=seen, wanted=place.host_id if place else None)
    proves("R4.7", "joined", host.name, seen=seen is not None, wanted=True)
    proves("R4.7", "status", host.name, seen=place.status.value if place else None,
           wanted="Connected")  # fmt: skip


@pytest.mark.requirement("R3.15", "R4.7")
def test_no_two_hosts_share_a_host_id(storage: StorageInventory, proves: Proof) -> None:
    ids = [one.host_id for one in storage.hosts]
    proves("R4.7", "distinct_host_ids", None, seen=len(set(ids)), wanted=len(ids))


# What a cluster file system would bring: packages, daemons' processes, mounts.
CLUSTER_FILE_SYSTEMS = ("ocfs2", "gfs2", "gpfs", "lustre", "ceph", "glusterfs")
CLUSTER_PACKAGES = ("ocfs2-tools", "gfs2-utils", "dlm-controld", "corosync", "pacemaker")


@pytest.mark.requirement("R1.5")
def test_host_runs_no_cluster_file_system(
    storage: StorageInventory, host: Host, host_machine: Machine, proves: Proof
) -> None:
    mounted = host_machine.run("findmnt", "--noheadings", "--output", "FSTYPE").stdout.split()
    proves("R1.5", "no_mount", host.name,
           seen=sorted(set(mounted) & set(CLUSTER_FILE_SYSTEMS)), wanted=[])  # fmt: skip
    found = Packages(host_machine).installed(CLUSTER_PACKAGES)
    proves("R1.5", "no_package", host.name, seen=sorted(found), wanted=[])
    modules = host_machine.run("cat", "/proc/modules").stdout
    loaded = sorted(name for name in CLUSTER_FILE_SYSTEMS if f"{name} " in modules)
    proves("R1.5", "no_module", host.name, seen=loaded, wanted=[])


# --- adding: what is refused ------------------------------------------------------------------


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
    id = of.disk_id(spare_lun.wwid, deployed.is_multipath)
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
    id = of.disk_id(spare_lun.wwid, deployed.is_multipath)
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
        first = inventory.storage(management, storage.uuid)
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
    states = [one.status.value for one in (first, seen)]
    proves("R4.8", "both_connected", None, seen=states, wanted=["Connected", "Connected"])
    places = {(one.host, f"lvm_{of.uuid}", one.host_id) for of in (first, seen) for one in of.hosts}
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
    blind = deployed.deployment.hosts[-1]
    machine = deployed.machines[blind.name]
    gone = [one for one in deployed.initiator(blind).devices() if one.wwid == spare_lun.wwid]
    if deployed.is_multipath:  # it would stay without a path, and still be found by its id
        Multipath(machine, deployed.clock).flush(spare_lun.wwid)
    for one in gone:
        machine.run("tee", f"/sys/class/scsi_device/{one.hctl}/device/delete", input="1")
    try:
        refusal = _refusal(management, deployed, _new(deployed, "not-everywhere", spare_lun))
    finally:
        deployed.initiator(blind).rescan_hosts()
        deployed.initiator(blind).settle(wwids=[spare_lun.wwid])
        if deployed.is_multipath:
            paths = paths_by_wwid(deployed.deployment, blind)
            Multipath(machine, deployed.clock).settle({spare_lun.wwid: paths[spare_lun.wwid]})
    proves("R3.20", "refused", None, seen=refusal != "", wanted=True)
    proves("R3.20", "names_the_host", None, seen=blind.name in refusal, wanted=True)
    others = [one.name for one in deployed.deployment.hosts[:-1] if f"{one.name}:" in refusal]
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


# --- operating --------------------------------------------------------------------------------


@pytest.mark.requirement("R4.12")
@pytest.mark.requires("apply")
def test_delete_is_refused_while_attached(
    management: Management, storage: StorageInventory, proves: Proof
) -> None:
    with pytest.raises(Refused) as caught:
        primary_storage.delete(management, storage.uuid)
    proves("R4.12", "refused", None, seen=caught.value.code, wanted="SYS.1004")
    kept = inventory.storage(management, storage.uuid)
    proves("R4.12", "kept", None, seen=kept == storage, wanted=True)


@pytest.mark.requirement("R4.3", "R4.4")
@pytest.mark.requires("apply")
def test_storage_is_connected_while_any_host_is_and_reconnects(
    management: Management, deployed: Deployed, storage: StorageInventory, proves: Proof
) -> None:
    lost = deployed.deployment.hosts[-1]
    machine = deployed.machines[lost.name]
    machine.run("vgchange", "--lock-stop", storage.uuid, timeout=120)
    machine.run("systemctl", "mask", "--now", "lvmlockd.service")
    try:
        reconnection.reconnect(management, storage.uuid)
        seen = inventory.storage(management, storage.uuid)
    finally:
        machine.run("systemctl", "unmask", "lvmlockd.service")
    proves("R4.4", "any_host", None, seen=seen.status.value, wanted="Connected")
    states = {one.host: one.status.value for one in seen.hosts}
    proves("R4.4", "lost_host", None, seen=states[lost.name], wanted="Disconnected")
    reconnection.reconnect(management, storage.uuid)
    again = inventory.storage(management, storage.uuid)
    proves("R4.3", "all_connected", None, seen=sorted({one.status.value for one in again.hosts}),
           wanted=["Connected"])  # fmt: skip
    proves("R4.3", "capacity", None, seen=again.total, wanted=storage.total)
    leases = {one.name for one in read_delta_leases(machine) if one.joined}
    proves("R4.3", "joined_again", None, seen=f"lvm_{storage.uuid}" in leases, wanted=True)


@pytest.mark.requirement("R4.10", "R4.7")
@pytest.mark.requires("apply")
def test_detached_storage_leaves_no_lock_space_and_is_attached_again(
    management: Management, deployed: Deployed, storage: StorageInventory, proves: Proof
) -> None:
    cluster = storage.clusters[0]
    attachment.detach_from_cluster(management, storage.uuid, cluster)
    hosts = deployed.deployment.hosts_of(cluster)
    spaces = {
        name: [one.name for one in read_delta_leases(deployed.machines[name])]
        for name in (host.name for host in hosts)
    }
    proves("R4.10", "left_everywhere", None, seen=spaces,
           wanted={host.name: [] for host in hosts})  # fmt: skip
    detached = inventory.storage(management, storage.uuid)
    proves("R4.10", "detached", None, seen=list(detached.clusters), wanted=[])
    group = Lvm(deployed.machines[hosts[0].name]).group(storage.uuid)
    proves("R4.10", "group_kept", None, seen=group.uuid if group else None,
           wanted=storage.vg_uuid)  # fmt: skip
    attachment.attach_to_cluster(management, storage.uuid, cluster)
    again = inventory.storage(management, storage.uuid)
    proves("R4.7", "attached_again", None, seen=[again.vg_uuid, *again.clusters],
           wanted=[storage.vg_uuid, cluster])  # fmt: skip


def _new(deployed: Deployed, name: str, lun: Lun) -> NewStorage:
    of = profile(deployed.deployment.profile)
    disk = of.disk_id(lun.wwid, deployed.is_multipath)
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
