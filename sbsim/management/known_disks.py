"""Which disks a host needs to see: those of every storage that it is in."""

from __future__ import annotations

from collections.abc import Sequence

from sbsim.management.entities import Host, HostRef, SharedBlock
from sbsim.management.store import Transaction


def disks_by_host(rows: Transaction, hosts: Sequence[Host]) -> dict[str, tuple[str, ...]]:
    """The ids of the disks of all storages of each host, by its uuid."""
    blocks = rows.all(SharedBlock)
    storages = {
        host.uuid: {ref.primary_storage_uuid for ref in rows.all(HostRef, host_uuid=host.uuid)}
        for host in hosts
    }
    return {
        uuid: tuple(one.disk_id for one in blocks if one.primary_storage_uuid in inside)
        for uuid, inside in storages.items()
    }
