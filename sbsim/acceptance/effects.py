"""What operations have done to the hosts, as the hosts themselves tell it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sbsim.checks import Seen
from sbsim.deployment import Host
from sbsim.machines import parallel
from sbsim.management.deployed import Deployed
from sbsim.sharedblock.lvm import Lvm
from sbsim.sharedblock.lvm_report import LogicalVolume
from sbsim.sharedblock.volumes import Use


@dataclass(frozen=True)
class Effects:
    """Locks, active volumes and domains of every host, in plain data for probes."""

    deployed: Deployed

    def locks(self, vg: str, name: str | None = None) -> dict[str, dict[str, str]]:
        """By host: the volumes of a pool that it uses (one of them, if named), and how."""

        def one(host: Host) -> dict[str, str]:
            uses = self.deployed.volumes(host).uses(vg)
            return {
                lv: use.value
                for lv, use in uses.items()
                if use is not Use.NONE and name in (None, lv)
            }

        return parallel(self.deployed.deployment.hosts, one)

    def active(self, vg: str) -> dict[str, list[str]]:
        """By host: the volumes of a pool that are active on it, the lock volume left out."""

        def one(host: Host) -> list[str]:
            found = self.deployed.volumes(host).listed(vg)
            return sorted(lv.name for lv in found if lv.active)

        return parallel(self.deployed.deployment.hosts, one)

    def volumes(self, vg: str) -> dict[str, LogicalVolume]:
        """A pool's volumes by name, as its first host tells them."""
        host = self.deployed.deployment.hosts[0]
        found = Lvm(self.deployed.machines[host.name]).logical_volumes(vg)
        return {lv.name: lv for lv in found if lv.name != "lvmlock"}

    def domains(self) -> dict[str, list[str]]:
        """By host: the uuids of the instances that run on it."""
        hosts = self.deployed.deployment.hosts
        return parallel(hosts, lambda host: sorted(self.deployed.instances(host).states()))

    def seen(self, vgs: Iterable[str]) -> Seen:
        """All of it, for these pools, as it is to agree with the record."""
        running: dict[str, list[str]] = {}
        for host, uuids in self.domains().items():
            for uuid in uuids:
                running.setdefault(uuid, []).append(host)
        locks: dict[str, dict[str, str]] = {}
        volumes: set[str] = set()
        for vg in vgs:
            for host, held in self.locks(vg).items():
                for lv, use in held.items():
                    locks.setdefault(f"{vg}/{lv}", {})[host] = use
            volumes |= {f"{vg}/{lv}" for lv in self.volumes(vg)}
        return Seen(running, locks, frozenset(volumes))


def nothing(deployed: Deployed, empty: object) -> dict[str, object]:
    """The same emptiness for every host: what is wanted where nothing may be left."""
    return {host.name: empty for host in deployed.deployment.hosts}
