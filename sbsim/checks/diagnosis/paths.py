"""The paths of a LUN and the map over them (chapter 3.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sbsim.checks.diagnosis.diagnosis import Diagnosis
from sbsim.deployment import Deployment, Host
from sbsim.initiator.multipath import Multipath
from sbsim.initiator.multipath_map import MultipathMap
from sbsim.initiator.paths import several_paths
from sbsim.machines import parallel
from sbsim.management.deployed import Deployed

SELECTOR = "round-robin 0"


@dataclass(frozen=True)
class Seen:
    """The WWIDs of a host's disks, and its maps; None where multipathd does not run."""

    disks: frozenset[str]
    maps: tuple[MultipathMap, ...] | None


def look(deployed: Deployed) -> Iterator[Diagnosis]:
    """What is wrong with the maps of the hosts that have several paths to a LUN."""
    deployment = deployed.deployment
    hosts = [host for host in deployment.hosts if several_paths(deployment, host)]

    def read(host: Host) -> Seen:
        multipath = Multipath(deployed.machines[host.name], deployed.clock)
        disks = deployed.initiator(host).disk_ids()
        maps = multipath.read() if multipath.running else None
        return Seen(frozenset(one.wwid for one in disks if one.wwid), maps)

    for host, seen in parallel(hosts, read).items():
        if seen.maps is None:
            yield Diagnosis(
                "multipathd-not-running",
                host,
                "multipathd does not run: a lost path is not replaced, and a returned one not used",
                "systemctl enable --now multipathd",
            )
        else:
            yield from _maps(deployment, deployment.host(host), seen.disks, seen.maps)


def _maps(
    deployment: Deployment, host: Host, disks: frozenset[str], maps: tuple[MultipathMap, ...]
) -> Iterator[Diagnosis]:
    by_wwid = {one.wwid: one for one in maps}
    names = {lun.wwid: lun.name for lun in deployment.luns}
    for wwid, many in sorted(several_paths(deployment, host).items()):
        where = f"{host.name}: {names[wwid]}"
        if one := by_wwid.get(wwid):
            yield from _map(where, one, many)
        elif wwid in disks:
            yield Diagnosis(
                "no-multipath-map",
                where,
                f"its paths are no map: whatever uses it hangs on one of {many}",
                f"look for {wwid} in the blacklist of multipath.conf, and whether the disk itself "
                "is in use; then multipathd reconfigure",
            )


def _map(where: str, one: MultipathMap, many: int) -> Iterator[Diagnosis]:
    usable = sum(path.usable for path in one.paths)
    if usable < many:
        lost = ", ".join(path.device for path in one.paths if not path.usable)
        yield Diagnosis(
            "path-missing",
            where,
            f"{usable} of {many} paths can be used" + (f"; not {lost}" if lost else ""),
            "look at the sessions and links of this host",
        )
    if set(one.selectors) != {SELECTOR}:
        yield Diagnosis(
            "not-round-robin",
            where,
            f"its paths take turns by {', '.join(one.selectors)}",
            f'set path_selector "{SELECTOR}" in multipath.conf; multipathd reconfigure',
            "warning",
        )
    if one.queues:
        yield Diagnosis(
            "map-queues",
            where,
            "it keeps I/O for ever when every path is lost: sanlock and LVM hang instead of "
            "hearing of it",
            "set no_path_retry fail in multipath.conf; multipathd reconfigure",
        )
