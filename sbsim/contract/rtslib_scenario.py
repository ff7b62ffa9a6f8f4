"""Steps that a user of rtslib takes, right and wrong: each one's answer, or what it raised.

On a real kernel this file runs beside rtslib in one zip; on a simulated one `play` gets rtslib as
it is bound there. So it imports nothing but the standard library, and whatever it says of an
object is plain data.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

FILE_A, FILE_B = "/var/tmp/sbsim-a.img", "/var/tmp/sbsim-b.img"
SAVED = "/var/tmp/sbsim-saveconfig.json"
IQN, OTHER = "iqn.2003-01.org.sbsim:t1", "iqn.2003-01.org.sbsim:t2"
NODE, NODE_2 = "iqn.1994-05.org.sbsim:node1", "iqn.1994-05.org.sbsim:node2"
WWPN, PORT = "naa.200052545bfc0201", "naa.200052545bfc0101"
MIB = 2**20

Step = tuple[str, Callable[[Any, dict[str, Any]], Any]]


def play(rtslib: Any, disk: str) -> list[list[Any]]:
    """Take every step; of each its name and ``["ok", value]`` or ``["raised", type, text]``."""
    made: dict[str, Any] = {"disk": disk}
    return [[name, _taken(step, rtslib, made)] for name, step in steps()]


def _taken(step: Callable[[Any, dict[str, Any]], Any], rtslib: Any, made: dict[str, Any]) -> Any:
    try:
        return ["ok", _plain(step(rtslib, made))]
    except Exception as error:
        return ["raised", type(error).__name__, str(error)]


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in sorted(value.items())}
    if hasattr(value, "__iter__"):
        return [_plain(one) for one in value]
    for name in ("wwn", "node_wwn", "name", "tag", "lun", "mapped_lun", "ip_address"):
        if hasattr(value, name):
            return f"{type(value).__name__} {getattr(value, name)}"
    return type(value).__name__


def _keep(name: str, make: Callable[[Any, dict[str, Any]], Any]) -> Step:
    """A step whose object later steps use."""

    def step(rtslib: Any, made: dict[str, Any]) -> Any:
        made[name] = make(rtslib, made)
        return made[name]

    return f"make {name}", step


def _set(object: str, attribute: str, value: Any) -> Step:
    def step(_rtslib: Any, made: dict[str, Any]) -> Any:
        setattr(made[object], attribute, value)
        return getattr(made[object], attribute)

    return f"{object}.{attribute} = {value!r}", step


def _get(object: str, *attributes: str) -> list[Step]:
    def one(attribute: str) -> Step:
        return f"{object}.{attribute}", lambda _rtslib, made: getattr(made[object], attribute)

    return [one(attribute) for attribute in attributes]


def _call(object: str, method: str, *words: Any) -> Step:
    shown = ", ".join(repr(word) for word in words)
    return (
        f"{object}.{method}({shown})",
        lambda _rtslib, made: getattr(made[object], method)(*words),
    )


def steps() -> list[Step]:
    """All of them, in their order."""
    return [*_backstores(), *_targets(), *_mapping(), *_fibre_channel(), *_saving(), *_removing()]


def _backstores() -> list[Step]:
    return [
        _keep("root", lambda rtslib, _: rtslib.RTSRoot()),
        *_get("root", "storage_objects", "targets", "luns", "node_acls", "sessions", "dbroot"),
        _keep("f", lambda rtslib, _: rtslib.FileIOStorageObject(
            "f", FILE_A, 64 * MIB, wwn="11111111-2222-3333-4444-555555555555")),
        *_get("f", "name", "size", "wwn", "status", "udev_path", "write_back", "plugin", "version",
              "alua_supported", "is_configured", "attached_luns", "path"),
        ("a second f", lambda rtslib, _: rtslib.FileIOStorageObject("f", FILE_B, 64 * MIB)),
        ("a file in no folder",
         lambda rtslib, _: rtslib.FileIOStorageObject("g", "/nowhere/at/all.img", MIB)),
        ("a file without a size", lambda rtslib, _: rtslib.FileIOStorageObject("g", FILE_B)),
        ("no such backstore", lambda rtslib, _: rtslib.FileIOStorageObject("nowhere")),
        ("a slash in a name", lambda rtslib, _: rtslib.FileIOStorageObject("a/b", FILE_B, MIB)),
        _keep("r", lambda rtslib, _: rtslib.RDMCPStorageObject("r", 8 * MIB, "of-r")),
        *_get("r", "size", "status", "nullio"),
        _keep("b", lambda rtslib, made: rtslib.BlockStorageObject("b", made["disk"], wwn="of-b")),
        *_get("b", "size", "wwn", "status", "readonly", "udev_path", "write_back"),
        ("the disk again",
         lambda rtslib, made: rtslib.BlockStorageObject("b2", made["disk"])),
        ("no such disk", lambda rtslib, _: rtslib.BlockStorageObject("b3", "/dev/nowhere")),
        _set("f", "wwn", "of-f"),
        _call("f", "get_attribute", "block_size"),
        _call("f", "get_attribute", "nothing"),
        _call("f", "set_attribute", "emulate_tpu", 1),
        _call("f", "get_attribute", "emulate_tpu"),
        _call("f", "set_attribute", "emulate_tpu", "x"),
        _call("f", "set_attribute", "emulate_rest_reord", 1),
        _call("b", "set_attribute", "emulate_write_cache", 1),
        _call("f", "list_attributes", True),
        _call("f", "list_parameters"),
        *_get("f", "alua_tpgs"),
        _keep("alua", lambda rtslib, made: rtslib.ALUATargetPortGroup(made["f"], "g1", 7)),
        *_get("alua", "tg_pt_gp_id", "alua_access_state", "alua_access_status", "preferred"),
        _set("alua", "alua_access_state", 2),
        _set("alua", "preferred", 1),
        _set("alua", "tg_pt_gp_id", 8),
        _call("alua", "delete"),
        *_get("root", "storage_objects"),
    ]  # fmt: skip


def _targets() -> list[Step]:
    return [
        _keep("iscsi", lambda rtslib, _: rtslib.FabricModule("iscsi")),
        *_get("iscsi", "version", "wwn_types", "discovery_enable_auth", "discovery_userid"),
        _set("iscsi", "discovery_userid", "user"),
        _set("iscsi", "discovery_password", "secret"),
        _set("iscsi", "discovery_enable_auth", True),
        _set("iscsi", "discovery_enable_auth", False),
        ("no such fabric", lambda rtslib, _: rtslib.FabricModule("nothing")),
        _keep("target", lambda rtslib, made: rtslib.Target(made["iscsi"], IQN)),
        ("a target that is none", lambda rtslib, made: rtslib.Target(made["iscsi"], "not-an-iqn")),
        ("a target that is not there",
         lambda rtslib, made: rtslib.Target(made["iscsi"], OTHER, mode="lookup")),
        _keep("tpg", lambda rtslib, made: rtslib.TPG(made["target"], 1)),
        ("a group too high", lambda rtslib, made: rtslib.TPG(made["target"], 70000)),
        *_get("tpg", "tag", "enable", "luns", "node_acls", "network_portals", "chap_userid",
              "authenticate_target", "dynamic_acls"),
        _set("tpg", "enable", True),
        _keep("portal", lambda rtslib, made: rtslib.NetworkPortal(made["tpg"], "127.0.0.1", 3260)),
        ("the portal again",
         lambda rtslib, made: rtslib.NetworkPortal(made["tpg"], "127.0.0.1", 3260, mode="create")),
        *_get("portal", "ip_address", "port", "iser", "offload"),
        _set("tpg", "enable", True),
        _set("tpg", "enable", False),
        _call("tpg", "list_attributes"),
        _call("tpg", "get_attribute", "authentication"),
        _call("tpg", "set_attribute", "authentication", 1),
        _call("tpg", "set_attribute", "authentication", 2),
        _call("tpg", "list_parameters"),
        _call("tpg", "get_parameter", "AuthMethod"),
        _call("tpg", "set_parameter", "MaxBurstLength", "131072"),
        _call("tpg", "set_parameter", "MaxBurstLength", "x"),
        _set("tpg", "chap_userid", "user"),
        _set("tpg", "chap_password", "secret"),
        _set("tpg", "chap_mutual_userid", "back"),
        _set("tpg", "chap_mutual_password", "secret-back"),
        *_get("tpg", "authenticate_target"),
        *_get("root", "targets", "tpgs", "network_portals"),
    ]  # fmt: skip


def _mapping() -> list[Step]:
    return [
        _keep("lun", lambda rtslib, made: rtslib.LUN(made["tpg"], 0, made["f"], "f-lun")),
        ("the LUN again", lambda rtslib, made: rtslib.LUN(made["tpg"], 0, made["r"])),
        ("a LUN too high", lambda rtslib, made: rtslib.LUN(made["tpg"], 70000, made["r"])),
        _keep("lun1", lambda rtslib, made: rtslib.LUN(
            made["tpg"], storage_object=made["b"], alias="a-lun")),
        *_get("lun1", "lun", "alias", "storage_object", "mapped_luns", "alua_tg_pt_gp_name"),
        *_get("f", "attached_luns", "status"),
        ("f's serial while it is shown", lambda _, made: setattr(made["f"], "wwn", "another")),
        _call("f", "set_attribute", "block_size", 4096),
        _keep("acl", lambda rtslib, made: rtslib.NodeACL(made["tpg"], NODE)),
        ("an initiator that is none", lambda rtslib, made: rtslib.NodeACL(made["tpg"], "foo")),
        *_get("acl", "node_wwn", "tcq_depth", "tag", "chap_userid", "authenticate_target",
              "session", "mapped_luns"),
        _set("acl", "chap_userid", "node"),
        _set("acl", "chap_password", "secret-node"),
        _set("acl", "chap_userid", "u" * 256),
        _set("acl", "tcq_depth", 32),
        _set("acl", "tag", "a-tag"),
        _set("acl", "tag", None),
        _call("acl", "list_attributes"),
        _call("acl", "set_attribute", "dataout_timeout", 10),
        _call("acl", "set_attribute", "dataout_timeout", 1000),
        _keep("mapped", lambda rtslib, made: rtslib.MappedLUN(made["acl"], 0, 0, None, "f-map")),
        ("mapped again", lambda rtslib, made: rtslib.MappedLUN(made["acl"], 0, 1)),
        ("mapping a LUN that is not there",
         lambda rtslib, made: rtslib.MappedLUN(made["acl"], 5, 9)),
        _keep("mapped1", lambda rtslib, made: rtslib.MappedLUN(
            made["acl"], 3, made["lun1"], True, "a-mapping")),
        *_get("mapped1", "mapped_lun", "tpg_lun", "write_protect", "alias"),
        _set("mapped1", "write_protect", False),
        *_get("lun", "mapped_luns"),
        *_get("acl", "mapped_luns"),
        ("a second node", lambda rtslib, made: rtslib.NodeACL(made["tpg"], NODE_2)),
        *_get("root", "node_acls", "mapped_luns", "luns"),
        _call("root", "dump"),
    ]  # fmt: skip


def _fibre_channel() -> list[Step]:
    return [
        _keep("fc", lambda rtslib, _: rtslib.FabricModule("tcm_fc")),
        *_get("fc", "version", "wwn_types", "wwns", "targets", "discovery_enable_auth"),
        _keep("port", lambda rtslib, made: rtslib.Target(made["fc"], WWPN)),
        *(
            (f"a port called {name}", lambda rtslib, made, name=name: rtslib.Target(
                made["fc"], name))
            for name in (WWPN[4:], "20:00:52:54:5b:fc:02:01", "naa.20", WWPN.upper(), IQN)
        ),
        ("a port that is not there",
         lambda rtslib, made: rtslib.Target(made["fc"], PORT, mode="lookup")),
        _keep("fc_tpg", lambda rtslib, made: rtslib.TPG(made["port"], 1)),
        ("a second group", lambda rtslib, made: rtslib.TPG(made["port"], 2)),
        *_get("fc_tpg", "tag", "enable", "luns", "node_acls", "network_portals", "chap_userid",
              "authenticate_target"),
        _set("fc_tpg", "enable", True),
        _set("fc_tpg", "enable", False),
        _call("fc_tpg", "list_attributes"),
        _call("fc_tpg", "list_parameters"),
        _call("fc_tpg", "has_feature", "acls"),
        _call("fc_tpg", "has_feature", "auth"),
        ("a portal", lambda rtslib, made: rtslib.NetworkPortal(made["fc_tpg"], "127.0.0.1", 3260)),
        _keep("fc_lun", lambda rtslib, made: rtslib.LUN(
            made["fc_tpg"], 0, made["f"], "fc-lun")),
        *_get("fc_lun", "lun", "storage_object", "alua_tg_pt_gp_name"),
        _keep("fc_acl", lambda rtslib, made: rtslib.NodeACL(made["fc_tpg"], PORT)),
        ("a host's port that is none", lambda rtslib, made: rtslib.NodeACL(made["fc_tpg"], NODE)),
        *_get("fc_acl", "node_wwn", "tcq_depth", "tag", "chap_userid", "session"),
        _set("fc_acl", "tag", "a-tag"),
        _set("fc_acl", "tcq_depth", 32),
        _keep("fc_mapped", lambda rtslib, made: rtslib.MappedLUN(
            made["fc_acl"], 0, 0, None, "fc-map")),
        *_get("fc_mapped", "mapped_lun", "tpg_lun", "write_protect"),
        *_get("f", "attached_luns"),
        *_get("root", "targets", "node_acls"),
        _call("root", "dump"),
    ]  # fmt: skip


def _saving() -> list[Step]:
    return [
        _call("root", "save_to_file", SAVED),
        _call("root", "clear_existing"),
        _call("root", "clear_existing", None, None, True),
        *_get("root", "storage_objects", "targets"),
        _call("root", "restore_from_file", SAVED),
        _call("root", "dump"),
        ("restored twice", lambda _, made: made["root"].restore_from_file(SAVED)),
        ("restored without clearing",
         lambda _, made: made["root"].restore_from_file(SAVED, clear_existing=False)),
        _call("root", "restore_from_file", "/nowhere"),
        *_get("root", "targets", "node_acls", "mapped_luns"),
    ]  # fmt: skip


def _removing() -> list[Step]:
    return [
        ("lookups", lambda rtslib, made: made.update(
            target=rtslib.Target(made["iscsi"], IQN, mode="lookup"),
            f=rtslib.FileIOStorageObject("f"))),
        ("the group", lambda rtslib, made: made.update(tpg=rtslib.TPG(made["target"], 1))),
        *_get("tpg", "enable", "luns", "node_acls", "network_portals"),
        ("removing a LUN that is mapped", lambda _, made: next(iter(made["tpg"].luns)).delete()),
        *_get("tpg", "luns"),
        *_get("root", "mapped_luns"),
        _call("f", "delete"),
        *_get("root", "storage_objects"),
        _call("target", "delete"),
        *_get("root", "targets"),
        _call("target", "delete"),
        ("the port", lambda rtslib, made: rtslib.Target(made["fc"], WWPN, mode="lookup").delete()),
        *_get("root", "targets"),
        ("clearing", lambda _, made: made["root"].clear_existing(confirm=True)),
        *_get("root", "storage_objects", "targets"),
    ]  # fmt: skip


if __name__ == "__main__":
    import rtslib_fb

    json.dump(play(rtslib_fb, sys.argv[1]), sys.stdout)
