"""What the management plane knows of: one frozen row each, which only the store changes.

A uuid is 32 hex digits. `created` is in seconds since 1970, sizes are in bytes. A storage's own
status is not kept: it follows from its hosts' (`status_of`), so the two cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

# sanlock's lock space has one sector per host id, and LVM asks for at most this one.
HOST_IDS = range(1, 2001)


class State(StrEnum):
    """What an operator wants of it."""

    ENABLED = "Enabled"
    DISABLED = "Disabled"
    MAINTENANCE = "Maintenance"
    DELETING = "Deleting"


class Event(StrEnum):
    """What an operator can do to a state."""

    ENABLE = "enable"
    DISABLE = "disable"
    MAINTAIN = "maintain"
    DELETING = "deleting"


class Status(StrEnum):
    """How it is."""

    CONNECTING = "Connecting"
    CONNECTED = "Connected"
    DISCONNECTED = "Disconnected"


@dataclass(frozen=True)
class Zone:
    """What clusters and storages stand in; nothing reaches over its border."""

    uuid: str
    name: str
    created: float
    state: State = State.ENABLED


@dataclass(frozen=True)
class Cluster:
    """Hosts that use the same storages."""

    uuid: str
    name: str
    zone_uuid: str
    created: float
    state: State = State.ENABLED


@dataclass(frozen=True)
class ManagementNode:
    """The server that the platform itself runs on."""

    uuid: str
    name: str
    address: str
    created: float


@dataclass(frozen=True)
class Host:
    """A compute node that the platform has taken over.

    `installed` are the packages that the platform put on it, by name with blanks between.
    """

    uuid: str
    name: str
    cluster_uuid: str
    address: str
    created: float
    state: State = State.ENABLED
    installed: str = ""


@dataclass(frozen=True)
class PrimaryStorage:
    """A Shared Block group. Its volume group's name is its uuid; `vg_uuid` is LVM's own.

    `formed`: hosts have connected to it once. From then on nothing of it is ever wiped, and no
    host may make its volume group anew.
    """

    uuid: str
    name: str
    description: str
    zone_uuid: str
    wipe: bool
    created: float
    state: State = State.ENABLED
    formed: bool = False
    vg_uuid: str = ""
    total: int = 0
    available: int = 0


@dataclass(frozen=True)
class SharedBlock:
    """A LUN of a storage, under the id that the user gave; in the order given."""

    uuid: str
    primary_storage_uuid: str
    disk_id: str
    created: float
    state: State = State.ENABLED


@dataclass(frozen=True)
class ClusterRef:
    """A storage is attached to a cluster."""

    primary_storage_uuid: str
    cluster_uuid: str


@dataclass(frozen=True)
class HostRef:
    """A host's place in a storage: the id it takes in the lock space, and whether it is in."""

    primary_storage_uuid: str
    host_uuid: str
    host_id: int
    status: Status = Status.CONNECTING


def status_of(refs: Iterable[HostRef]) -> Status:
    """A storage's status: that of its best host (R4.4), Disconnected where it has none."""
    seen = {ref.status for ref in refs}
    best = (Status.CONNECTED, Status.CONNECTING)
    return next((status for status in best if status in seen), Status.DISCONNECTED)
