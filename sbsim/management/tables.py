"""Inventories as tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.text import Text

from sbsim.management.entities import Status
from sbsim.management.inventory import ClusterInventory, HostInventory, StorageInventory
from sbsim.sharedblock.request import Candidate

GIB = 2**30
_COLOURS = {
    Status.CONNECTED: "green",
    Status.CONNECTING: "yellow",
    Status.DISCONNECTED: "red",
}


def storages(items: Iterable[StorageInventory]) -> Table:
    """One line per storage."""
    heads = ("NAME", "STATUS", "STATE", "CLUSTERS", "HOSTS", "DISKS", "AVAILABLE", "TOTAL")
    return _table(
        heads,
        (
            (
                item.name,
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
    about = Table(show_header=False, box=None)
    for name, value in (
        ("name", item.name),
        ("description", item.description or "–"),
        ("uuid", item.uuid),
        ("zone", item.zone),
        ("status", _status(item.status)),
        ("state", item.state),
        ("clusters", _joined(item.clusters)),
        ("capacity", f"{size(item.available)} of {size(item.total)} available"),
        ("LVM's uuid", item.vg_uuid or "–"),
        ("disks", "\n".join(item.disks)),
    ):
        about.add_row(Text(name, style="dim"), _cell(value))
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


def size(number: int) -> str:
    """Bytes as GiB with two digits, as the product shows them."""
    return f"{number / GIB:.2f} GiB"


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


def _status(status: Status) -> Text:
    return Text(status, style=_COLOURS[status])


def _joined(names: Sequence[str]) -> str:
    return ", ".join(names) or "–"


def _connected(item: StorageInventory) -> str:
    up = sum(one.status is Status.CONNECTED for one in item.hosts)
    return f"{up} of {len(item.hosts)}"
