"""Chapter 3.2: the hosts reach the array, are who they should be, and are logged in."""

from __future__ import annotations

import ipaddress

import pytest

from sbsim.acceptance import Run
from sbsim.acceptance.proof import Proof
from sbsim.deployment import AnyServer, Deployment, Host, Secret
from sbsim.initiator.initiator import Initiator
from sbsim.initiator.routes import reachable_portals, shown_nodes, wanted_nodes
from sbsim.initiator.trial import ACCEPTED, REFUSED, shown, try_logins
from sbsim.machines import parallel
from sbsim.machines.clock import wait_until
from sbsim.machines.server import Server
from sbsim.management.deployed import Deployed

SESSIONS_LIMIT_SECONDS = 120


@pytest.mark.requirement("R3.4")
def test_server_pings_every_other_server(
    server: Server, described: AnyServer, deployment: Deployment, proves: Proof
) -> None:
    def pinged(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
        return server.pings(str(address))

    links = {link.name for link, _ in deployment.links_of(described)}
    wanted = {
        f"{other.name} {address}": True
        for other in deployment.machines
        if other.name != described.name
        for link, addresses in deployment.links_of(other)
        if link.name in links
        for address in addresses
    }
    seen = {place: pinged(ipaddress.ip_address(place.split()[1])) for place in wanted}
    proves("R3.4", "ping", described.name, seen=seen, wanted=wanted)


@pytest.mark.requirement("R3.5")
def test_host_has_its_own_initiator_name(initiator: Initiator, host: Host, proves: Proof) -> None:
    proves("R3.5", "initiator_name", host.name, seen=initiator.name(), wanted=host.initiator)


@pytest.mark.requirement("R3.5")
def test_no_two_hosts_have_one_initiator_name(deployed: Deployed, proves: Proof) -> None:
    names = parallel(deployed.deployment.hosts, lambda host: deployed.initiator(host).name())
    for host, name in names.items():
        twins = sorted(other for other in names if other != host and names[other] == name)
        proves("R3.5", "distinct", host, seen=twins, wanted=[])


@pytest.mark.requirement("R3.6")
def test_host_has_the_chap_settings(
    initiator: Initiator, deployed: Deployed, host: Host, proves: Proof
) -> None:
    seen, wanted = initiator.chap_settings(), deployed.chap
    proves("R3.6", "chap_settings", host.name,
           seen={**_shown(seen), "passwords": seen == wanted or "others"},
           wanted={**_shown(wanted), "passwords": True})  # fmt: skip


@pytest.mark.requirement("R3.6")
def test_wrong_password_is_refused_by_every_target(deployed: Deployed, proves: Proof) -> None:
    # Where no password is described, no array may ask for one.
    answer = REFUSED if deployed.deployment.chap else ACCEPTED
    wrong = Secret("no-password-of-anybody")

    def tried(host: Host) -> dict[str, str]:
        initiator = deployed.initiator(host)
        nodes = shown(initiator, wanted_nodes(deployed.deployment, host))
        return try_logins(initiator, nodes, password=wrong)

    found = parallel(deployed.deployment.hosts, tried)
    for name, seen in found.items():
        if seen:
            proves("R3.6", "wrong_password_refused", name,
                   seen=seen, wanted=dict.fromkeys(seen, answer))  # fmt: skip
    without = [name for name, seen in found.items() if not seen]
    if without:
        proves.blocked(f"no target is shown to {', '.join(without)}")


def _shown(chap: object) -> dict[str, object]:
    return {name: getattr(chap, name) for name in ("method", "user", "mutual_user")}


@pytest.mark.requirement("R3.7")
def test_discovery_lists_every_target_with_portal_and_tag(
    initiator: Initiator, deployment: Deployment, host: Host, proves: Proof
) -> None:
    seen, wanted = {}, {}
    for server in deployment.storage_servers:
        nodes = shown_nodes(deployment, host, server)
        for _tag, portal in reachable_portals(deployment, host, server):
            found = initiator.discover(portal, records="none")
            seen[str(portal)] = sorted(str(node) for node in found)
            wanted[str(portal)] = sorted(str(node) for node in nodes)
    proves("R3.7", "discovery", host.name, seen=seen, wanted=wanted)


@pytest.mark.requirement("R3.8")
def test_host_is_logged_in_to_every_target_and_will_be_after_a_restart(
    initiator: Initiator, deployment: Deployment, host: Host, proves: Proof
) -> None:
    nodes = wanted_nodes(deployment, host)
    proves("R3.8", "startup", host.name,
           seen={str(node): initiator.startup_of(node) for node in initiator.nodes()},
           wanted={str(node): "automatic" for node in nodes})  # fmt: skip
    proves("R3.8", "sessions", host.name,
           seen={str(session.node): session.state for session in initiator.sessions()},
           wanted={str(node): "LOGGED_IN" for node in nodes})  # fmt: skip


@pytest.mark.requirement("R3.8")
@pytest.mark.requires("power_cycle")
@pytest.mark.destructive
@pytest.mark.slow
def test_sessions_come_back_after_every_host_was_restarted(
    deployed: Deployed, sbsim_run: Run
) -> None:
    """Slow: three hosts boot at once, and emulated that takes most of a minute."""
    deployment = deployed.deployment

    def restart(host: Host) -> None:
        sbsim_run.backend.restart(host.name)

    def missing(host: Host) -> set[str]:
        present = {
            str(session.node)
            for session in deployed.initiator(host).sessions()
            if session.state == "LOGGED_IN"
        }
        return {str(node) for node in wanted_nodes(deployment, host)} - present

    parallel(deployment.hosts, restart)
    left = parallel(
        deployment.hosts,
        lambda host: wait_until(
            deployed.clock,
            lambda: not missing(host),
            SESSIONS_LIMIT_SECONDS,
            f"{host.name}'s sessions to come back",
            every_seconds=2,
        ),
    )
    assert all(left.values())
