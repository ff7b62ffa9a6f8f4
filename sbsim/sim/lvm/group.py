"""A volume group: what its text says, and how extents are given to logical volumes and taken back.

Sizes are in bytes, extents are counted; the text counts in sectors of 512 bytes.
"""

from __future__ import annotations

import functools
import random
import string
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from sbsim.sim.lvm.config import ConfigError, Section, parse, write

SECTOR = 512
_CHARACTERS = string.digits + string.ascii_letters
_DASHES = (6, 10, 14, 18, 22, 26, 32)
FORMAT = "Text Format Volume Group"
# Every command reads the text on every disk; it is another one only after a change.
KNOWN = 256


class NoRoom(Exception):
    """Not enough free extents: how many there are, and how many were asked for."""

    def __init__(self, free: int, asked: int) -> None:
        super().__init__(f"{free} extents are free, {asked} were asked for")
        self.free = free
        self.asked = asked


def draw_uuid(draw: random.Random) -> str:
    """A uuid as LVM makes them: 32 letters and digits, with dashes."""
    return dashed("".join(draw.choices(_CHARACTERS, k=32)))


def dashed(uuid: str) -> str:
    """A uuid of 32 characters with the dashes that LVM shows it with."""
    cuts = (0, *_DASHES)
    return "-".join(uuid[a:b] for a, b in zip(cuts, _DASHES, strict=False))


@dataclass(frozen=True)
class PhysicalVolume:
    """A disk of it. `name` is the text's (pv0), `device` a hint, `start` where data begin."""

    name: str
    uuid: str
    device: str
    device_size: int
    start: int
    extents: int
    missing: bool = False


@dataclass(frozen=True)
class Segment:
    """Extents of a logical volume that lie one behind the other on one physical volume."""

    extents: int
    pv: str
    first: int


@dataclass(frozen=True)
class LogicalVolume:
    """A logical volume, linear. `lock` is where its lease lies, empty if it has none."""

    name: str
    uuid: str
    segments: tuple[Segment, ...]
    tags: tuple[str, ...] = ()
    lock: str = ""
    visible: bool = True
    created: int = 0
    host: str = ""

    @property
    def extents(self) -> int:
        """How many it has."""
        return sum(one.extents for one in self.segments)


