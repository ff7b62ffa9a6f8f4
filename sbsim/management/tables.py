"""Inventories as tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.text import Text

from sbsim.deployment.size import readable
from sbsim.management.entities import InstanceState, Status
from sbsim.management.instance_inventory import (
    ImageInventory,
    InstanceInventory,
    OfferingInventory,
    SnapshotInventory,
    VolumeInventory,
)
from sbsim.management.inventory import ClusterInventory, HostInventory, StorageInventory
from sbsim.sharedblock.request import Candidate

GIB = 2**30
_COLOURS: dict[str, str] = {
    Status.CONNECTED: "green",
    Status.CONNECTING: "yellow",
    Status.DISCONNECTED: "red",
    InstanceState.RUNNING: "green",
    InstanceState.UNKNOWN: "red",
}


def storages(items: Iterable[StorageInventory]) -> Table:
    """One line per storage."""
    heads = ("NAME", "KIND", "STATUS", "STATE", "CLUSTERS", "HOSTS", "DISKS", "AVAILABLE", "TOTAL")
    return _table(
        heads,
        (
            (
                item.name,
                item.kind,
                _status(item.status),
                item.state,
                _joined(item.clusters),
                _connected(item),
                str(len(item.disks)),
                size(item.available),
                size(item.total),
            )
            for item in items
        ),
    )


def storage(item: StorageInventory) -> list[Table]:
    """One storage in full: what it is, its disks, and each host's place in it."""
    about = _about(
        ("name", item.name),
        ("description", item.description or "–"),
        ("uuid", item.uuid),
        ("zone", item.zone),
        ("status", _status(item.status)),
        ("state", item.state),
        ("clusters", _joined(item.clusters)),
        ("capacity", f"{size(item.available)} of {size(item.total)} available"),
        ("kind", item.kind),
        *(
            [("folder", item.path)]
            if item.path
            else [("LVM's uuid", item.vg_uuid or "–"), ("disks", "\n".join(item.disks))]
        ),
    )
    members = ((one.host, str(one.host_id), _status(one.status)) for one in item.hosts)
    return [about, _table(("HOST", "HOST ID", "STATUS"), members)]


def hosts(items: Iterable[HostInventory]) -> Table:
    """One line per host."""
    return _table(
        ("NAME", "CLUSTER", "ADDRESS", "STATE", "CONNECTED TO"),
        (
            (item.name, item.cluster, item.address, item.state, _joined(item.storages))
            for item in items
        ),
    )


def clusters(items: Iterable[ClusterInventory]) -> Table:
    """One line per cluster."""
    return _table(
        ("NAME", "ZONE", "STATE", "HOSTS", "STORAGES"),
        (
            (item.name, item.zone, item.state, _joined(item.hosts), _joined(item.storages))
            for item in items
        ),
    )


def candidates(items: Iterable[Candidate]) -> Table:
    """One line per LUN, with the columns of R4.14."""
    return _table(
        ("WWID", "VENDOR", "MODEL", "WWN", "HCTL", "TYPE", "CAPACITY", "PATH"),
        (
            (
                item.wwid,
                item.vendor,
                item.model,
                item.wwn,
                item.hctl,
                item.kind,
                size(item.size),
                item.path,
            )
            for item in items
        ),
    )


def instances(items: Iterable[InstanceInventory]) -> Table:
    """One line per VM instance."""
    return _table(
        ("NAME", "STATE", "HOST", "CPUS", "MEMORY", "NEVERSTOP", "VOLUMES"),
        (
            (
                item.name,
                _status(item.state),
                item.host or "–",
                str(item.cpus),
                readable(item.memory),
                "yes" if item.never_stop else "–",
                _joined([one.volume for one in item.volumes]),
            )
            for item in items
        ),
    )


