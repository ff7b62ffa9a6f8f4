"""Local storages: a folder of each host, beside a cluster's Shared Block storage (R4.9)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from sbsim.management.asking import ask, listed
from sbsim.management.entities import Host, PrimaryStorage, StorageKind, Zone
from sbsim.management.errors import BAD_ARGUMENT, OPERATION_FAILED, ManagementError, Refused
from sbsim.management.finding import find_in
from sbsim.management.management import Management
from sbsim.management.words import check_name
from sbsim.sharedblock.request import Capacity


def add_local(management: Management, name: str, zone: str, path: str) -> PrimaryStorage:
    """Record a local storage in a folder of its hosts; they are asked when it is attached.

    Raises Refused (SYS.1007) for what cannot be a folder's path.
    """
    check_name("local storage", name)
    folder = PurePosixPath(path)
    if not folder.is_absolute() or len(folder.parts) < 3 or ".." in folder.parts:
        raise Refused(
            BAD_ARGUMENT,
            f"{path!r}: expected the absolute path of a folder, such as /zstack_ps/local",
        )
    with management.store.transaction() as rows:
        place = find_in(rows, Zone, zone)
        return rows.add(
            PrimaryStorage(
                management.ids(), name, "", place.uuid, wipe=False, created=management.now(),
                kind=StorageKind.LOCAL, path=str(folder),
            )
        )  # fmt: skip


def prepare(management: Management, storage: PrimaryStorage, hosts: Sequence[Host]) -> Capacity:
    """Have every host make the folder; what they have in all. Raises ManagementError."""
    management.progress(f"making {storage.path} on {len(hosts)} hosts")
    rooms, errors = ask(hosts, lambda host: management.folders(host).make(storage.path))
    if errors:
        raise ManagementError(OPERATION_FAILED, listed(errors))
    return Capacity(
        total=sum(total for total, _ in rooms.values()),
        available=sum(free for _, free in rooms.values()),
    )
