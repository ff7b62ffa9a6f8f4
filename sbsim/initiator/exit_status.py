"""iscsiadm's exit statuses, and the error that each one means.

Names and numbers: open-iscsi 2.1.8, include/iscsi_err.h.
"""

from __future__ import annotations

from enum import IntEnum

from sbsim.errors import CommandFailed, CommandTimeout
from sbsim.initiator.errors import (
    DiscoveryRefused,
    InitiatorError,
    LoginFailed,
    LoginRefused,
    PortalUnreachable,
    UnknownNode,
)
from sbsim.initiator.node import Node
from sbsim.machines import Machine, Result


class Status(IntEnum):
    """The statuses that are told apart."""

    OK = 0
    SESSION_NOT_FOUND = 2
    CONNECTION_FAILED = 4
    LOGIN_FAILED = 5
    CONNECTION_TIMED_OUT = 8
    PDU_TIMED_OUT = 11
    SESSION_EXISTS = 15
    FATAL_LOGIN = 19
    NO_RECORDS = 21
    AUTHORIZATION_FAILED = 24
    NOT_CONNECTED = 32


# Connection refused and no route to host end a discovery with the last of these.
UNREACHABLE = (Status.CONNECTION_FAILED, Status.CONNECTION_TIMED_OUT, Status.PDU_TIMED_OUT)
REFUSED = (Status.AUTHORIZATION_FAILED, Status.FATAL_LOGIN, Status.LOGIN_FAILED)


def run_iscsiadm(machine: Machine, *argv: str, accept: tuple[Status, ...] = ()) -> Result:
    """Run iscsiadm; a status that is neither 0 nor in `accept` raises CommandFailed."""
    result = machine.run("iscsiadm", *argv, check=False)
    if result.ok or result.status in accept:
        return result
    raise CommandFailed(machine.name, result.argv, result.status, result.stdout, result.stderr)


def discovery_error(machine: str, portal: str, result: Result | CommandTimeout) -> InitiatorError:
    """Return the error of a discovery that did not succeed."""
    if isinstance(result, CommandTimeout):
        text = f"the portal {portal} did not answer a discovery within {result.seconds:g} s"
        return PortalUnreachable(machine, f"{text}; {_CHECK_PORTAL}")
    if result.status in UNREACHABLE:
        text = f"the portal {portal} cannot be reached: {_said(result)}"
        return PortalUnreachable(machine, f"{text}; {_CHECK_PORTAL}", result.status)
    if result.status in REFUSED:
        text = f"the portal {portal} refused the discovery: {_said(result)}"
        return DiscoveryRefused(machine, f"{text}; {_CHECK_ACCESS}", result.status)
    return InitiatorError(
        machine, f"the discovery at {portal} failed: {_said(result)}", result.status
    )


def login_error(machine: str, node: Node, result: Result | CommandTimeout) -> InitiatorError:
    """Return the error of a login that did not succeed."""
    place = f"the target {node.iqn} at {node.portal}"
    if isinstance(result, CommandTimeout):
        text = f"the login to {place} did not end within {result.seconds:g} s"
        return PortalUnreachable(machine, f"{text}; iscsid goes on trying; {_CHECK_PORTAL}")
    if result.status in UNREACHABLE:
        text = f"{place} cannot be reached: {_said(result)}"
        return PortalUnreachable(machine, f"{text}; {_CHECK_PORTAL}", result.status)
    if result.status == Status.AUTHORIZATION_FAILED:
        text = f"{place} refused the login: {_said(result)}"
        return LoginRefused(machine, f"{text}; {_CHECK_ACCESS}", result.status)
    if result.status == Status.NO_RECORDS:
        text = f"there is no node record of {place}; discover it first"
        return UnknownNode(machine, text, result.status)
    return LoginFailed(machine, f"the login to {place} failed: {_said(result)}", result.status)


_CHECK_PORTAL = "check its address and port, the link and the storage server"
_CHECK_ACCESS = "check the initiator's name, the target's ACL, and user and password of CHAP"


def _said(result: Result) -> str:
    """Return what iscsiadm said, each line once, without its own name."""
    lines = [line.removeprefix("iscsiadm: ").rstrip(".") for line in result.stderr.splitlines()]
    said = "; ".join(dict.fromkeys(line for line in lines if line.strip()))
    return f"status {result.status}, {said or 'it said nothing'}"
