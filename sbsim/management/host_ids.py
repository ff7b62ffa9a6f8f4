"""Host ids: the number that a host takes in a storage's lock space, unique there.

LVM keeps one for all volume groups of a host (local/host_id, lvmlockd(8)): a host that is in two
storages has the same in both, or the lock space of one would be started again with the other's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sbsim.management.entities import HOST_IDS, HostRef, Status
from sbsim.management.errors import OPERATION_FAILED, Refused
from sbsim.management.store import Transaction


def reserve(
    rows: Transaction, storage_uuid: str, host_uuid: str, status: Status = Status.CONNECTING
) -> HostRef:
    """Give a host an id that is free in a storage. Raises Refused if all 2000 are taken.

    What is free is asked of the rows, never of the hosts' order: that changes, an id must not.
    """
    refs = rows.all(HostRef)
    taken = {ref.host_id for ref in refs if ref.primary_storage_uuid == storage_uuid}
    free = next((number for number in _preferred(refs, host_uuid) if number not in taken), None)
    if free is None:
        raise Refused(
            OPERATION_FAILED,
            f"all {len(HOST_IDS)} host ids of the storage {storage_uuid} are taken; detach it from "
            f"a cluster first",
        )
    return rows.add(HostRef(storage_uuid, host_uuid, free, status))


def _preferred(refs: Iterable[HostRef], host_uuid: str) -> Iterator[int]:
    """The host's own from another storage, then those that no other host has anywhere, then all."""
    owner = {ref.host_id: ref.host_uuid for ref in refs}
    yield from (number for number in HOST_IDS if owner.get(number) == host_uuid)
    yield from (number for number in HOST_IDS if number not in owner)
    yield from HOST_IDS
