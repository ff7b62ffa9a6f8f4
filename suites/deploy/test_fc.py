"""Chapter 1: the storage is reached by Fibre Channel, port by port, and by nobody else."""

from __future__ import annotations

import pytest

from sbsim.acceptance.proof import Proof
from sbsim.deployment import Deployment, Host, PrimaryStorage, StorageServer
from sbsim.initiator.fc.initiator import FcInitiator
from sbsim.initiator.routes import fc_ways, routes
from sbsim.machines import Machine
from sbsim.management.deployed import Deployed
from sbsim.management.inventory import StorageInventory

pytestmark = pytest.mark.requires("fc")


@pytest.mark.requirement("R1.3")
def test_hosts_ports_are_online_and_logged_in_to_the_arrays(
    storage: StorageInventory,
    deployed: Deployed,
    deployment: Deployment,
    host: Host,
    host_machine: Machine,
    proves: Proof,
) -> None:
    side = FcInitiator(host_machine, deployed.clock)
    own = {port.number: port for port in side.ports() if port.online}
    seen: dict[str, list[str]] = {port.wwpn: [] for port in own.values()}
    for remote in side.logins():
        if remote.usable and remote.scsi_host in own:
            seen[own[remote.scsi_host].wwpn].append(remote.wwpn)
    wanted: dict[str, list[str]] = {port.wwpn: [] for port in host.ports}
    for server in deployment.storage_servers:
        for port, other in fc_ways(deployment, host, server):
            wanted[port.wwpn].append(other.wwpn)
    proves("R1.3", "ports", host.name,
           seen={name: sorted(ports) for name, ports in sorted(seen.items())},
           wanted={name: sorted(ports) for name, ports in sorted(wanted.items())})  # fmt: skip


@pytest.mark.requirement("R1.3")
def test_host_reaches_its_pool_by_fibre_channel(
    storage: StorageInventory,
    described_storage: PrimaryStorage,
    deployed: Deployed,
    deployment: Deployment,
    host: Host,
    proves: Proof,
) -> None:
    luns = [deployment.lun(name) for name in described_storage.luns]
    devices = deployed.san(host).devices()
    proves(
        "R1.3",
        "by_fc",
        host.name,
        seen={
            lun.name: sorted(one.wwpn for one in devices if one.wwid == lun.wwid and one.wwpn)
            for lun in luns
        },
        wanted={
            lun.name: sorted(way.place for way in routes(deployment, host) if lun in way.luns)
            for lun in luns
        },
    )


@pytest.mark.requirement("R1.3")
def test_arrays_ports_let_in_the_named_hosts_ports_only(
    platform: object,
    deployed: Deployed,
    storage_server: StorageServer,
    proves: Proof,
) -> None:
    wanted = deployed.wanted(storage_server)
    found = deployed.target_server(storage_server).read(wanted)
    let_in = {
        name: {one.iqn: sorted(each.name for each in one.initiators) for one in array.targets}
        for name, array in (("seen", found.array), ("wanted", wanted))
    }
    proves("R1.3", "acl", storage_server.name, seen=let_in["seen"], wanted=let_in["wanted"])