def instance(item: InstanceInventory) -> list[Table]:
    """One VM instance in full, and its volumes."""
    about = _about(
        ("name", item.name),
        ("uuid", item.uuid),
        ("state", _status(item.state)),
        ("host", item.host or "–"),
        ("cluster", item.cluster),
        ("image", item.image or "–"),
        ("processors", str(item.cpus)),
        ("memory", readable(item.memory)),
        ("NeverStop", "yes" if item.never_stop else "no"),
    )
    lines = ((str(one.number), one.volume, one.storage) for one in item.volumes)
    return [about, _table(("DISK", "VOLUME", "STORAGE"), lines)]


def volumes(items: Iterable[VolumeInventory]) -> Table:
    """One line per volume."""
    return _table(
        (
            "NAME",
            "KIND",
            "STATUS",
            "STATE",
            "SIZE",
            "STORAGE",
            "SHARED",
            "ATTACHED TO",
            "SNAPSHOTS",
        ),
        (
            (
                item.name,
                item.kind,
                item.status,
                item.state,
                readable(item.size),
                item.storage or "–",
                "yes" if item.shareable else "–",
                _joined(item.instances),
                str(len(item.snapshots) or "–"),
            )
            for item in items
        ),
    )


def volume(item: VolumeInventory) -> list[Table]:
    """One volume in full."""
    return [
        _about(
            ("name", item.name),
            ("uuid", item.uuid),
            ("kind", item.kind),
            ("status", item.status),
            ("state", item.state),
            ("size", f"{readable(item.size)}, {readable(item.actual)} in the pool"),
            ("format", item.format or "–"),
            ("thin", "yes" if item.thin else "no"),
            ("shared", "yes" if item.shareable else "no"),
            ("storage", item.storage or "–"),
            ("path", item.install_path or "–"),
            ("attached to", _joined(item.instances)),
            ("snapshots", _joined(item.snapshots)),
        )
    ]


def snapshots(items: Iterable[SnapshotInventory]) -> Table:
    """One line per snapshot; the one that its volume goes on from is marked."""
    return _table(
        ("NAME", "VOLUME", "PARENT", "SIZE", "CURRENT", "UUID"),
        (
            (
                item.name,
                item.volume,
                item.parent or "–",
                readable(item.size),
                "*" if item.current else "",
                item.uuid,
            )
            for item in items
        ),
    )


def images(items: Iterable[ImageInventory]) -> Table:
    """One line per image."""
    return _table(
        ("NAME", "FORMAT", "SIZE", "HELD BY", "FILE"),
        (
            (item.name, item.format, readable(item.virtual), _joined(item.storages), item.path)
            for item in items
        ),
    )


def offerings(items: Iterable[OfferingInventory]) -> Table:
    """One line per offering."""
    return _table(
        ("NAME", "FOR", "CPUS", "MEMORY", "SIZE"),
        (
            (
                item.name,
                item.kind,
                str(item.cpus or "–"),
                readable(item.memory) if item.memory else "–",
                readable(item.size) if item.size else "–",
            )
            for item in items
        ),
    )


def size(number: int) -> str:
    """Bytes as GiB with two digits, as the product shows them."""
    return f"{number / GIB:.2f} GiB"


def _about(*lines: tuple[str, str | Text]) -> Table:
    """Names and values, one pair a line."""
    about = Table(show_header=False, box=None)
    for name, value in lines:
        about.add_row(Text(name, style="dim"), _cell(value))
    return about


def _table(heads: Sequence[str], lines: Iterable[Sequence[str | Text]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in heads:
        table.add_column(head, no_wrap=True)
    for line in lines:
        table.add_row(*(_cell(value) for value in line))
    return table


def _cell(value: str | Text) -> Text:
    """Text as it is: a name in brackets is no markup."""
    return value if isinstance(value, Text) else Text(value)


def _status(status: Status | InstanceState) -> Text:
    return Text(status, style=_COLOURS.get(status, ""))


def _joined(names: Sequence[str]) -> str:
    return ", ".join(names) or "–"


def _connected(item: StorageInventory) -> str:
    up = sum(one.status is Status.CONNECTED for one in item.hosts)
    return f"{up} of {len(item.hosts)}"
