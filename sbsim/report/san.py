"""The SAN as a report shows it: the recorded description joined with the sessions seen.

Works on the description's JSON alone and takes it as it comes: what is missing is left out.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from sbsim.report.records import Session

State = Literal["up", "down", "unknown", "unexpected"]


@dataclass(frozen=True)
class Link:
    """A network, or over Fibre Channel a fabric: that has no subnets."""

    name: str
    subnets: tuple[str, ...]
    is_fabric: bool = False

    def carries(self, address: str) -> bool:
        """Whether an address lies in one of the link's subnets."""
        return any(_lies_in(address, subnet) for subnet in self.subnets)


@dataclass(frozen=True)
class Portal:
    """A portal of a controller; `text` as iscsiadm prints it.

    Over Fibre Channel it is a port: `text` is its WWPN, `link` names its fabric.
    """

    address: str
    text: str
    link: str = ""

    def is_on(self, link: Link) -> bool:
        """Whether a link leads to it."""
        return self.link == link.name if self.link else link.carries(self.address)

    def target(self, iqn: str) -> str:
        """The name of a target that it shows: over Fibre Channel it is one by itself."""
        return f"naa.{self.text.replace(':', '')}" if self.link else iqn


@dataclass(frozen=True)
class Controller:
    """A portal group of a storage server."""

    name: str
    tag: int
    portals: tuple[Portal, ...]


@dataclass(frozen=True)
class Lun:
    """A LUN of a target; size in bytes."""

    lun: int
    name: str
    size: int
    serial: str
    cache: str
    backing: str


@dataclass(frozen=True)
class Target:
    """A target, its LUNs, and the hosts that may log in; without a name over Fibre Channel."""

    iqn: str
    hosts: tuple[str, ...]
    luns: tuple[Lun, ...]


@dataclass(frozen=True)
class Server:
    """A storage server."""

    name: str
    address: str
    controllers: tuple[Controller, ...]
    targets: tuple[Target, ...]

    @property
    def portals(self) -> tuple[Portal, ...]:
        """The portals of all controllers."""
        return tuple(portal for one in self.controllers for portal in one.portals)


@dataclass(frozen=True)
class SessionSeen:
    """A session that should be, or is: `stated` is what the host calls its state."""

    host: str
    target: str
    portal: str
    state: State
    stated: str


@dataclass(frozen=True)
class Machine:
    """A host or the management node (`names` empty). Memory in bytes.

    `names` are the host's initiator, or its ports' WWPNs; `fabrics` those that they are on.
    """

    name: str
    address: str
    addresses: tuple[str, ...]
    cpus: int | None
    memory: int | None
    names: tuple[str, ...]
    fabrics: tuple[str, ...] = ()
    sessions: tuple[SessionSeen, ...] = ()

    def is_on(self, link: Link) -> bool:
        """Whether it has an address or a port on a link."""
        carried = any(link.carries(address) for address in self.addresses)
        return carried or link.name in self.fabrics


@dataclass(frozen=True)
class San:
    """Everything that is drawn."""

    links: tuple[Link, ...]
    servers: tuple[Server, ...]
    management: tuple[Machine, ...]
    hosts: tuple[Machine, ...]

    @property
    def machines(self) -> tuple[Machine, ...]:
        """The management node and the hosts."""
        return (*self.management, *self.hosts)

    def link_of(self, portal: Portal) -> Link | None:
        """The link that leads to a portal."""
        return next((link for link in self.links if portal.is_on(link)), None)


def describe(deployment: Mapping[str, Any], sessions: tuple[Session, ...] | None) -> San:
    """The SAN of a recorded description. `sessions` None: nobody looked, each is `unknown`."""
    names = tuple(_text(one, "name") for one in _entries(deployment, "hosts"))
    servers = tuple(_server(one, names) for one in _entries(deployment, "storage_servers"))
    seen = {(one.host, one.target, _plain(one.portal)): one for one in sessions or ()}
    hosts = []
    for entry in _entries(deployment, "hosts"):
        host = _machine(entry)
        joined = _expected(host, servers, seen, looked=sessions is not None)
        joined += _unexpected(host.name, joined, seen.values())
        hosts.append(replace(host, sessions=tuple(joined)))
    node = deployment.get("management_node")
    return San(
        links=tuple(
            Link(
                _text(one, "name"),
                tuple(str(subnet) for subnet in one.get("subnets") or ()),
                _text(one, "transport") == "fc",
            )
            for one in _entries(deployment, "links")
        ),
        servers=servers,
        management=(_machine(node),) if isinstance(node, Mapping) else (),
        hosts=tuple(hosts),
    )


