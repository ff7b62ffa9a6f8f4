"""LIO's objects, read back from configfs through rtslib."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sbsim.target.failure import TargetFailure
from sbsim.target.lio import Lio, rule_of
from sbsim.target.model import Chap
from sbsim.target.state import (
    ATTRIBUTES,
    BACKINGS,
    Access,
    Backstore,
    GroupAccess,
    Key,
    Mapped,
    Plain,
    Shown,
)

if TYPE_CHECKING:
    from sbsim.target.state import Value

    Objects = dict[Key, Value]

# The folders of these plugins have other names than the plugins.
_PLUGINS = {"iblock": "block", "rd_mcp": "ramdisk"}


def read(lio: Lio) -> tuple[Objects, tuple[str, ...]]:
    """Return all block and file backstores and iSCSI targets, and the names of other backstores.

    Refreshes `lio.tpgs` and `lio.luns`. Raises TargetFailure if configfs holds what rtslib cannot
    read.
    """
    state: Objects = {}
    others: list[str] = []
    try:
        for found in lio.rtslib.root.StorageObject.all():
            key = Key("backstore", (found.plugin, found.name))
            if found.plugin in BACKINGS:
                state[key] = _read_backstore(lio, found)
            else:
                others.append(str(key))
        lio.tpgs.clear()
        lio.luns.clear()
        for target in lio.fabric.targets:
            _read_target(state, lio, target)
    except _unreadable(lio) as error:
        raise TargetFailure(
            f"LIO's configuration in {lio.root.path} cannot be read ({error}); "
            "look there for objects that were made by hand"
        ) from error
    return state, tuple(others)


def _unreadable(lio: Lio) -> tuple[type[Exception], ...]:
    return (*lio.errors, ValueError, IndexError)


def _read_backstore(lio: Lio, found: Any) -> Backstore:
    if not found.is_configured():
        return Backstore("", 0, "", False)
    path = str(found.udev_path)
    if found.plugin == "fileio":
        return Backstore(path, found.size, found.wwn, found.write_back)
    # LIO takes an iblock device's cache from the disk; its own attribute always says no.
    write_back = lio.system.write_back(f"/dev/block/{found.major}:{found.minor}")
    return Backstore(path, found.size, found.wwn, write_back)


def _read_target(state: Objects, lio: Lio, target: Any) -> None:
    iqn = target.wwn
    state[Key("target", (iqn,))] = Plain()
    for folder in sorted(Path(target.path).glob("tpgt_*")):
        tag = int(folder.name.split("_")[1])
        _read_group(state, lio, lio.tpg_class(target, tag, "lookup"))


def _read_group(state: Objects, lio: Lio, tpg: Any) -> None:
    at = (tpg.parent_target.wwn, tpg.tag)
    attributes = tuple((name, tpg.get_attribute(name)) for name in ATTRIBUTES)
    state[Key("group", at)] = GroupAccess(tpg.enable, attributes)
    lio.tpgs[at] = tpg
    lio.luns[at] = {number: lio.lun_class(tpg, number) for number in _numbers(f"{tpg.path}/lun")}
    for number, lun in lio.luns[at].items():
        state[Key("lun", (*at, number))] = Shown(_shown_by(lun.path))
    for portal in tpg.network_portals:
        address = str(portal.ip_address).strip("[]")
        state[Key("portal", (*at, address, portal.port))] = Plain()
    for acl in tpg.node_acls:
        _read_acl(state, at, acl)


def _read_acl(state: Objects, at: tuple[str, int], acl: Any) -> None:
    chap = Chap(
        acl.chap_userid or None,
        acl.chap_password or None,
        acl.chap_mutual_userid or None,
        acl.chap_mutual_password or None,
    )
    state[Key("acl", (*at, acl.node_wwn))] = Access(chap, rule_of(acl) in (None, "-1"))
    for number in _numbers(acl.path):
        folder = f"{acl.path}/lun_{number}"
        protected = Path(folder, "write_protect").read_text().strip() == "1"
        # Not rtslib's tpg_lun: it walks every LUN of the portal group.
        state[Key("mapping", (*at, acl.node_wwn, number))] = Mapped(_mapped_to(folder), protected)


def _numbers(folder: str) -> list[int]:
    """Return the numbers of the LUN folders in a folder."""
    names = (entry.name for entry in Path(folder).iterdir())
    return sorted(int(name[4:]) for name in names if name.startswith("lun_"))


def _linked(folder: str) -> Path | None:
    """Return where the link in a LUN's folder leads; its name is arbitrary."""
    link = next((entry for entry in Path(folder).iterdir() if entry.is_symlink()), None)
    return None if link is None else Path(os.path.realpath(link))


def _shown_by(folder: str) -> Key | None:
    """Return the backstore that a LUN shows."""
    place = _linked(folder)
    if place is None:
        return None
    plugin = place.parent.name.rsplit("_", 1)[0]
    return Key("backstore", (_PLUGINS.get(plugin, plugin), place.name))


def _mapped_to(folder: str) -> int | None:
    """Return the number of the portal group's LUN that a mapping leads to."""
    place = _linked(folder)
    return None if place is None else int(place.name.split("_")[1])
