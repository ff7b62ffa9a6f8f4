"""How a deployment stands at the end of a run: what a simulated run must have come to as well."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from sbsim.acceptance.platform import Platform
from sbsim.deployment import Host
from sbsim.initiator.multipath import Multipath
from sbsim.initiator.multipath_map import MultipathMap
from sbsim.machines import parallel
from sbsim.management import instance_inventory, inventory
from sbsim.management.deployed import Deployed
from sbsim.management.entities import StorageKind
from sbsim.management.inventory import StorageInventory
from sbsim.sharedblock.lock_space import read_delta_leases
from sbsim.sharedblock.lvm import Lvm


def read_end_state(platform: Platform) -> dict[str, Any]:
    """The arrays, every host's volume groups, locks, maps and instances, and the record of it all.

    Plain data; disks go by the names of their LUNs, volume groups by those of their storages.
    """
    deployed, plane = platform.deployed, platform.management
    pools = [one for one in inventory.storages(plane) if one.kind is StorageKind.SHARED_BLOCK]
    servers = deployed.deployment.storage_servers
    return {
        "arrays": {one.name: asdict(deployed.target_server(one).read()) for one in servers},
        "hosts": parallel(deployed.deployment.hosts, _host_of(deployed, pools)),
        "storages": [asdict(one) for one in inventory.storages(plane)],
        "instances": [asdict(one) for one in instance_inventory.instances(plane)],
        "volumes": [asdict(one) for one in instance_inventory.volumes(plane)],
    }


def _host_of(deployed: Deployed, pools: list[StorageInventory]) -> Callable[[Host], dict[str, Any]]:
    names = {pool.uuid: pool.name for pool in pools}
    luns = {lun.wwid: lun.name for lun in deployed.deployment.luns}

    def look(host: Host) -> dict[str, Any]:
        machine = deployed.machines[host.name]
        lvm, maps = Lvm(machine), _maps(deployed, host)
        groups = lvm.groups()
        seen = [pool for pool in pools if pool.uuid in {one.name for one in groups}]
        disks = {one.path: one.wwid for one in deployed.san(host).devices()}
        disks |= {f"/dev/{one.device}": one.wwid for one in maps}

        def lun_at(path: str) -> str:
            # LVM calls a disk by its link, which ends in its WWID, where a filter names that.
            wwid = disks.get(path) or next((one for one in luns if path.endswith(one)), "")
            return luns.get(wwid, path)

        return {
            "groups": {
                names.get(one.name, one.name): {"size": one.size, "free": one.free}
                for one in groups
            },
            "physical_volumes": sorted(
                (names.get(group := one.vg or "", group), lun_at(one.path), one.size)
                for one in lvm.physical_volumes()
            ),
            "volumes": {
                pool.name: sorted(
                    (one.name, one.size, one.active) for one in lvm.logical_volumes(pool.uuid)
                )
                for pool in seen
            },
            "locks": {
                pool.name: sorted(
                    (lv, use.value) for lv, use in deployed.volumes(host).uses(pool.uuid).items()
                )
                for pool in seen
            },
            "lock_spaces": sorted(
                (names.get(one.name.removeprefix("lvm_"), one.name), one.host_id, one.joined)
                for one in read_delta_leases(machine)
            ),
            "sessions": sorted(
                (one.place, one.target_name, one.state) for one in deployed.san(host).logins()
            ),
            "maps": {
                luns.get(one.wwid, one.wwid): sum(path.usable for path in one.paths) for one in maps
            },
            "instances": sorted(deployed.instances(host).states()),
        }

    return look


def _maps(deployed: Deployed, host: Host) -> tuple[MultipathMap, ...]:
    multipath = Multipath(deployed.machines[host.name], deployed.clock)
    return multipath.read() if deployed.is_multipath and multipath.running else ()