def _expected(
    host: Machine,
    servers: tuple[Server, ...],
    seen: Mapping[tuple[str, str, str], Session],
    *,
    looked: bool,
) -> list[SessionSeen]:
    """One per target that the host may log in to and portal of its server that it can reach."""
    found = []
    for server in servers:
        for target in server.targets:
            for portal in server.portals if host.name in target.hosts else ():
                if portal.link and portal.link not in host.fabrics:
                    continue
                name = portal.target(target.iqn)
                session = seen.get((host.name, name, _plain(portal.text)))
                stated = session.state if session else ""
                state: State = "unknown" if not looked else "up" if _is_up(stated) else "down"
                found.append(SessionSeen(host.name, name, portal.text, state, stated))
    return found


def _unexpected(
    host: str, expected: list[SessionSeen], seen: Iterable[Session]
) -> list[SessionSeen]:
    known = {(one.target, _plain(one.portal)) for one in expected}
    return [
        SessionSeen(host, one.target, one.portal, "unexpected", one.state)
        for one in seen
        if one.host == host and (one.target, _plain(one.portal)) not in known
    ]


def _is_up(stated: str) -> bool:
    return stated.upper().replace(" ", "_") in ("LOGGED_IN", "ONLINE")


def _server(entry: Mapping[str, Any], hosts: tuple[str, ...]) -> Server:
    return Server(
        name=_text(entry, "name"),
        address=_text(entry, "address"),
        controllers=tuple(
            Controller(
                _text(one, "name"),
                _number(one.get("tag")) or position,
                tuple(_portal(portal) for portal in _entries(one, "portals"))
                + tuple(_port(port) for port in _entries(one, "ports")),
            )
            for position, one in enumerate(_entries(entry, "controllers"), start=1)
        ),
        targets=tuple(
            Target(
                _text(one, "iqn"),
                tuple(str(host) for host in one.get("initiators") or hosts),
                tuple(_lun(lun) for lun in _entries(one, "luns")),
            )
            for one in _entries(entry, "targets")
        ),
    )


def _lun(entry: Mapping[str, Any]) -> Lun:
    return Lun(
        lun=_number(entry.get("lun")) or 0,
        name=_text(entry, "name"),
        size=_number(entry.get("size")) or 0,
        serial=_text(entry, "serial"),
        cache=_text(entry, "cache"),
        backing=_text(entry, "backing"),
    )


def _portal(entry: Mapping[str, Any]) -> Portal:
    address = _text(entry, "address")
    text = f"[{address}]" if ":" in address else address
    return Portal(address, f"{text}:{_number(entry.get('port')) or 3260}")


def _port(entry: Mapping[str, Any]) -> Portal:
    return Portal("", _text(entry, "wwpn"), _text(entry, "link"))


def _machine(entry: Mapping[str, Any]) -> Machine:
    more, ports = entry.get("addresses"), _entries(entry, "ports")
    names = (_text(entry, "initiator"), *(_text(one, "wwpn") for one in ports))
    return Machine(
        name=_text(entry, "name"),
        address=_text(entry, "address"),
        addresses=(
            _text(entry, "address"),
            *(str(one) for one in (more if isinstance(more, list) else ())),
        ),
        cpus=_number(entry.get("cpus")),
        memory=_number(entry.get("memory")),
        names=tuple(filter(None, names)),
        fabrics=tuple(_text(one, "link") for one in ports),
    )


def _entries(parent: Mapping[str, Any], key: str) -> tuple[Mapping[str, Any], ...]:
    found = parent.get(key)
    return tuple(one for one in found or () if isinstance(one, Mapping)) if found else ()


def _text(entry: Mapping[str, Any], key: str) -> str:
    found = entry.get(key)
    return "" if found is None else str(found)


def _number(found: object) -> int | None:
    return found if isinstance(found, int) else None


def _lies_in(address: str, subnet: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(subnet, strict=False)
    except ValueError:
        return False


def _plain(portal: str) -> str:
    """One spelling per portal: no portal-group tag, IPv6 addresses compressed."""
    address, _, port = portal.partition(",")[0].rpartition(":")
    try:
        return f"{ipaddress.ip_address(address.strip('[]'))}:{port}"
    except ValueError:
        return portal
