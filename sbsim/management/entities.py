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


class StorageKind(StrEnum):
    """What a primary storage is made of."""

    SHARED_BLOCK = "SharedBlock"
    LOCAL = "LocalStorage"


class VolumeKind(StrEnum):
    """What an instance boots from, and what it may have besides."""

    ROOT = "Root"
    DATA = "Data"


class VolumeStatus(StrEnum):
    """Whether a volume's space exists."""

    NOT_INSTANTIATED = "NotInstantiated"
    CREATING = "Creating"
    READY = "Ready"
    DELETING = "Deleting"


class InstanceState(StrEnum):
    """How a VM instance is; Unknown where its host does not answer."""

    CREATED = "Created"
    STARTING = "Starting"
    RUNNING = "Running"
    PAUSED = "Paused"
    STOPPING = "Stopping"
    STOPPED = "Stopped"
    MIGRATING = "Migrating"
    DESTROYING = "Destroying"
    UNKNOWN = "Unknown"


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
    """A Shared Block group: its volume group's name is its uuid, `vg_uuid` is LVM's own.

    Or a local storage: the folder `path` of each host of its cluster. `formed`: hosts have
    connected to it once. From then on nothing of it is ever wiped, and no host may make its volume
    group anew.
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
    kind: StorageKind = StorageKind.SHARED_BLOCK
    path: str = ""


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


@dataclass(frozen=True)
class Image:
    """What root disks are made of. `path` is where its bytes lie, `digest` their SHA-256."""

    uuid: str
    name: str
    format: str
    size: int
    virtual: int
    path: str
    digest: str
    created: float
    state: State = State.ENABLED


@dataclass(frozen=True)
class ImageCache:
    """An image lies in a storage, as the logical volume of the image's uuid."""

    primary_storage_uuid: str
    image_uuid: str


@dataclass(frozen=True)
class InstanceOffering:
    """How large instances are: processors, and memory in bytes."""

    uuid: str
    name: str
    cpus: int
    memory: int
    created: float
    state: State = State.ENABLED


@dataclass(frozen=True)
class DiskOffering:
    """How large data volumes are, in bytes."""

    uuid: str
    name: str
    size: int
    created: float
    state: State = State.ENABLED


@dataclass(frozen=True)
class VmInstance:
    """A VM instance. `host_uuid` is where it runs, None where it does not."""

    uuid: str
    name: str
    cluster_uuid: str
    image_uuid: str
    cpus: int
    memory: int
    never_stop: bool
    created: float
    state: InstanceState = InstanceState.CREATED
    host_uuid: str | None = None


@dataclass(frozen=True)
class Volume:
    """A volume: `size` bytes as an instance sees them, `actual` bytes in the pool.

    Its bytes lie in the logical volume `lv`, in the volumes of the snapshot `base` that it goes on
    from, in that one's parents, and in the image that all of these go on from, if it has one.
    A `thin` one takes its space only as it is written.
    """

    uuid: str
    name: str
    kind: VolumeKind
    size: int
    shareable: bool
    created: float
    primary_storage_uuid: str | None = None
    image_uuid: str | None = None
    base: str | None = None
    lv: str = ""
    format: str = ""
    actual: int = 0
    status: VolumeStatus = VolumeStatus.NOT_INSTANTIATED
    state: State = State.ENABLED
    thin: bool = False


@dataclass(frozen=True)
class VolumeRef:
    """A volume is attached to an instance, as its disk of that number: 0 is the root disk."""

    volume_uuid: str
    vm_instance_uuid: str
    number: int


@dataclass(frozen=True)
class Snapshot:
    """What a volume held at a moment: the logical volume `lv` and those of its parents."""

    uuid: str
    name: str
    volume_uuid: str
    parent_uuid: str | None
    primary_storage_uuid: str
    lv: str
    format: str
    size: int
    actual: int
    created: float
    state: State = State.ENABLED


def status_of(refs: Iterable[HostRef]) -> Status:
    """A storage's status: that of its best host (R4.4), Disconnected where it has none."""
    seen = {ref.status for ref in refs}
    best = (Status.CONNECTED, Status.CONNECTING)
    return next((status for status in best if status in seen), Status.DISCONNECTED)
