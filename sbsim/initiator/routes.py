"""The ways that lead from a host to its LUNs, as the description has them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sbsim.deployment import Deployment, FcPort, Host, Link, Lun, Portal, StorageServer, Target
from sbsim.initiator.node import Node


@dataclass(frozen=True)
class Route:
    """One way to a target: its name, where it is reached (portal or WWPN), over which link."""

    target_name: str
    place: str
    link: Link
    luns: tuple[Lun, ...]


def routes(deployment: Deployment, host: Host) -> tuple[Route, ...]:
    """Return every way that the host has to a target of its own."""
    found = _over_fc if deployment.transport == "fc" else _over_iscsi
    return tuple(found(deployment, host))


def target_names(deployment: Deployment, host: Host, target: Target) -> tuple[str, ...]:
    """Return the names under which the host sees a target: over FC each of its ports is one."""
    if deployment.transport == "iscsi":
        return (iqn_of(target),)
    server = next(one for one in deployment.storage_servers if target in one.targets)
    return tuple(port.naa for _, port in fc_ways(deployment, host, server))


# --- iSCSI ------------------------------------------------------------------------------------


def iqn_of(target: Target) -> str:
    """Return the name of an iSCSI target: every sound description has it."""
    assert target.iqn is not None, "a target over Fibre Channel has no IQN"
    return target.iqn


def initiator_of(host: Host) -> str:
    """Return the iSCSI name of a host: every sound description has it."""
    assert host.initiator is not None, "a host over Fibre Channel has no initiator name"
    return host.initiator


def reachable_portals(
    deployment: Deployment, host: Host, server: StorageServer
) -> tuple[tuple[int, Portal], ...]:
    """Return the server's portals on storage links that the host is on, each with its tag."""
    links = [link for link, _ in deployment.links_of(host) if link.storage]
    return tuple(
        (controller.tag, portal)
        for controller in server.controllers
        for portal in controller.portals
        if any(link.carries(portal.address) for link in links)
    )


def wanted_nodes(deployment: Deployment, host: Host) -> tuple[Node, ...]:
    """Return every target of the host at every portal that it can reach."""
    return tuple(
        node
        for server in deployment.storage_servers
        for node in shown_nodes(deployment, host, server)
    )


def shown_nodes(deployment: Deployment, host: Host, server: StorageServer) -> tuple[Node, ...]:
    """Return every target of the server that the host may log in to, at every portal it reaches."""
    return tuple(
        Node(portal, tag, iqn_of(target))
        for target in server.targets
        if host in deployment.initiators_of(target)
        for tag, portal in reachable_portals(deployment, host, server)
    )


def _over_iscsi(deployment: Deployment, host: Host) -> Iterator[Route]:
    luns = {target.iqn: target.luns for target in deployment.targets}
    for node in wanted_nodes(deployment, host):
        link = next(one for one in deployment.links if one.carries(node.portal.address))
        yield Route(node.iqn, str(node.portal), link, luns[node.iqn])


# --- Fibre Channel ----------------------------------------------------------------------------


def fc_ways(
    deployment: Deployment, host: Host, server: StorageServer
) -> tuple[tuple[FcPort, FcPort], ...]:
    """Return the host's port and the server's, for every fabric that both have one on."""
    return tuple(
        (own, port) for port in server.fc_ports for own in host.ports if own.link == port.link
    )


def _over_fc(deployment: Deployment, host: Host) -> Iterator[Route]:
    links = {link.name: link for link in deployment.links}
    for server in deployment.storage_servers:
        for target in server.targets:
            if host in deployment.initiators_of(target):
                for _, port in fc_ways(deployment, host, server):
                    yield Route(port.naa, port.wwpn, links[port.link], target.luns)
