"""LIO's objects, one by one: a flat map from what an object is to what it holds.

An array becomes a state with `expand`; reading configfs gives a state too; `collapse` goes back.
Keys by kind, and what each must find there before it can be made:

    backstore (plugin, name)                 -
    target    (iqn)                          -
    group     (iqn, tag)                     its target
    lun       (iqn, tag, number)             its group, its backstore
    acl       (iqn, tag, initiator)          its group
    mapping   (iqn, tag, initiator, number)  its acl, its lun
    portal    (iqn, tag, address, port)      its group

Over Fibre Channel `fc/` and the target's name, as LIO's own paths have it, stand for the IQN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sbsim.target.model import FC, ISCSI, Array, Chap, Group, Initiator, Lun, Portal, Target

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

# In the order in which they are made; removal goes backwards.
KINDS = ("backstore", "target", "group", "lun", "acl", "mapping", "portal")

# rtslib's word for each backing.
PLUGINS = {"block": "block", "file": "fileio"}
BACKINGS = {plugin: backing for backing, plugin in PLUGINS.items()}


@dataclass(frozen=True, order=True)
class Key:
    """What an object is."""

    kind: str
    path: tuple[str | int, ...]

    def __str__(self) -> str:
        path = self.path
        if self.kind == "backstore":
            return f"backstore {path[0]}/{path[1]}"
        if self.kind == "target":
            return f"target {path[0]}"
        where = f"portal group {path[1]} of {path[0]}"
        if self.kind == "group":
            return where
        if self.kind == "portal":
            return f"portal {Portal(str(path[2]), int(path[3]))} in {where}"
        if self.kind == "lun":
            return f"LUN {path[2]} in {where}"
        if self.kind == "acl":
            return f"initiator {path[2]} in {where}"
        return f"LUN {path[3]} for initiator {path[2]} in {where}"


@dataclass(frozen=True)
class Backstore:
    """What a backstore holds. Bytes; `path` is empty while it is not configured."""

    path: str
    size: int
    serial: str
    write_back: bool


@dataclass(frozen=True)
class GroupAccess:
    """Whether a portal group serves, and the attributes that decide who gets in.

    Over Fibre Channel there is neither (None): it serves as soon as it is there, by ACL alone.
    """

    enabled: bool | None
    attributes: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Shown:
    """The backstore that a LUN shows; None for a LUN without its link."""

    backstore: Key | None


@dataclass(frozen=True)
class Access:
    """How an initiator proves itself; `by_group` unless the ACL has a rule of its own."""

    chap: Chap
    by_group: bool = True


@dataclass(frozen=True)
class Mapped:
    """The LUN of the portal group that an initiator sees under a number; None without its link."""

    lun: int | None
    write_protect: bool = False


@dataclass(frozen=True)
class Plain:
    """Nothing but being there: targets and portals."""


# As texts: Python 3.9 has no `|` between types.
Value: TypeAlias = "Backstore | GroupAccess | Shown | Access | Mapped | Plain"
State: TypeAlias = "Mapping[Key, Value]"


def parent(key: Key) -> Key | None:
    """Return the object in which the object lies."""
    if key.kind == "group":
        return Key("target", key.path[:1])
    if key.kind in ("lun", "acl", "portal"):
        return Key("group", key.path[:2])
    if key.kind == "mapping":
        return Key("acl", key.path[:3])
    return None


def needs(key: Key, value: Value) -> tuple[Key, ...]:
    """Return all that must be there while the object is."""
    above = parent(key)
    found = [] if above is None else [above]
    if isinstance(value, Shown) and value.backstore is not None:
        found.append(value.backstore)
    if isinstance(value, Mapped) and value.lun is not None:
        found.append(Key("lun", (*key.path[:2], value.lun)))
    return tuple(found)


def root(key: Key) -> Key:
    """Return the backstore or target to which the object belongs."""
    return key if key.kind == "backstore" else Key("target", key.path[:1])


def access_attributes(chap: bool) -> tuple[tuple[str, str], ...]:
    """Return the attributes of a portal group that let nobody in but the named initiators.

    In the order of setting: the kernel skips cache_dynamic_acls=0 while generate_node_acls is 1.
    """
    return (
        ("generate_node_acls", "0"),
        ("cache_dynamic_acls", "0"),
        ("demo_mode_discovery", "0"),
        ("demo_mode_write_protect", "1"),
        ("prod_mode_write_protect", "0"),
        ("authentication", "1" if chap else "0"),
    )


ATTRIBUTES = tuple(name for name, _ in access_attributes(True))


def key_name(target: Target) -> str:
    """Return what stands for a target in keys."""
    return target.iqn if target.fabric == ISCSI else f"{target.fabric}/{target.iqn}"


def name_of(text: str) -> tuple[str, str]:
    """Return the fabric and the name of a target, from what stands for it in keys."""
    fabric, slash, name = text.partition("/")
    return (fabric, name) if slash else (ISCSI, text)


def backstore_of(lun: Lun) -> tuple[Key, Backstore]:
    """Return the backstore that a LUN asks for."""
    key = Key("backstore", (PLUGINS[lun.backing], lun.name))
    return key, Backstore(lun.path, lun.size, lun.serial, lun.write_back)


def expand(array: Array) -> dict[Key, Value]:
    """Return every object that the array consists of."""
    state: dict[Key, Value] = dict(backstore_of(lun) for lun in array.luns)
    for target in array.targets:
        state[Key("target", (key_name(target),))] = Plain()
        for group in target.groups:
            state |= _expand_group(target, group)
    return state


def _expand_group(target: Target, group: Group) -> dict[Key, Value]:
    at = (key_name(target), group.tag)
    state: dict[Key, Value] = {Key("group", at): _access(target)}
    for lun in target.luns:
        state[Key("lun", (*at, lun.lun))] = Shown(backstore_of(lun)[0])
    for initiator in target.initiators:
        state[Key("acl", (*at, initiator.name))] = Access(initiator.chap)
        for lun in target.luns:
            state[Key("mapping", (*at, initiator.name, lun.lun))] = Mapped(lun.lun)
    for portal in group.portals:
        state[Key("portal", (*at, portal.address, portal.port))] = Plain()
    return state


def _access(target: Target) -> GroupAccess:
    if target.fabric == FC:
        return GroupAccess(None, ())
    chap = any(initiator.chap.user is not None for initiator in target.initiators)
    return GroupAccess(True, access_attributes(chap))


def collapse(state: State) -> Array:
    """Return the array of a state, sorted; what one portal group shows counts for its target.

    Where the groups of a target differ, `expand` of the answer is not the state any more:
    compare the two to find out.
    """
    keys = sorted(state)
    names = [str(key.path[0]) for key in keys if key.kind == "target"]
    return Array(tuple(_collapse_target(state, keys, name) for name in names))


def _collapse_target(state: State, keys: list[Key], name: str) -> Target:
    fabric, iqn = name_of(name)
    inside = [key for key in keys if key.kind != "backstore" and key.path[0] == name]
    tags = [int(key.path[1]) for key in inside if key.kind == "group"]
    portals = [key for key in inside if key.kind == "portal"]
    luns: dict[int, Lun] = {}
    initiators: dict[str, Initiator] = {}
    for key in inside:
        value = state[key]
        if isinstance(value, Shown) and (lun := _lun(state, int(key.path[2]), value)):
            luns.setdefault(lun.lun, lun)
        if isinstance(value, Access):
            initiators.setdefault(str(key.path[2]), Initiator(str(key.path[2]), value.chap))
    return Target(
        iqn,
        tuple(
            Group(
                tag,
                tuple(
                    Portal(str(key.path[2]), int(key.path[3]))
                    for key in portals
                    if key.path[1] == tag
                ),
            )
            for tag in tags
        ),
        tuple(luns[number] for number in sorted(luns)),
        tuple(initiators[one] for one in sorted(initiators)),
        fabric,
    )


def _lun(state: State, number: int, shown: Shown) -> Lun | None:
    key = shown.backstore
    value = state.get(key) if key is not None else None
    if key is None or not isinstance(value, Backstore):
        return None
    backing = BACKINGS.get(str(key.path[0]), str(key.path[0]))
    return Lun(
        number,
        str(key.path[1]),
        value.size,
        value.serial,
        backing,
        value.path,
        value.write_back,
    )