@dataclass(frozen=True)
class VolumeGroup:
    """A volume group. `lock_type` is none or sanlock; `lock` where its own lease lies.

    Every change makes another one, with the next sequence number.
    """

    name: str
    uuid: str
    extent: int
    seqno: int = 1
    tags: tuple[str, ...] = ()
    lock_type: str = "none"
    lock: str = ""
    pvs: tuple[PhysicalVolume, ...] = ()
    lvs: tuple[LogicalVolume, ...] = ()

    # --- room ---------------------------------------------------------------------------------

    @property
    def size(self) -> int:
        """Its bytes."""
        return self.extent * sum(one.extents for one in self.pvs)

    @property
    def free(self) -> int:
        """The bytes that no logical volume has."""
        return self.extent * sum(count for _, _, count in self._gaps())

    def free_on(self, pv: str) -> int:
        """The bytes of a physical volume that no logical volume has."""
        return self.extent * sum(count for name, _, count in self._gaps() if name == pv)

    def _gaps(self) -> Iterator[tuple[str, int, int]]:
        """Free extents: on which physical volume, from which on, how many."""
        for pv in self.pvs:
            used = sorted(
                (one.first, one.extents)
                for lv in self.lvs
                for one in lv.segments
                if one.pv == pv.name
            )
            place = 0
            for first, count in (*used, (pv.extents, 0)):
                if first > place:
                    yield pv.name, place, first - place
                place = max(place, first + count)

    def _take(self, extents: int) -> Iterator[Segment]:
        """Free extents, lowest first. Raises NoRoom."""
        gaps = list(self._gaps())
        free = sum(count for _, _, count in gaps)
        if extents > free:
            raise NoRoom(free, extents)
        for pv, first, count in gaps:
            taken = min(count, extents)
            if taken:
                yield Segment(taken, pv, first)
            extents -= taken

    # --- changes ------------------------------------------------------------------------------

    def lv(self, name: str) -> LogicalVolume | None:
        """The logical volume of that name."""
        return next((one for one in self.lvs if one.name == name), None)

    def pv(self, name: str) -> PhysicalVolume:
        """The physical volume that the text calls so."""
        return next(one for one in self.pvs if one.name == name)

    def changed(self, **fields: Any) -> VolumeGroup:
        """The group with other fields, one change later."""
        return replace(self, seqno=self.seqno + 1, **fields)

    def with_pv(self, uuid: str, device: str, device_size: int, start: int) -> VolumeGroup:
        """With another disk, all of whose whole extents are free."""
        used = {one.name for one in self.pvs}
        name = next(f"pv{number}" for number in range(len(used) + 1) if f"pv{number}" not in used)
        extents = (device_size - start) // self.extent
        made = PhysicalVolume(name, uuid, device, device_size, start, extents)
        return self.changed(pvs=(*self.pvs, made))

    def with_disk_of(self, name: str, device_size: int) -> VolumeGroup:
        """With a disk that has another size; what is new of it is free."""
        return self.changed(pvs=tuple(
            replace(one, device_size=device_size, extents=(device_size - one.start) // self.extent)
            if one.name == name
            else one
            for one in self.pvs
        ))  # fmt: skip

    def with_lv(self, made: LogicalVolume, extents: int) -> VolumeGroup:
        """With a logical volume of so many extents. Raises NoRoom."""
        segments = tuple(self._take(extents))
        return self.changed(lvs=(*self.lvs, replace(made, segments=segments)))

    def with_more(self, name: str, extents: int) -> VolumeGroup:
        """With so many extents more on a logical volume. Raises NoRoom."""
        more = tuple(self._take(extents))
        return self.changed(lvs=tuple(
            replace(one, segments=_joined((*one.segments, *more))) if one.name == name else one
            for one in self.lvs
        ))  # fmt: skip

    def without_lv(self, name: str) -> VolumeGroup:
        """Without a logical volume; its extents are free."""
        return self.changed(lvs=tuple(one for one in self.lvs if one.name != name))


def _joined(segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """Segments, those that lie one behind the other made one."""
    found: list[Segment] = []
    for one in segments:
        last = found[-1] if found else None
        if last and (last.pv, last.first + last.extents) == (one.pv, one.first):
            found[-1] = replace(last, extents=last.extents + one.extents)
        else:
            found.append(one)
    return tuple(found)


# --- the text -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Written:
    """By which command a text was written, on which host, when (seconds since 1970)."""

    command: str = ""
    host: str = ""
    at: int = 0


def text_of(group: VolumeGroup, written: Written) -> str:
    """A group as its text. What is not set is not written, as LVM does."""
    locks: Section = {}
    if group.lock_type != "none":
        locks = {"lock_type": group.lock_type, "lock_args": group.lock}
    section: Section = {
        "id": group.uuid,
        "seqno": group.seqno,
        "format": "lvm2",
        "status": ["RESIZEABLE", "READ", "WRITE"],
        "flags": [],
        **({"tags": list(group.tags)} if group.tags else {}),
        **locks,
        "extent_size": group.extent // SECTOR,
        "max_lv": 0,
        "max_pv": 0,
        "metadata_copies": 0,
        "physical_volumes": {one.name: _pv_section(one) for one in group.pvs},
    }
    if group.lvs:
        section["logical_volumes"] = {one.name: _lv_section(one) for one in group.lvs}
    trailer: Section = {
        "contents": FORMAT,
        "version": 1,
        "description": f"Write from {written.command}.",
        "creation_host": written.host,
        "creation_time": written.at,
    }
    return write({group.name: section}).lstrip("\n") + "\n" + write(trailer)


def _pv_section(pv: PhysicalVolume) -> Section:
    return {
        "id": pv.uuid,
        "device": pv.device,
        "status": ["ALLOCATABLE"],
        "flags": ["MISSING"] if pv.missing else [],
        "dev_size": pv.device_size // SECTOR,
        "pe_start": pv.start // SECTOR,
        "pe_count": pv.extents,
    }


def _lv_section(lv: LogicalVolume) -> Section:
    section: Section = {
        "id": lv.uuid,
        "status": ["READ", "WRITE", *(["VISIBLE"] if lv.visible else [])],
        "flags": [],
        **({"tags": list(lv.tags)} if lv.tags else {}),
        "creation_time": lv.created,
        "creation_host": lv.host,
        **({"lock_args": lv.lock} if lv.lock else {}),
        "segment_count": len(lv.segments),
    }
    start = 0
    for number, one in enumerate(lv.segments, start=1):
        section[f"segment{number}"] = {
            "start_extent": start,
            "extent_count": one.extents,
            "type": "striped",
            "stripe_count": 1,
            "stripes": [one.pv, one.first],
        }
        start += one.extents
    return section


@functools.lru_cache(KNOWN)
def read_group(text: str) -> VolumeGroup:
    """The group that a text describes. Raises ConfigError, also for what is not linear."""
    whole = parse(text)
    if whole.get("contents") != FORMAT:
        raise ConfigError(f"contents is {whole.get('contents')!r}; expected {FORMAT!r}")
    name, section = next((key, one) for key, one in whole.items() if isinstance(one, dict))
    read: Any = section
    extent = read["extent_size"] * SECTOR
    return VolumeGroup(
        name=name,
        uuid=read["id"],
        extent=extent,
        seqno=read["seqno"],
        tags=tuple(read.get("tags", ())),
        lock_type=read.get("lock_type", "none"),
        lock=read.get("lock_args", ""),
        pvs=tuple(_pv(key, one) for key, one in read["physical_volumes"].items()),
        lvs=tuple(_lv(key, one) for key, one in read.get("logical_volumes", {}).items()),
    )


def _pv(name: str, read: Any) -> PhysicalVolume:
    return PhysicalVolume(
        name=name,
        uuid=read["id"],
        device=read["device"],
        device_size=read["dev_size"] * SECTOR,
        start=read["pe_start"] * SECTOR,
        extents=read["pe_count"],
        missing="MISSING" in read["flags"],
    )


def _lv(name: str, read: Any) -> LogicalVolume:
    segments = []
    for number in range(1, read["segment_count"] + 1):
        one = read[f"segment{number}"]
        if one["type"] != "striped" or one["stripe_count"] != 1:
            raise ConfigError(f"{name} has a segment of {one['type']}; expected a linear one")
        pv, first = one["stripes"]
        segments.append(Segment(one["extent_count"], pv, first))
    return LogicalVolume(
        name=name,
        uuid=read["id"],
        segments=tuple(segments),
        tags=tuple(read.get("tags", ())),
        lock=read.get("lock_args", ""),
        visible="VISIBLE" in read["status"],
        created=read.get("creation_time", 0),
        host=read.get("creation_host", ""),
    )
