"""Ports of Fibre Channel fabrics."""

from __future__ import annotations

from collections.abc import Iterator

from sbsim.deployment.finding import Fault
from sbsim.deployment.node import Node
from sbsim.deployment.rules.common import any_text, machines, repeated, unknown
from sbsim.deployment.rules.transports import is_fabric, is_over_fc
from sbsim.deployment.wwpn import wwpn


def ports_of(machine: Node) -> Iterator[Node]:
    """Return the ports of a host, or of a storage server's controllers."""
    yield from machine.each("ports")
    yield from machine.each("controllers", "ports")


def duplicate_wwpns(root: Node) -> Iterator[Fault]:
    """Every port has its own WWPN."""
    owners = {port.at("wwpn").path: one for one in machines(root) for port in ports_of(one)}
    nodes = (port.at("wwpn") for one in machines(root) for port in ports_of(one))
    for first, again in repeated(nodes, wwpn):
        yield again.fault(
            f"'{again.value}', which a port of {owners[first.path].label} already has",
            "",
            "give every port its own WWPN",
        )


def ports_off_fabric(root: Node) -> Iterator[Fault]:
    """Every port is on a link that is a Fibre Channel fabric."""
    if not is_over_fc(root):
        return iter(())  # that there are ports at all is a finding of its own
    references = (port.at("link") for one in machines(root) for port in ports_of(one))
    fabrics = (link for link in root.each("links") if is_fabric(link))
    return unknown(
        references, fabrics, 'link with transport = "fc"', 'add it as [[links]], transport = "fc"'
    )


def two_ports_on_one_link(root: Node) -> Iterator[Fault]:
    """A machine has one port on a fabric: its paths are told apart by their links."""
    for machine in machines(root):
        for _, again in repeated((port.at("link") for port in ports_of(machine)), any_text):
            yield again.fault(
                f"a second port of {machine.label} on '{again.value}'",
                "one port of a machine on a link",
                "give it another link, or remove it",
            )


def hosts_without_a_way(root: Node) -> Iterator[Fault]:
    """A host shares a fabric with a port of an array."""
    if not is_over_fc(root):
        return
    controllers = list(root.each("storage_servers", "controllers"))
    if not all(list(one.each("ports")) for one in controllers):
        return  # a controller without ports is a finding of its own
    shown = {port.at("link").read(any_text) for one in controllers for port in one.each("ports")}
    known = {link.at("name").read(any_text) for link in root.each("links") if is_fabric(link)}
    for host in root.each("hosts"):
        own = {port.at("link").read(any_text) for port in host.each("ports")}
        # Links that are not there are findings of their own.
        if own and own <= known and not own & shown:
            yield host.at("ports").fault(
                f"no port of {host.label} on a link of a controller",
                "a link that both have a port on",
                "correct the link of a port",
            )


def several_targets(root: Node) -> Iterator[Fault]:
    """A storage server has one set of LUNs: each of its ports is a target, and shows them."""
    if not is_over_fc(root):
        return
    for server in root.each("storage_servers"):
        for target in list(server.each("targets"))[1:]:
            yield target.fault(
                f"a second target of {server.label} over Fibre Channel",
                "one target: every port of the server shows its LUNs",
                "move its LUNs to the first one",
            )
