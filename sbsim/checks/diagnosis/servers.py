"""Names, releases, hosts files, cables (chapter 2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sbsim.checks.diagnosis.diagnosis import Diagnosis
from sbsim.deployment import AnyServer, Deployment
from sbsim.machines import parallel
from sbsim.machines.server import NetworkCard
from sbsim.management.deployed import Deployed


@dataclass(frozen=True)
class Seen:
    """What a server says of itself; `knows` are the addresses that it has for hosts' names."""

    host_name: str
    os_release: str
    cards: tuple[NetworkCard, ...]
    knows: Mapping[str, frozenset[str]]
    answers: bool


def look(deployed: Deployed) -> Iterator[Diagnosis]:
    """What is wrong with the servers."""
    deployment = deployed.deployment

    def read(server: AnyServer) -> Seen:
        asked = deployed.server(server.name)
        names = [host.name for host in deployment.hosts]
        return Seen(
            asked.host_name,
            asked.os_release,
            asked.network_cards,
            asked.resolve(*names) if server in deployment.hosts else {},
            manager.pings(str(server.address)),
        )

    manager = deployed.server(deployment.management_node.name)
    seen = parallel(deployment.machines, read)
    for server in deployment.machines:
        yield from _names(deployment, server.name, seen[server.name])
        yield from _links(deployment, server, seen[server.name])


def _names(deployment: Deployment, name: str, seen: Seen) -> Iterator[Diagnosis]:
    manager = deployment.management_node.name
    if seen.host_name == manager != name:
        yield Diagnosis(
            "two-management-nodes",
            name,
            f"it calls itself {manager}, as the management node does",
            f"name it anew: hostnamectl set-hostname {name}",
        )
    elif seen.host_name != name:
        yield Diagnosis(
            "host-name-differs",
            name,
            f"it calls itself {seen.host_name}",
            f"name it anew: hostnamectl set-hostname {name}",
        )
    if seen.os_release != deployment.os_release:
        yield Diagnosis(
            "mixed-os-releases",
            name,
            f"it runs {seen.os_release}, the deployment {deployment.os_release}",
            "install the same release on every server, or describe the one that is there",
        )
    if not seen.answers:
        yield Diagnosis(
            "answers-no-ping",
            name,
            f"a ping from {manager} is not answered",
            "look at its cable, its firewall and net.ipv4.icmp_echo_ignore_all",
        )
    if seen.knows or name in {host.name for host in deployment.hosts}:
        yield from _hosts_file(deployment, name, seen.knows)


def _hosts_file(
    deployment: Deployment, name: str, knows: Mapping[str, frozenset[str]]
) -> Iterator[Diagnosis]:
    for host in deployment.hosts:
        wanted, known = str(host.address), knows.get(host.name, frozenset())
        if not known:
            yield Diagnosis(
                "hosts-entry-missing",
                f"{name}: /etc/hosts",
                f"{host.name} has no entry",
                f"add the line: {wanted} {host.name}",
            )
        elif known != {wanted}:
            yield Diagnosis(
                "hosts-entry-wrong",
                f"{name}: /etc/hosts",
                f"{host.name} is {', '.join(sorted(known))}, and is at {wanted}",
                f"leave one line for it: {wanted} {host.name}",
            )


def _links(deployment: Deployment, server: AnyServer, seen: Seen) -> Iterator[Diagnosis]:
    for link, addresses in deployment.links_of(server):
        cards = [card for card in seen.cards if any(link.carries(one.ip) for one in card.addresses)]
        have = {str(one.ip) for card in cards for one in card.addresses}
        for address in sorted({str(one) for one in addresses} - have):
            yield Diagnosis(
                "address-missing",
                f"{server.name}: {link.name}",
                f"no card has {address}",
                "give the card on that link its address",
            )
        for card in cards:
            yield from _card(server.name, link.name, link.mtu, card)


def _card(server: str, link: str, mtu: int, card: NetworkCard) -> Iterator[Diagnosis]:
    if not card.carrier:
        yield Diagnosis(
            "cable-out",
            f"{server}: {link}",
            f"{card.name} has no carrier",
            "plug the cable in, or look at the switch's port",
        )
    if card.mtu != mtu:
        yield Diagnosis(
            "mtu-differs",
            f"{server}: {link}",
            f"{card.name} takes packets of {card.mtu} bytes, the link {mtu}",
            f"ip link set dev {card.name} mtu {mtu}, and in the card's configuration",
        )
