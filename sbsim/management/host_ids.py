"""Host ids: the number that a host takes in a storage's lock space, unique there."""

from __future__ import annotations

from sbsim.management.entities import HOST_IDS, HostRef, Status
from sbsim.management.errors import OPERATION_FAILED, Refused
from sbsim.management.store import Transaction


def reserve(
    rows: Transaction, storage_uuid: str, host_uuid: str, status: Status = Status.CONNECTING
) -> HostRef:
    """Give a host the lowest id that is free in a storage. Raises Refused if all 2000 are taken.

    What is free is asked of the rows, never of the hosts' order: that changes, an id must not.
    """
    taken = {ref.host_id for ref in rows.all(HostRef, primary_storage_uuid=storage_uuid)}
    free = next((number for number in HOST_IDS if number not in taken), None)
    if free is None:
        raise Refused(
            OPERATION_FAILED,
            f"all {len(HOST_IDS)} host ids of the storage {storage_uuid} are taken; detach it from "
            f"a cluster first",
        )
    return rows.add(HostRef(storage_uuid, host_uuid, free, status))
