"""LVM's reports as JSON: volume groups, physical volumes and logical volumes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sbsim.sharedblock.errors import UnreadableReport

VG_FIELDS = (
    "vg_name", "vg_uuid", "vg_size", "vg_free", "vg_extent_size", "vg_seqno", "vg_tags",
    "vg_lock_type",
)  # fmt: skip
PV_FIELDS = ("pv_name", "pv_uuid", "vg_name", "dev_size", "pv_size", "pv_free", "pv_missing")
LV_FIELDS = ("lv_name", "lv_uuid", "vg_name", "lv_size", "lv_tags", "lv_active", "lv_role")


def argv(tool: str, fields: tuple[str, ...], *names: str) -> tuple[str, ...]:
    """The command whose output the parsers here read; sizes in bytes.

    It takes no lock, so that it answers while the lock space is down.
    """
    options = ("--nolocking", "--reportformat", "json", "--units", "b", "--nosuffix")
    return (tool, *options, "-o", ",".join(fields), *names)


@dataclass(frozen=True)
class VolumeGroup:
    """A volume group; sizes in bytes. `lock_type` is ``sanlock`` for a shared one, else empty."""

    name: str
    uuid: str
    size: int
    free: int
    extent_size: int
    seqno: int
    tags: tuple[str, ...]
    lock_type: str


@dataclass(frozen=True)
class PhysicalVolume:
    """A physical volume; `vg` is empty for an orphan, `path` is ``[unknown]`` where it is lost."""

    path: str
    uuid: str
    vg: str
    device_size: int
    size: int
    free: int
    missing: bool

    @property
    def found(self) -> bool:
        """Whether this host sees the disk."""
        return not self.path.startswith("[")


@dataclass(frozen=True)
class LogicalVolume:
    """A logical volume; `size` in bytes, `active` on the host that was asked."""

    name: str
    uuid: str
    vg: str
    size: int
    tags: tuple[str, ...]
    active: bool


def parse_vgs(text: str) -> tuple[VolumeGroup, ...]:
    """Read `vgs` with `VG_FIELDS`."""
    return tuple(
        VolumeGroup(
            name=row["vg_name"],
            uuid=row["vg_uuid"],
            size=int(row["vg_size"]),
            free=int(row["vg_free"]),
            extent_size=int(row["vg_extent_size"]),
            seqno=int(row["vg_seqno"]),
            tags=_tags(row["vg_tags"]),
            lock_type=row["vg_lock_type"],
        )
        for row in _rows(text, "vgs", "vg", VG_FIELDS)
    )


def parse_pvs(text: str) -> tuple[PhysicalVolume, ...]:
    """Read `pvs` with `PV_FIELDS`."""
    return tuple(
        PhysicalVolume(
            path=row["pv_name"],
            uuid=row["pv_uuid"],
            vg=row["vg_name"],
            device_size=int(row["dev_size"] or 0),
            size=int(row["pv_size"] or 0),
            free=int(row["pv_free"] or 0),
            missing=row["pv_missing"] == "missing",
        )
        for row in _rows(text, "pvs", "pv", PV_FIELDS)
    )


def parse_lvs(text: str) -> tuple[LogicalVolume, ...]:
    """Read `lvs -a` with `LV_FIELDS`; a hidden volume's name comes without its brackets."""
    return tuple(
        LogicalVolume(
            name=row["lv_name"].strip("[]"),
            uuid=row["lv_uuid"],
            vg=row["vg_name"],
            size=int(row["lv_size"]),
            tags=_tags(row["lv_tags"]),
            active=row["lv_active"] == "active",
        )
        for row in _rows(text, "lvs", "lv", LV_FIELDS)
    )


def _tags(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(",") if part)


def _rows(text: str, tool: str, kind: str, fields: tuple[str, ...]) -> Iterator[dict[str, str]]:
    try:
        reports = json.loads(text)["report"]
        rows: list[dict[str, Any]] = [row for report in reports for row in report[kind]]
        for row in rows:
            yield {field: str(row[field]) for field in fields}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UnreadableReport(tool, text, str(error)) from None
