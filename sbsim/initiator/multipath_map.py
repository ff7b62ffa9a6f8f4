"""Multipath maps, from ``multipathd show maps json`` (0.9.4) and, as a second view, multipath -ll.

multipathd tells neither sizes nor SCSI addresses: `multipath -ll` has both, the size rounded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sbsim.initiator.errors import UnreadableOutput
from sbsim.initiator.hctl import Hctl, read_hctl
from sbsim.initiator.reading import numbered_lines, unreadable

MAPS_ARGV = ("multipathd", "show", "maps", "json")
LIST_ARGV = ("multipath", "-ll")
_JSON = "multipathd show maps json"


@dataclass(frozen=True)
class MultipathPath:
    """One path. `device` is sdX; `hctl` None where the disk itself is gone.

    `dm_state` is the kernel's active or failed, `checker_state` multipathd's ready, faulty,
    shaky, ghost, …, `device_state` SCSI's running, offline, ….
    """

    device: str
    hctl: Hctl | None
    dm_state: str
    checker_state: str
    device_state: str

    @property
    def usable(self) -> bool:
        """Whether I/O can pass, as the kernel and multipathd both see it."""
        return (self.dm_state, self.checker_state) == ("active", "ready")


@dataclass(frozen=True)
class MultipathMap:
    """One map: a LUN by all of its paths. `device` is dm-N; `bytes` its size, None if unknown.

    `smallest_path` is the size of the smallest disk under it, None if none is known. `features`
    are the kernel's, such as ``0`` or ``1 queue_if_no_path``; `selectors` those of its path groups.
    """

    name: str
    wwid: str
    device: str
    bytes: int | None
    smallest_path: int | None
    features: str
    selectors: tuple[str, ...]
    paths: tuple[MultipathPath, ...]

    @property
    def outgrows_its_paths(self) -> bool:
        """Whether it is larger than a path: reading its end fails that path, and then the map."""
        return (self.smallest_path or 0) < (self.bytes or 0) and self.smallest_path is not None

    @property
    def path(self) -> str:
        """The device to use."""
        return f"/dev/mapper/{self.name}"

    @property
    def queues(self) -> bool:
        """Whether I/O waits, for ever if need be, while there is no path."""
        return "queue_if_no_path" in self.features


@dataclass(frozen=True)
class ListedMap:
    """A map in `multipath -ll`; `size` as printed there, rounded: ``20G``."""

    name: str
    wwid: str
    device: str
    size: str
    paths: tuple[MultipathPath, ...]


def parse_maps(
    text: str, hctls: Mapping[str, Hctl], sizes: Mapping[str, int]
) -> tuple[MultipathMap, ...]:
    """Read the output of `MAPS_ARGV`, by name; addresses and bytes by kernel name (sda, dm-0)."""
    try:
        root = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableOutput(
            _JSON, getattr(error, "lineno", 0), text[:120], "JSON (is multipathd running?)"
        ) from None
    maps = _list(root, "maps", "the whole")
    found = (_map(one, f"maps[{i}]", hctls, sizes) for i, one in enumerate(maps))
    return tuple(sorted(found, key=lambda one: one.name))


def _map(
    entry: object, place: str, hctls: Mapping[str, Hctl], sizes: Mapping[str, int]
) -> MultipathMap:
    groups = _list(entry, "path_groups", place)
    device = _text(entry, "sysfs", place)
    paths = tuple(
        _path(one, f"{place}.paths", hctls)
        for group in groups
        for one in _list(group, "paths", f"{place}.path_groups")
    )
    known = [sizes[path.device] for path in paths if path.device in sizes]
    return MultipathMap(
        name=_text(entry, "name", place),
        wwid=_text(entry, "uuid", place),
        device=device,
        bytes=sizes.get(device),
        smallest_path=min(known, default=None),
        features=_text(entry, "features", place),
        selectors=tuple(_text(one, "selector", f"{place}.path_groups") for one in groups),
        paths=paths,
    )


def _path(entry: object, place: str, hctls: Mapping[str, Hctl]) -> MultipathPath:
    device = _text(entry, "dev", place)
    return MultipathPath(
        device=device,
        hctl=hctls.get(device),
        dm_state=_text(entry, "dm_st", place),
        checker_state=_text(entry, "chk_st", place),
        device_state=_text(entry, "dev_st", place),
    )


def _value(entry: object, key: str) -> Any:
    return entry.get(key) if isinstance(entry, dict) else None


def _list(entry: object, key: str, place: str) -> list[object]:
    value = _value(entry, key)
    if not isinstance(value, list):
        raise UnreadableOutput(_JSON, 0, f"{place}.{key}: {str(value)[:80]}", "a list")
    return value


def _text(entry: object, key: str, place: str) -> str:
    value = _value(entry, key)
    if not isinstance(value, str):
        raise UnreadableOutput(_JSON, 0, f"{place}.{key}: {str(value)[:80]}", "a text")
    return value.strip()


# A map's name alone is its WWID; an alias stands before its WWID in brackets.
_HEAD = re.compile(
    r"(?P<name>\S+) (?:\((?P<wwid>[^()\s]+)\) )?(?P<device>dm-[0-9]{1,6}) \S.*,.*"
)  # fmt: skip
_SIZE = re.compile(r"size=(?P<size>[0-9.]+[KMGTPE]?) features='[^']*' hwhandler='[^']*' wp=\S+")
_GROUP = re.compile(r"[|`]-\+- policy='[^']*' prio=-?[0-9]+ status=\S+")
_PATH = re.compile(
    r"[| ] [|`]- (?P<hctl>\S+)\s+(?P<device>\S+)\s+(?P<number>\S+)\s+(?P<dm>\S+)"
    r"\s+(?P<checker>\S+)\s+(?P<state>\S+)\s*"
)


def parse_list(text: str) -> tuple[ListedMap, ...]:
    """Read the output of `LIST_ARGV`, by name."""
    return tuple(sorted(_listed(text), key=lambda one: one.name))


def _listed(text: str) -> Iterator[ListedMap]:
    head: re.Match[str] | None = None
    size, paths = "", list[MultipathPath]()
    for number, line in numbered_lines(text):
        if match := _HEAD.fullmatch(line):
            if head:
                yield _one(head, size, paths)
            head, size, paths = match, "", []
        elif head and (match := _SIZE.fullmatch(line)):
            size = match["size"]
        elif head and (match := _PATH.fullmatch(line)):
            paths.append(_listed_path(match))
        elif not (head and _GROUP.fullmatch(line)):
            raise unreadable("multipath -ll", number, line, "a map, its size, a group or a path")
    if head:
        yield _one(head, size, paths)


def _one(head: re.Match[str], size: str, paths: list[MultipathPath]) -> ListedMap:
    wwid = head["wwid"] or head["name"]
    return ListedMap(head["name"], wwid, head["device"], size, tuple(paths))


def _listed_path(match: re.Match[str]) -> MultipathPath:
    return MultipathPath(
        match["device"], read_hctl(match["hctl"]), match["dm"], match["checker"], match["state"]
    )
