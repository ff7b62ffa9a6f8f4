"""How many ways lead from a host to its LUNs."""

from __future__ import annotations

from sbsim.deployment import Deployment, Host
from sbsim.initiator.routes import routes


def paths_by_wwid(deployment: Deployment, host: Host) -> dict[str, int]:
    """Return how many paths the host has to each of its LUNs, by WWID."""
    counts: dict[str, int] = {}
    for route in routes(deployment, host):
        for lun in route.luns:
            counts[lun.wwid] = counts.get(lun.wwid, 0) + 1
    return counts


def several_paths(deployment: Deployment, host: Host) -> dict[str, int]:
    """Return how many paths the host has to each LUN to which it has two or more, by WWID.

    These are the LUNs that multipath makes a map of; of a single path it makes none.
    """
    return {wwid: many for wwid, many in paths_by_wwid(deployment, host).items() if many > 1}


def has_several(deployment: Deployment, host: Host) -> bool:
    """Whether the host has two or more paths to a LUN: it then needs multipath."""
    return bool(several_paths(deployment, host))
