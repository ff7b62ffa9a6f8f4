"""The store's tables. What must never be is a constraint here, whoever writes."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Enum,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    text,
)

from sbsim.management import entities
from sbsim.management.entities import (
    HOST_IDS,
    InstanceState,
    State,
    Status,
    StorageKind,
    VolumeKind,
    VolumeStatus,
)
from sbsim.management.operation import Operation, Progress

APPLICATION = "sbsim management"
VERSION = 4

metadata = MetaData()


def _words(kind: type[StrEnum]) -> Enum:
    """A column that takes the enumeration's words only."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        name=f"one_of_{kind.__name__.lower()}",
        values_callable=lambda members: [member.value for member in members],
    )


def _uuid(name: str = "uuid") -> Column[str]:
    return Column(name, String, CheckConstraint(f"length({name}) = 32"), primary_key=True)


def _text(name: str, unique: bool = False) -> Column[str]:
    return Column(name, String, nullable=False, unique=unique)


def _to(column: str, key: bool = False, cascade: bool = False) -> Column[str]:
    name = column.replace(".", "_")
    to = ForeignKey(column, ondelete="CASCADE" if cascade else "RESTRICT")
    return Column(name, String, to, primary_key=key, nullable=False)


def _maybe(name: str, column: str) -> Column[str]:
    """A reference that may be empty."""
    return Column(name, String, ForeignKey(column, ondelete="RESTRICT"), nullable=True)


def _size(name: str) -> Column[int]:
    return Column(name, Integer, CheckConstraint(f"{name} >= 0"), nullable=False)


def _name(unique: bool = False) -> Column[str]:
    words = CheckConstraint("length(name) BETWEEN 1 AND 255")
    return Column("name", String, words, nullable=False, unique=unique)


def _state() -> Column[State]:
    return Column("state", _words(State), nullable=False)


def _created() -> Column[float]:
    return Column("created", Float, nullable=False)


schema = Table("schema", metadata, _text("application"), Column("version", Integer))

