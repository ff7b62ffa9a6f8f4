"""How a deployment stands at the end of a run: what a simulated run must have come to as well."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from sbsim.acceptance.platform import Platform
from sbsim.deployment import Host
from sbsim.initiator.multipath import Multipath
from sbsim.machines import parallel
from sbsim.management import instance_inventory, inventory
from sbsim.management.deployed import Deployed
from sbsim.management.entities import StorageKind
from sbsim.management.inventory import StorageInventory
from sbsim.sharedblock.disk import BY_ID
from sbsim.sharedblock.lock_space import read_delta_leases
from sbsim.sharedblock.lvm import Lvm

_DRAWN = re.compile(
    r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
    r"|(?<![0-9a-f])(?!3?6001405)[0-9a-f]{32}(?![0-9a-f])"
    r"|\b[0-9A-Za-z]{6}(?:-[0-9A-Za-z]{4}){5}-[0-9A-Za-z]{6}\b"
    r"|\b1[67][0-9]{8}\b"
)


def read_end_state(platform: Platform) -> dict[str, Any]:
    """The arrays, every host's volume groups, locks, maps and instances, and the record of it all.

    Plain data. Uuids and times, which differ from run to run, are `<drawn>`; disks go by the names
    of their LUNs.
    """
    deployed, plane = platform.deployed, platform.management
    pools = [one for one in inventory.storages(plane) if one.kind is StorageKind.SHARED_BLOCK]
    servers = deployed.deployment.storage_servers
    state = {
        "arrays": {one.name: asdict(deployed.target_server(one).read()) for one in servers},
        "hosts": parallel(deployed.deployment.hosts, _host_of(deployed, pools)),
        "storages": [asdict(one) for one in inventory.storages(plane)],
        "instances": [asdict(one) for one in instance_inventory.instances(plane)],
        "volumes": [asdict(one) for one in instance_inventory.volumes(plane)],
    }
    return {name: _plain(value) for name, value in state.items()}


def _host_of(deployed: Deployed, pools: list[StorageInventory]) -> Callable[[Host], dict[str, Any]]:
    names = {pool.uuid: pool.name for pool in pools}

    def look(host: Host) -> dict[str, Any]:
        machine = deployed.machines[host.name]
        lvm = Lvm(machine)
        disks = _luns_by_path(deployed, host)
        return {
            "groups": {
                names.get(one.name, one.name): {"size": one.size, "free": one.free}
                for one in lvm.groups()
            },
            "physical_volumes": sorted(
                (names.get(one.vg or "", one.vg), disks.get(one.path, one.path), one.size)
                for one in lvm.physical_volumes()
            ),
            "volumes": {
                pool.name: sorted(
                    (one.name, one.size, one.active) for one in lvm.logical_volumes(pool.uuid)
                )
                for pool in pools
            },
            "locks": {
                pool.name: sorted(
                    (lv, use.value) for lv, use in deployed.volumes(host).uses(pool.uuid).items()
                )
                for pool in pools
            },
            "lock_spaces": sorted(
                (names.get(one.name.removeprefix("lvm_"), one.name), one.host_id, one.joined)
                for one in read_delta_leases(machine)
            ),
            "sessions": sorted(
                (one.place, one.target_name, one.state) for one in deployed.san(host).logins()
            ),
            "maps": _maps(deployed, host),
            "instances": sorted(deployed.instances(host).states()),
        }

    return look


def _luns_by_path(deployed: Deployed, host: Host) -> dict[str, str]:
    """The LUNs' names by the devices under which a host has them."""
    luns = {lun.wwid: lun.name for lun in deployed.deployment.luns}
    found = {
        one.path: luns[one.wwid]
        for one in deployed.san(host).devices()
        if one.path and one.wwid in luns
    }
    for one in _read_maps(deployed, host):
        if one.wwid in luns:
            found[f"/dev/{one.device}"] = found[f"/dev/mapper/{one.name}"] = luns[one.wwid]
    links = {f"{BY_ID}/scsi-{wwid}": name for wwid, name in luns.items()}
    return {**found, **links}


def _maps(deployed: Deployed, host: Host) -> dict[str, int]:
    """How many usable paths each map has, by the LUN's name."""
    luns = {lun.wwid: lun.name for lun in deployed.deployment.luns}
    return {
        luns.get(one.wwid, one.wwid): sum(path.usable for path in one.paths)
        for one in _read_maps(deployed, host)
    }


def _read_maps(deployed: Deployed, host: Host) -> tuple[Any, ...]:
    multipath = Multipath(deployed.machines[host.name], deployed.clock)
    return multipath.read() if deployed.is_multipath and multipath.running else ()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {_DRAWN.sub("<drawn>", str(key)): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(one) for one in value]
    if isinstance(value, float):  # seconds since 1970
        return "<drawn>"
    if isinstance(value, bool | int | None):
        return value
    return _DRAWN.sub("<drawn>", str(value))
