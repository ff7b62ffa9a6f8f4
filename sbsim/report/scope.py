"""Which machines of a description a probe is about. Works on the description's JSON alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sbsim.report.records import DEPLOYMENT
from sbsim.report.requirements import Scope


def places_of(deployment: Mapping[str, Any], on: Scope) -> tuple[str, ...]:
    """The names of the machines of a kind, in the description's order."""
    management = _names([deployment.get("management_node")])
    hosts = _names(deployment.get("hosts"))
    storage = _names(deployment.get("storage_servers"))
    kinds: dict[Scope, tuple[str, ...]] = {
        "hosts": hosts,
        "storage": storage,
        "management": management,
        "machines": (*management, *hosts, *storage),
        "deployment": (DEPLOYMENT,),
    }
    return kinds[on]


def _names(entries: Any) -> tuple[str, ...]:
    if not isinstance(entries, list | tuple):
        return ()
    return tuple(str(one["name"]) for one in entries if isinstance(one, Mapping) and "name" in one)
