"""Servers that are not what the description says."""

from __future__ import annotations

import re

from sbsim.faults.breaks.registry import named
from sbsim.faults.scene import Scene


@named("host-name-wrong")
def host_name_wrong(scene: Scene) -> None:
    """One host calls itself otherwise."""
    scene.machine(2).run("hostnamectl", "set-hostname", "localhost")


@named("second-management-node")
def second_management_node(scene: Scene) -> None:
    """A host calls itself the management node."""
    scene.machine(3).run(
        "hostnamectl", "set-hostname", scene.deployed.deployment.management_node.name
    )


@named("other-os-release")
def other_os_release(scene: Scene) -> None:
    """One host runs another release."""
    machine = scene.machine(2)
    text = machine.read("/etc/os-release").decode()
    older = re.sub(r'(?<=VERSION_ID=")\d+', lambda match: str(int(match[0]) - 1), text)
    machine.write("/etc/os-release", older.encode())


@named("hosts-entry-missing")
def hosts_entry_missing(scene: Scene) -> None:
    """One host does not know another one's name."""
    machine, gone = scene.machine(1), scene.host(2).name
    lines = machine.read("/etc/hosts").decode().splitlines(keepends=True)
    machine.write("/etc/hosts", "".join(line for line in lines if gone not in line).encode())


@named("hosts-entry-wrong")
def hosts_entry_wrong(scene: Scene) -> None:
    """One host looks for another one at its own address."""
    machine, other = scene.machine(1), scene.host(2)
    text = machine.read("/etc/hosts").decode()
    wrong = text.replace(f"{other.address}", f"{scene.host(1).address}")
    machine.write("/etc/hosts", wrong.encode())


@named("cable-pulled")
def cable_pulled(scene: Scene) -> None:
    """One host's last storage link is not plugged in."""
    host = scene.host(1)
    links = [link for link, _ in scene.deployed.deployment.links_of(host) if link.storage]
    scene.backend.link(host.name, links[-1].name, up=False)


@named("wrong-mtu")
def wrong_mtu(scene: Scene) -> None:
    """One host's card takes smaller packets than the link's others."""
    server = scene.deployed.server(scene.host(1).name)
    addresses = set(scene.host(1).all_addresses)
    card = next(
        card for card in server.network_cards if {item.ip for item in card.addresses} & addresses
    )
    server.machine.run("ip", "link", "set", "dev", card.name, "mtu", "1400")


@named("host-silent")
def host_silent(scene: Scene) -> None:
    """One host answers no ping."""
    scene.machine(2).run("tee", "/proc/sys/net/ipv4/icmp_echo_ignore_all", input="1")
    scene.machine(2).run("tee", "/proc/sys/net/ipv6/icmp/echo_ignore_all", input="1")
