"""LIO's objects, read back from configfs through rtslib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sbsim.target.failure import TargetFailure
from sbsim.target.lio import Lio, name_in_keys
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
    """Return all block and file backstores and all targets, and the names of other backstores.

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
        for fabric in lio.fabrics.values():
            for target in fabric.targets:
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
    state[Key("target", (name_in_keys(target),))] = Plain()
    for name in lio.system.folders_in(target.path):
        if name.startswith("tpgt_"):
            tag = int(name.removeprefix("tpgt_"))
            _read_group(state, lio, lio.tpg_class(target, tag, "lookup"))


def _read_group(state: Objects, lio: Lio, tpg: Any) -> None:
    at = (name_in_keys(tpg.parent_target), tpg.tag)
    state[Key("group", at)] = _read_access(tpg)
    lio.tpgs[at] = tpg
    numbers = _numbers(lio, f"{tpg.path}/lun")
    lio.luns[at] = {number: lio.lun_class(tpg, number) for number in numbers}
    for number, lun in lio.luns[at].items():
        state[Key("lun", (*at, number))] = Shown(_shown_by(lio, lun.path))
    for portal in tpg.network_portals:
        address = str(portal.ip_address).strip("[]")
        state[Key("portal", (*at, address, portal.port))] = Plain()
    for acl in tpg.node_acls:
        _read_acl(state, lio, at, acl)


def _read_access(tpg: Any) -> GroupAccess:
    if not tpg.has_feature("auth"):  # Fibre Channel: by ACL alone, and always
        return GroupAccess(None, ())
    return GroupAccess(tpg.enable, tuple((name, tpg.get_attribute(name)) for name in ATTRIBUTES))


def _read_chap(acl: Any) -> Chap:
    if not acl.has_feature("auth"):
        return Chap()
    return Chap(
        acl.chap_userid or None,
        acl.chap_password or None,
        acl.chap_mutual_userid or None,
        acl.chap_mutual_password or None,
    )


def _read_acl(state: Objects, lio: Lio, at: tuple[str, int], acl: Any) -> None:
    by_group = lio.rule_of(acl) in (None, "-1")
    state[Key("acl", (*at, acl.node_wwn))] = Access(_read_chap(acl), by_group)
    for number in _numbers(lio, acl.path):
        folder = f"{acl.path}/lun_{number}"
        protected = lio.system.attribute(f"{folder}/write_protect") == "1"
        # Not rtslib's tpg_lun: it walks every LUN of the portal group.
        state[Key("mapping", (*at, acl.node_wwn, number))] = Mapped(
            _mapped_to(lio, folder), protected
        )


def _numbers(lio: Lio, folder: str) -> list[int]:
    """Return the numbers of the LUN folders in a folder."""
    names = (name for name in lio.system.folders_in(folder) if name.startswith("lun_"))
    return sorted(int(name.removeprefix("lun_")) for name in names)


def _shown_by(lio: Lio, folder: str) -> Key | None:
    """Return the backstore that a LUN's link, whose name is arbitrary, leads to."""
    place = lio.system.link_in(folder)
    if place is None:
        return None
    hba, name = place.split("/")[-2:]
    plugin = hba.rsplit("_", 1)[0]
    return Key("backstore", (_PLUGINS.get(plugin, plugin), name))


def _mapped_to(lio: Lio, folder: str) -> int | None:
    """Return the number of the portal group's LUN that a mapping's link leads to."""
    place = lio.system.link_in(folder)
    return None if place is None else int(place.rsplit("_", 1)[1])
