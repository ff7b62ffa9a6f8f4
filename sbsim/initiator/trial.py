"""Logins made only to see whether they are refused. The host's own sessions are left alone.

open-iscsi keeps the names and passwords of a login in an interface record and a node record:
trials make their own of both, and take them away again. Given nothing but the interface,
iscsiadm 2.1.8 acts on all of its node records and on no others.
"""

from __future__ import annotations

from collections.abc import Collection

from sbsim.deployment import Secret
from sbsim.initiator.exit_status import Status, login_error
from sbsim.initiator.initiator import Initiator
from sbsim.initiator.node import Node
from sbsim.machines import Machine

INTERFACE = "sbsim-trial"
LIMIT_SECONDS = 60.0

REFUSED = "refused"
ACCEPTED = "accepted"

_RECORDS = ("node", "-I", INTERFACE)
_INTERFACE = ("iface", "-I", INTERFACE)


def try_logins(
    initiator: Initiator,
    nodes: Collection[Node],
    name: str | None = None,
    password: Secret | None = None,
) -> dict[str, str]:
    """Log in to each node as `name` or with `password`, and out again at the end.

    Returns ``refused`` or ``accepted`` by ``str(node)``; None stands for the host's own name or
    password. The password is one that must be refused: it appears in a command line. Raises
    PortalUnreachable, LoginFailed.
    """
    machine = initiator.machine
    if not nodes:
        return {}
    if INTERFACE in machine.run("iscsiadm", "-m", "iface").stdout:  # a trial was interrupted
        _clear(machine)
    try:
        machine.run("iscsiadm", "-m", *_INTERFACE, "-o", "new")
        if name is not None:
            _update(machine, _INTERFACE, "iface.initiatorname", name)
        for node in nodes:
            machine.run("iscsiadm", "-m", *_record(node), "-o", "new")
        if password is not None:
            _update(machine, _RECORDS, "node.session.auth.password", password.reveal())
        return {str(node): _tried(initiator, node) for node in nodes}
    finally:
        _clear(machine)


def shown(initiator: Initiator, nodes: Collection[Node]) -> list[Node]:
    """Those of `nodes` that discovery lists for the host; each portal is asked once.

    A target that is not shown would refuse every login, whatever its name or password. Raises
    PortalUnreachable, DiscoveryRefused.
    """
    portals = {str(node.portal): node.portal for node in nodes}
    listed = {
        node for portal in portals.values() for node in initiator.discover(portal, records="none")
    }
    return [node for node in nodes if node in listed]


def _tried(initiator: Initiator, node: Node) -> str:
    argv = ("iscsiadm", "-m", *_record(node), "--login")
    result = initiator.machine.run(*argv, timeout=LIMIT_SECONDS, check=False)
    if result.ok:
        return ACCEPTED
    if result.status == Status.AUTHORIZATION_FAILED:
        return REFUSED
    raise login_error(initiator.host, node, result)


def _record(node: Node) -> tuple[str, ...]:
    return (*_RECORDS, "-T", node.iqn, "-p", f"{node.portal},{node.tag}")


def _update(machine: Machine, record: tuple[str, ...], key: str, value: str) -> None:
    machine.run("iscsiadm", "-m", *record, "-o", "update", "-n", key, "-v", value)


def _clear(machine: Machine) -> None:
    """Take away what trials leave, interrupted ones too."""
    machine.run("iscsiadm", "-m", *_RECORDS, "--logout", check=False)
    machine.run("iscsiadm", "-m", *_RECORDS, "-o", "delete", check=False)
    machine.run("iscsiadm", "-m", *_INTERFACE, "-o", "delete")
