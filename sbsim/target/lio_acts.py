"""One step of a plan, taken through rtslib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sbsim.target.failure import TargetFailure
from sbsim.target.lio import Lio, group_of
from sbsim.target.state import name_of

if TYPE_CHECKING:
    from sbsim.target.plan import Step
    from sbsim.target.state import Access, Backstore, GroupAccess, Key, Mapped, Plain, Shown


def take(lio: Lio, step: Step) -> None:
    """Take one step. Raises TargetFailure, naming it; the message never holds a secret."""
    try:
        _ACTS[step.action, step.key.kind](lio, step.key, step.value)
    except lio.errors as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise TargetFailure(f"cannot {step}: {reason}") from error


def _create_backstore(lio: Lio, key: Key, value: Backstore) -> None:
    make = lio.backstore_classes[str(key.path[0])]
    options: dict[str, Any] = {}
    if key.path[0] == "fileio":
        lio.system.make_sparse(value.path, value.size)
        options = {"size": value.size, "write_back": value.write_back}
    made = make(str(key.path[1]), dev=value.path, wwn=value.serial, **options)
    # Initiators then see the LUN's own name as its model, and not "IBLOCK" for all of them.
    made.set_attribute("emulate_model_alias", "1")


def _remove_backstore(lio: Lio, key: Key, value: None) -> None:
    backstore = lio.backstore(key)
    backstore._gen_attached_luns = tuple  # the kernel refuses if somebody else shows it
    backstore.delete()


def _create_target(lio: Lio, key: Key, value: Plain) -> None:
    fabric, name = name_of(str(key.path[0]))
    lio.rtslib.Target(lio.fabric(fabric), name, "create")


def _remove_target(lio: Lio, key: Key, value: None) -> None:
    lio.target(key).delete()


def _create_group(lio: Lio, key: Key, value: GroupAccess) -> None:
    at = group_of(key)
    lio.tpgs[at] = lio.tpg_class(lio.target(key), at[1], "create")
    lio.luns[at] = {}
    _change_group(lio, key, value)


def _change_group(lio: Lio, key: Key, value: GroupAccess) -> None:
    tpg = lio.tpg(key)
    for name, setting in value.attributes:
        if tpg.get_attribute(name) != setting:
            tpg.set_attribute(name, setting)


def _remove_group(lio: Lio, key: Key, value: None) -> None:
    lio.tpg(key).delete()
    del lio.tpgs[group_of(key)]


def _enable_group(lio: Lio, key: Key, value: None) -> None:
    lio.tpg(key).enable = True


def _disable_group(lio: Lio, key: Key, value: None) -> None:
    lio.tpg(key).enable = False


def _create_lun(lio: Lio, key: Key, value: Shown) -> None:
    assert value.backstore is not None, "a wanted LUN shows a backstore"
    number = int(key.path[2])
    made = lio.lun_class(lio.tpg(key), number, lio.backstore(value.backstore))
    lio.luns[group_of(key)][number] = made


def _remove_lun(lio: Lio, key: Key, value: None) -> None:
    lio.luns[group_of(key)].pop(int(key.path[2])).delete()


def _create_acl(lio: Lio, key: Key, value: Access) -> None:
    lio.rtslib.NodeACL(lio.tpg(key), str(key.path[2]), "create")
    _change_acl(lio, key, value)


def _change_acl(lio: Lio, key: Key, value: Access) -> None:
    acl = lio.acl(key)
    if not acl.has_feature("auth"):
        return  # the name alone lets in
    if value.by_group and lio.rule_of(acl) not in (None, "-1"):
        acl.set_attribute("authentication", "-1")
    for name, setting in (
        ("chap_userid", value.chap.user),
        ("chap_password", value.chap.password),
        ("chap_mutual_userid", value.chap.mutual_user),
        ("chap_mutual_password", value.chap.mutual_password),
    ):
        if (getattr(acl, name) or None) != setting:
            setattr(acl, name, setting or "")


def _remove_acl(lio: Lio, key: Key, value: None) -> None:
    lio.acl(key).delete()


def _create_mapping(lio: Lio, key: Key, value: Mapped) -> None:
    assert value.lun is not None, "a wanted mapping leads to a LUN"
    lun = lio.luns[group_of(key)][value.lun]
    lio.rtslib.MappedLUN(lio.acl(key), int(key.path[3]), lun, value.write_protect)


def _change_mapping(lio: Lio, key: Key, value: Mapped) -> None:
    lio.rtslib.MappedLUN(lio.acl(key), int(key.path[3])).write_protect = value.write_protect


def _remove_mapping(lio: Lio, key: Key, value: None) -> None:
    lio.rtslib.MappedLUN(lio.acl(key), int(key.path[3])).delete()


def _create_portal(lio: Lio, key: Key, value: Plain) -> None:
    lio.rtslib.NetworkPortal(lio.tpg(key), *_portal(key), "create")


def _remove_portal(lio: Lio, key: Key, value: None) -> None:
    lio.rtslib.NetworkPortal(lio.tpg(key), *_portal(key), "lookup").delete()


def _portal(key: Key) -> tuple[str, int]:
    """Return address and port as rtslib takes them: IPv6 in brackets."""
    address, port = str(key.path[2]), int(key.path[3])
    return f"[{address}]" if ":" in address else address, port


_ACTS: dict[tuple[str, str], Any] = {
    ("create", "backstore"): _create_backstore,
    ("create", "target"): _create_target,
    ("create", "group"): _create_group,
    ("create", "lun"): _create_lun,
    ("create", "acl"): _create_acl,
    ("create", "mapping"): _create_mapping,
    ("create", "portal"): _create_portal,
    ("change", "group"): _change_group,
    ("change", "acl"): _change_acl,
    ("change", "mapping"): _change_mapping,
    ("enable", "group"): _enable_group,
    ("disable", "group"): _disable_group,
    ("remove", "backstore"): _remove_backstore,
    ("remove", "target"): _remove_target,
    ("remove", "group"): _remove_group,
    ("remove", "lun"): _remove_lun,
    ("remove", "acl"): _remove_acl,
    ("remove", "mapping"): _remove_mapping,
    ("remove", "portal"): _remove_portal,
}
