"""Chapter 3.5: the primary storage, as it stands on the hosts and in the platform.

Slow: making and joining a lock space waits for sanlock, some 50 s in all at its own io_timeout.
"""

from __future__ import annotations

import contextlib

import pytest

from sbsim.acceptance.proof import Proof
from sbsim.deployment import Host, PrimaryStorage
from sbsim.machines import Machine
from sbsim.machines.packages import Packages
from sbsim.management import inventory
from sbsim.management.deployed import Deployed
from sbsim.management.inventory import StorageInventory
from sbsim.management.management import Management
from sbsim.management.opening import host_packages
from sbsim.sharedblock.configure import (
    SERVICES,
    seen_settings,
    wanted_filter,
    wanted_settings,
)
from sbsim.sharedblock.connect import MADE_TAG
from sbsim.sharedblock.disk import find_disk
from sbsim.sharedblock.errors import DiskNotFound
from sbsim.sharedblock.lock_space import read_delta_leases
from sbsim.sharedblock.lvm import Lvm
from sbsim.sharedblock.profiles import profile

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
    management: Management,
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
    known = [
        id
        for one in inventory.storages(management)
        if host.name in [member.host for member in one.hosts]
        for id in one.disks
    ]
    wanted = {**wanted_settings(of, place.host_id), **wanted_filter(host_machine, of, known)}
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
    by_iscsi = {one.wwid for one in deployed.san(host).devices() if one.iqn}
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
    size = deployed.pool_size(deployed.deployment.lun(name) for name in described_storage.luns)
    group = Lvm(host_machine).group(storage.uuid)
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
CLUSTER_DAEMONS = (
    "corosync.service", "dlm.service", "glusterd.service", "o2cb.service", "ocfs2.service",
    "pacemaker.service",
)  # fmt: skip
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
    states = host_machine.run("systemctl", "is-active", "--", *CLUSTER_DAEMONS, check=False).lines
    active = [
        name for name, state in zip(CLUSTER_DAEMONS, states, strict=True) if state == "active"
    ]
    proves("R1.5", "no_daemon", host.name, seen=active, wanted=[])
    modules = host_machine.run("cat", "/proc/modules").stdout
    loaded = sorted(name for name in CLUSTER_FILE_SYSTEMS if f"{name} " in modules)
    proves("R1.5", "no_module", host.name, seen=loaded, wanted=[])
