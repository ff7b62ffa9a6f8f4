"""The platform in a run: what was made of it, and what it took."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sbsim.machines import parallel
from sbsim.machines.packages import Packages
from sbsim.management.deployed import Deployed
from sbsim.management.described import add_storages, take_over
from sbsim.management.management import Management
from sbsim.management.opening import host_packages

Names = tuple[str, ...]


@dataclass(frozen=True)
class TakenOver:
    """What taking the hosts over did: package names by host, in order.

    `before` stood there already, `installed` was missing and put there by the platform, `again`
    is what a second call installed.
    """

    before: Mapping[str, Names]
    installed: Mapping[str, Names]
    again: Mapping[str, Names]


@dataclass(frozen=True)
class Platform:
    """The management plane of a run. `taken_over` is None where the run changes nothing."""

    deployed: Deployed
    management: Management
    taken_over: TakenOver | None


def make_platform(
    deployed: Deployed, management: Management, progress: Callable[[str], None]
) -> Platform:
    """Take the hosts over, add the storages and attach them. What is there already stays."""
    wanted = host_packages(deployed)
    before = parallel(
        deployed.deployment.hosts,
        lambda host: _in_order(wanted, Packages(deployed.machines[host.name]).installed(wanted)),
    )
    installed = take_over(deployed, management)
    progress(f"hosts taken over: {sum(map(len, installed.values()))} packages installed")
    again = take_over(deployed, management)
    for line in add_storages(deployed, management):
        progress(line)
    return Platform(deployed, management, TakenOver(before, installed, again))


def _in_order(wanted: Names, found: frozenset[str]) -> Names:
    return tuple(name for name in wanted if name in found)