# Zones, clusters and hosts are found by their names, so those are unique here; the product itself
# also allows storages of the same name, which are then told apart by their uuids.
_zone = Table("zone", metadata, _uuid(), _text("name", unique=True), _created(), _state())
_cluster = Table(
    "cluster", metadata, _uuid(), _text("name", unique=True), _to("zone.uuid"), _created(), _state()
)
_management_node = Table(
    "management_node",
    metadata,
    _uuid(),
    _text("name", unique=True),
    _text("address", unique=True),
    _created(),
)
_host = Table(
    "host",
    metadata,
    _uuid(),
    _text("name", unique=True),
    _to("cluster.uuid"),
    _text("address", unique=True),
    _created(),
    _state(),
    _text("installed"),
)
_primary_storage = Table(
    "primary_storage",
    metadata,
    _uuid(),
    _name(),
    Column("description", String, CheckConstraint("length(description) <= 2048"), nullable=False),
    _to("zone.uuid"),
    Column("wipe", Boolean, nullable=False),
    _created(),
    _state(),
    Column("formed", Boolean, nullable=False),
    _text("vg_uuid"),
    Column("total", Integer, nullable=False),
    Column("available", Integer, nullable=False),
    Column("kind", _words(StorageKind), nullable=False),
    _text("path"),
    CheckConstraint("available BETWEEN 0 AND total", name="available_is_a_part"),
)
_shared_block = Table(
    "shared_block",
    metadata,
    _uuid(),
    _to("primary_storage.uuid", cascade=True),
    Column(
        "disk_id",
        String,
        CheckConstraint("length(disk_id) BETWEEN 1 AND 255"),
        nullable=False,
        unique=True,  # over all storages: a LUN belongs to one group
    ),
    _created(),
    _state(),
)
_cluster_ref = Table(
    "cluster_ref",
    metadata,
    _to("primary_storage.uuid", key=True),
    _to("cluster.uuid", key=True),
)
_host_ref = Table(
    "host_ref",
    metadata,
    _to("primary_storage.uuid", key=True),
    _to("host.uuid", key=True),
    Column(
        "host_id",
        Integer,
        CheckConstraint(f"host_id BETWEEN {HOST_IDS[0]} AND {HOST_IDS[-1]}"),
        nullable=False,
    ),
    Column("status", _words(Status), nullable=False),
    UniqueConstraint("primary_storage_uuid", "host_id"),
)
_image = Table(
    "image",
    metadata,
    _uuid(),
    _name(),
    _text("format"),
    _size("size"),
    _size("virtual"),
    _text("path"),
    _text("digest"),
    _created(),
    _state(),
)
_image_cache = Table(
    "image_cache",
    metadata,
    _to("primary_storage.uuid", key=True, cascade=True),
    _to("image.uuid", key=True),
)
_instance_offering = Table(
    "instance_offering",
    metadata,
    _uuid(),
    _name(),
    _size("cpus"),
    _size("memory"),
    _created(),
    _state(),
)
_disk_offering = Table(
    "disk_offering", metadata, _uuid(), _name(), _size("size"), _created(), _state()
)
_vm_instance = Table(
    "vm_instance",
    metadata,
    _uuid(),
    _name(),
    _to("cluster.uuid"),
    _text("image_uuid"),  # the image may be deleted while instances made from it live on
    _size("cpus"),
    _size("memory"),
    Column("never_stop", Boolean, nullable=False),
    _created(),
    Column("state", _words(InstanceState), nullable=False),
    _maybe("host_uuid", "host.uuid"),
)
_volume = Table(
    "volume",
    metadata,
    _uuid(),
    _name(),
    Column("kind", _words(VolumeKind), nullable=False),
    _size("size"),
    Column("shareable", Boolean, nullable=False),
    _created(),
    _maybe("primary_storage_uuid", "primary_storage.uuid"),
    _maybe("image_uuid", "image.uuid"),
    Column("base", String, nullable=True),
    _text("lv"),
    _text("format"),
    _size("actual"),
    Column("status", _words(VolumeStatus), nullable=False),
    _state(),
    Column("thin", Boolean, nullable=False),
    CheckConstraint("NOT (shareable AND kind = 'Root')", name="no_shared_root"),
    CheckConstraint("NOT (shareable AND thin)", name="no_shared_thin"),
)
_volume_ref = Table(
    "volume_ref",
    metadata,
    _to("volume.uuid", key=True, cascade=True),
    _to("vm_instance.uuid", key=True, cascade=True),
    Column("number", Integer, nullable=False),
    UniqueConstraint("vm_instance_uuid", "number"),
)
_snapshot = Table(
    "snapshot",
    metadata,
    _uuid(),
    _name(),
    _to("volume.uuid", cascade=True),
    _maybe("parent_uuid", "snapshot.uuid"),
    _to("primary_storage.uuid"),
    _text("lv", unique=True),
    _text("format"),
    _size("size"),
    _size("actual"),
    _created(),
    _state(),
)
_operation = Table(
    "operation",
    metadata,
    _uuid(),
    _text("kind"),
    _text("subject"),
    _text("owner"),
    _text("step"),
    _text("arguments"),
    _created(),
    Column("progress", _words(Progress), nullable=False),
    _text("error"),
)
Index(
    "one_at_a_time",
    _operation.c.subject,
    unique=True,
    sqlite_where=text(f"progress = '{Progress.RUNNING}'"),
)

TABLES: dict[type, Table] = {
    entities.Zone: _zone,
    entities.Cluster: _cluster,
    entities.ManagementNode: _management_node,
    entities.Host: _host,
    entities.PrimaryStorage: _primary_storage,
    entities.SharedBlock: _shared_block,
    entities.ClusterRef: _cluster_ref,
    entities.HostRef: _host_ref,
    entities.Image: _image,
    entities.ImageCache: _image_cache,
    entities.InstanceOffering: _instance_offering,
    entities.DiskOffering: _disk_offering,
    entities.VmInstance: _vm_instance,
    entities.Volume: _volume,
    entities.VolumeRef: _volume_ref,
    entities.Snapshot: _snapshot,
    Operation: _operation,
}
