"""Chapter 2: the servers, their names, their releases, their wiring."""

from __future__ import annotations

import pytest

from sbsim.acceptance.proof import Proof
from sbsim.deployment import AnyServer, Controller, Deployment
from sbsim.initiator.fc.sysfs import read_fc_hosts
from sbsim.machines import Machine, parallel
from sbsim.machines.server import Server
from sbsim.management.deployed import Deployed
from sbsim.report import quantity


@pytest.mark.requirement("R2.1")
def test_server_has_the_stated_name_size_and_address(
    server: Server, described: AnyServer, deployment: Deployment, proves: Proof
) -> None:
    name, scale = described.name, deployment.lab.scale
    proves("R2.1", "hostname", name, seen=server.host_name, wanted=name)
    addresses = {str(item.ip) for card in server.network_cards for item in card.addresses}
    wanted = sorted(str(item) for item in described.all_addresses)
    proves("R2.1", "address", name, seen=sorted(addresses & set(wanted)), wanted=wanted)
    # A lab may give less than the guide asks for: both are stated, the difference is a finding.
    for fact, asked, seen in (
        ("cpus", described.cpus, server.cpus),
        ("memory", described.memory, server.memory),
    ):
        given = getattr(scale, fact) if scale else asked
        if asked and given and given < asked:
            shown = quantity.memory if fact == "memory" else str
            text = f"{fact}: {shown(given)} instead of {shown(asked)}"
            proves.finding("scaled-down", text, where=name)
        proves.at_least("R2.1", fact, name, seen=seen, wanted=given or 0)


@pytest.mark.requirement("R2.2")
def test_server_runs_the_stated_release(
    server: Server, described: AnyServer, deployment: Deployment, proves: Proof
) -> None:
    proves("R2.2", "os_release", described.name,
           seen=server.os_release, wanted=deployment.os_release)  # fmt: skip


@pytest.mark.requirement("R2.3")
def test_one_server_and_no_other_is_the_management_node(
    machines: dict[str, Machine], deployment: Deployment, proves: Proof
) -> None:
    names = parallel(machines.values(), lambda machine: Server(machine).host_name)
    wanted = deployment.management_node.name
    claiming = sorted(name for name, seen in names.items() if seen == wanted)
    proves("R2.3", "role", None, seen=claiming, wanted=[wanted])


@pytest.mark.requirement("R2.4")
def test_host_resolves_every_hosts_name(
    host_machine: Machine, deployment: Deployment, proves: Proof
) -> None:
    wanted = {host.name: [str(host.address)] for host in deployment.hosts}
    resolved = Server(host_machine).resolve(*wanted)
    seen = {name: sorted(addresses) for name, addresses in resolved.items()}
    proves("R2.4", "resolves", host_machine.name, seen=seen, wanted=wanted)


@pytest.mark.requirement("R2.6")
def test_server_is_wired_to_its_links(
    server: Server, described: AnyServer, deployment: Deployment, proves: Proof
) -> None:
    cards = server.network_cards
    wanted: dict[str, object] = {
        link.name: {"addresses": sorted(map(str, addresses)), "mtu": link.mtu, "carrier": True}
        for link, addresses in deployment.links_of(described)
    }
    wanted |= {port.link: {"port": port.wwpn, "online": True} for port in described.fc_ports}
    hosts = read_fc_hosts(server.machine) if described.fc_ports else ()
    online = {one.wwpn: one.online for one in hosts}
    seen: dict[str, object] = {
        port.link: {"port": port.wwpn, "online": online[port.wwpn]}
        for port in described.fc_ports
        if port.wwpn in online
    }
    for link, _ in deployment.links_of(described):
        for card in cards:
            on_link = sorted(str(item.ip) for item in card.addresses if link.carries(item.ip))
            if on_link:
                seen[link.name] = {
                    "addresses": on_link, "mtu": card.mtu, "carrier": card.carrier,
                }  # fmt: skip
    proves("R2.6", "wiring", described.name, seen=seen, wanted=wanted)


@pytest.mark.requirement("R2.7")
def test_redundancy_is_as_described_and_what_lacks_it_is_reported(
    deployed: Deployed, proves: Proof
) -> None:
    deployment = deployed.deployment
    host = deployment.hosts[0]

    def answers(controller: Controller) -> bool:
        return deployed.transport.answers(deployed.san(host), controller)

    wanted = {
        f"{server.name} {controller.name}": True
        for server in deployment.storage_servers
        for controller in server.controllers
    }
    seen = {
        f"{server.name} {controller.name}": answers(controller)
        for server in deployment.storage_servers
        for controller in server.controllers
    }
    # A single link or controller is the guide's own set-up: reported, not hidden (R2.7).
    for server in deployment.storage_servers:
        if len(server.controllers) < 2:
            proves.finding("single-controller", "the array has one controller", where=server.name)
    links = [link for link in deployment.links if link.storage]
    if len(links) < 2:
        proves.finding("single-link", "the storage network is one link", where=links[0].name)
    proves("R2.7", "redundancy", None, seen=seen, wanted=wanted)
