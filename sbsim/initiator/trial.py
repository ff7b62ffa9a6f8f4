"""A login made only to see whether it is refused. The host's own sessions are left alone.

open-iscsi keeps the names and passwords of a login in an interface record and a node record: a
trial makes both of its own, and takes them away again.
"""

from __future__ import annotations

from sbsim.deployment import Secret
from sbsim.initiator.exit_status import Status, login_error
from sbsim.initiator.initiator import Initiator
from sbsim.initiator.node import Node
from sbsim.machines import Machine, Result

INTERFACE = "sbsim-trial"
LIMIT_SECONDS = 60.0

REFUSED = "refused"
ACCEPTED = "accepted"


def try_login(
    initiator: Initiator, node: Node, name: str | None = None, password: Secret | None = None
) -> str:
    """Log in to a node as `name` or with `password`, and out again at once.

    Returns ``refused`` or ``accepted``; None stands for the host's own. The password is one that
    must be refused: it appears in a command line. Raises PortalUnreachable, LoginFailed.
    """
    machine = initiator.machine
    _clear(machine, node)
    try:
        machine.run("iscsiadm", "-m", "iface", "-I", INTERFACE, "-o", "new")
        if name is not None:
            _update(machine, ("iface", "-I", INTERFACE), "iface.initiatorname", name)
        record = ("node", "-T", node.iqn, "-p", f"{node.portal},{node.tag}", "-I", INTERFACE)
        machine.run("iscsiadm", "-m", *record, "-o", "new")
        if password is not None:
            _update(machine, record, "node.session.auth.password", password.reveal())
        result = machine.run(
            "iscsiadm", "-m", *record, "--login", timeout=LIMIT_SECONDS, check=False
        )
        return _verdict(initiator, node, result)
    finally:
        _clear(machine, node)


def _verdict(initiator: Initiator, node: Node, result: Result) -> str:
    if result.ok:
        return ACCEPTED
    if result.status == Status.AUTHORIZATION_FAILED:
        return REFUSED
    raise login_error(initiator.host, node, result)


def _update(machine: Machine, record: tuple[str, ...], key: str, value: str) -> None:
    machine.run("iscsiadm", "-m", *record, "-o", "update", "-n", key, "-v", value)


def _clear(machine: Machine, node: Node) -> None:
    """Take away what a trial leaves, an interrupted one too."""
    known = machine.run("iscsiadm", "-m", "iface").stdout
    if INTERFACE not in known:
        return
    record = ("node", "-T", node.iqn, "-p", str(node.portal), "-I", INTERFACE)
    machine.run("iscsiadm", "-m", *record, "--logout", check=False)
    machine.run("iscsiadm", "-m", *record, "-o", "delete", check=False)
    machine.run("iscsiadm", "-m", "iface", "-I", INTERFACE, "-o", "delete")
