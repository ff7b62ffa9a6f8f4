"""One host's side of the SAN: its initiator and the SCSI devices that it brings.

Example: `apply(Initiator(machine, clock), deployment, host, chap_of(deployment, lab, base))`
"""

from sbsim.initiator.chap import ChapSettings, chap_of
from sbsim.initiator.configure import apply, remove
from sbsim.initiator.device import ScsiDevice
from sbsim.initiator.errors import (
    DiscoveryRefused,
    InitiatorError,
    LoginFailed,
    LoginRefused,
    PortalUnreachable,
    ToolsDisagree,
    UnknownNode,
    UnreadableOutput,
)
from sbsim.initiator.hctl import Hctl
from sbsim.initiator.initiator import Initiator
from sbsim.initiator.lun_view import LunView, expected_luns, seen_luns
from sbsim.initiator.node import DiscoveredTarget, Node
from sbsim.initiator.routes import Route, reachable_portals, routes, wanted_nodes
from sbsim.initiator.session import Credentials, Session
from sbsim.initiator.timeouts import Timeouts

__all__ = [
    "ChapSettings",
    "Credentials",
    "DiscoveredTarget",
    "DiscoveryRefused",
    "Hctl",
    "Initiator",
    "InitiatorError",
    "LoginFailed",
    "LoginRefused",
    "LunView",
    "Node",
    "PortalUnreachable",
    "Route",
    "ScsiDevice",
    "Session",
    "Timeouts",
    "ToolsDisagree",
    "UnknownNode",
    "UnreadableOutput",
    "apply",
    "chap_of",
    "expected_luns",
    "reachable_portals",
    "remove",
    "routes",
    "seen_luns",
    "wanted_nodes",
]
