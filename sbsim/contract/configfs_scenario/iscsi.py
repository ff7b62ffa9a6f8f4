"""The iSCSI fabric: targets, groups, portals, credentials, LUNs, initiators."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sbsim.contract.configfs_scenario.names import (
    ACL,
    FILEIO,
    IBLOCK,
    IQN,
    LONG,
    LOOP,
    NAA,
    NODE,
    NODE_2,
    ODD,
    OTHER,
    RAMDISK,
    TPG,
    Names,
)
from sbsim.contract.configfs_scenario.statistics import lun_statistics, mapped_statistics
from sbsim.contract.player import Operation


def operations(names: Names) -> Iterator[Operation]:
    """Two targets, and all that belongs to one of them."""
    yield from _fabric()
    yield from _groups(names)
    yield from _luns(names)
    yield from _acls(names)
    yield from _mapped(names)


def gone() -> Iterator[Operation]:
    """The end: what is left of everything is removed, first in wrong orders."""
    yield from _busy()
    yield from _gone()


def _fabric() -> Iterator[Operation]:
    yield from (
        ["mkdir", "iscsi"], ["mkdir", "iscsi"], ["ls", "iscsi"], ["stat", "iscsi"],
        ["ls", "iscsi/discovery_auth"], ["rmdir", "iscsi/discovery_auth"],
        ["read", "iscsi/lio_version"], ["write", "iscsi/lio_version", "x"],
    )  # fmt: skip
    for name, texts in {
        "enforce_discovery_auth": ("1", "0", "2", "x", ""),
        "userid": ("user", "u" * 256, "NULL", ""),
        "password": ("secret", "p" * 256, "NULL"),
        "userid_mutual": ("mutual", "NULL"),
        "password_mutual": ("other", "NULL"),
        "authenticate_target": ("1", "x"),
    }.items():
        yield ["stat", f"iscsi/discovery_auth/{name}"]
        yield ["read", f"iscsi/discovery_auth/{name}"]
        for text in texts:
            yield ["write", f"iscsi/discovery_auth/{name}", text]
            yield ["read", f"iscsi/discovery_auth/{name}"]
    for name in (IQN, OTHER, IQN, "not-an-iqn", "IQN.2003-01.ORG.SBSIM:UP", "eui.02004567a425678d",
                 LONG, "iqn.2003-01.org.sbsim:" + "n" * 210,
                 "n" * 256):  # fmt: skip
        yield ["mkdir", f"iscsi/{name}"]
        yield ["ls", f"iscsi/{name}"]
    yield from (
        ["ls", "iscsi"], ["rmdir", "iscsi/not-an-iqn"], ["rmdir", "iscsi/nowhere"],
        ["rename", f"iscsi/{OTHER}", "iscsi/new"], ["symlink", f"iscsi/{OTHER}", "iscsi/link"],
        ["rmdir", f"iscsi/{IQN}/fabric_statistics"], ["mkdir", f"iscsi/{IQN}/foo"],
        ["mkdir", f"iscsi/{IQN}/tpgt_"], ["mkdir", f"iscsi/{IQN}/tpgt_x"],
        ["mkdir", f"iscsi/{IQN}/tpgt_-1"], ["mkdir", f"iscsi/{IQN}/tpgt_65536"],
        ["mkdir", f"iscsi/{IQN}/tpgt_65535"], ["mkdir", f"iscsi/{IQN}/tpgt_0"],
        ["mkdir", f"iscsi/{IQN}/tpgt_4294967296"], ["mkdir", f"iscsi/{IQN}/tpg_1"],
        ["mkdir", TPG], ["mkdir", TPG], ["mkdir", f"iscsi/{IQN}/tpgt_01"],
        ["ls", f"iscsi/{IQN}"], ["rmdir", f"iscsi/{IQN}/tpgt_65535"],
        ["rmdir", f"iscsi/{IQN}/tpgt_0"], ["rmdir", f"iscsi/{IQN}/tpgt_01"],
        ["rmdir", "iscsi"], ["rmdir", f"iscsi/{IQN}"],
    )  # fmt: skip


def _groups(names: Names) -> Iterator[Operation]:
    yield from (["ls", TPG], ["stat", TPG], ["stat", f"{TPG}/enable"])
    for group in ("", "/attrib", "/param", "/auth"):
        yield ["ls", TPG + group]
        yield from (["read", f"{TPG}{group}/{name}"] for name in names[TPG + group])
    for part in ("lun", "np", "acls", "attrib", "auth", "param"):
        yield ["rmdir", f"{TPG}/{part}"]
        yield ["mkdir", f"{TPG}/{part}/foo"]
        yield ["rmdir", f"{TPG}/{part}/foo"]
    yield from (["write", f"{TPG}/enable", text] for text in ("2", "x", "", "0", "1", "1", "0"))
    for portal in ("127.0.0.1:3260", "127.0.0.1:3260", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x",
                   "nowhere:3260", "10.1.2.3:3262", "0.0.0.0:3263", "[::1]:3264", "::1:3265",
                   "[::1]", "127.0.0.1:70000", "300.1.1.1:3260"):  # fmt: skip
        yield ["mkdir", f"{TPG}/np/{portal}"]
        yield ["ls", f"{TPG}/np/{portal}"]
    yield from (
        ["read", f"{TPG}/np/127.0.0.1:3260/iser"], ["write", f"{TPG}/np/127.0.0.1:3260/iser", "0"],
        ["write", f"{TPG}/np/127.0.0.1:3260/iser", "x"],
        ["read", f"{TPG}/np/127.0.0.1:3260/cxgbit"], ["ls", f"{TPG}/np"],
        ["rmdir", f"{TPG}/np/10.1.2.3:3262"], ["rmdir", f"{TPG}/np/0.0.0.0:3263"],
        ["rmdir", f"{TPG}/np/[::1]:3264"], ["rmdir", f"{TPG}/np/nowhere"],
        ["mkdir", f"iscsi/{OTHER}/tpgt_1"], ["mkdir", f"iscsi/{OTHER}/tpgt_1/np/127.0.0.1:3260"],
        ["write", f"{TPG}/enable", "1"], ["read", f"{TPG}/enable"], ["write", f"{TPG}/enable", "1"],
        ["rmdir", f"{TPG}/np/127.0.0.1:3260"], ["mkdir", f"{TPG}/np/127.0.0.1:3260"],
        ["write", f"{TPG}/enable", "0"], ["read", f"{TPG}/enable"], ["write", f"{TPG}/enable", "0"],
    )  # fmt: skip
    for name in names[f"{TPG}/attrib"]:
        for text in ODD:
            yield ["write", f"{TPG}/attrib/{name}", text]
        yield ["read", f"{TPG}/attrib/{name}"]
    for name in names[f"{TPG}/param"]:
        for text in ("Yes", "No", "yes", "0", "1", "65536", "x", "None", "CHAP,None", "CHAP"):
            yield ["write", f"{TPG}/param/{name}", text]
        yield ["read", f"{TPG}/param/{name}"]
    yield from _credentials(f"{TPG}/auth", names[f"{TPG}/auth"])
    yield from (
        ["read", f"{TPG}/dynamic_sessions"],
        ["write", f"{TPG}/attrib/authentication", "0"],
        ["write", f"{TPG}/attrib/generate_node_acls", "0"],
    )


def _credentials(folder: str, names: Iterable[str]) -> Iterator[Operation]:
    for name in names:
        yield ["stat", f"{folder}/{name}"]
        for text in ("some-user", "c" * 255, "c" * 256, "two words", "", "NULL"):
            yield ["write", f"{folder}/{name}", text]
            yield ["read", f"{folder}/{name}"]
        yield ["read", f"{folder}/authenticate_target"]


def _luns(names: Names) -> Iterator[Operation]:
    luns = f"{TPG}/lun"
    for name in ("lun_0", "lun_0", "lun_", "lun_x", "lun_-1", "lun0", "lun_255", "lun_256",
                 "lun_65535", "lun_70000", "lun_4294967296"):  # fmt: skip
        yield ["mkdir", f"{luns}/{name}"]
        yield ["ls", f"{luns}/{name}"]
    yield ["ls", luns]
    yield from (["rmdir", f"{luns}/{name}"] for name in ("lun_255", "lun_256", "lun_65535",
                                                         "lun_70000"))  # fmt: skip
    one = f"{luns}/lun_0"
    yield from (
        ["rmdir", f"{one}/statistics"], ["mkdir", f"{one}/foo"],
        ["symlink", "/etc/passwd", f"{one}/outside"], ["symlink", "nowhere", f"{one}/missing"],
        ["symlink", "core/fileio_0", f"{one}/hba"], ["symlink", TPG, f"{one}/group"],
        ["symlink", f"{FILEIO}/attrib", f"{one}/attrib"],
        ["mkdir", "core/fileio_0/raw"], ["symlink", "core/fileio_0/raw", f"{one}/raw"],
        ["symlink", FILEIO, f"{one}/f"], ["symlink", FILEIO, f"{one}/f"],
        ["symlink", RAMDISK, f"{one}/r"], ["readlink", f"{one}/f"], ["stat", f"{one}/f"],
        ["ls", one], ["symlink", FILEIO, f"{TPG}/f"], ["rmdir", FILEIO],
        ["mkdir", f"{luns}/lun_1"], ["symlink", FILEIO, f"{luns}/lun_1/f"],
        ["mkdir", f"{luns}/lun_2"], ["symlink", IBLOCK, f"{luns}/lun_2/b"],
        ["rename", f"{one}/f", f"{one}/g"], ["rmdir", one], ["unlink", one],
        ["read", f"{one}/alua_tg_pt_gp"], ["write", f"{one}/alua_tg_pt_gp", "nowhere"],
        ["mkdir", f"{FILEIO}/alua/g3"], ["write", f"{one}/alua_tg_pt_gp", "g3"],
        ["write", f"{FILEIO}/alua/g3/tg_pt_gp_id", "3"], ["write", f"{one}/alua_tg_pt_gp", "g3"],
        ["read", f"{one}/alua_tg_pt_gp"], ["read", f"{FILEIO}/alua/g3/members"],
        ["rmdir", f"{FILEIO}/alua/g3"], ["write", f"{one}/alua_tg_pt_gp", "NULL"],
        ["read", f"{one}/alua_tg_pt_gp"], ["read", f"{one}/alua_tg_pt_offline"],
        ["read", f"{one}/alua_tg_pt_status"], ["read", f"{one}/alua_tg_pt_write_md"],
        ["write", f"{one}/alua_tg_pt_offline", "1"], ["write", f"{one}/alua_tg_pt_offline", "x"],
        ["write", f"{one}/alua_tg_pt_offline", "0"],
        ["read", f"{FILEIO}/alua/default_tg_pt_gp/members"],
        ["read", f"{FILEIO}/info"], ["read", f"{IBLOCK}/info"],
        # What cannot be changed while a LUN shows it.
        ["write", f"{FILEIO}/attrib/block_size", "4096"],
        ["write", f"{FILEIO}/attrib/queue_depth", "64"],
        ["write", f"{FILEIO}/attrib/optimal_sectors", "64"],
        ["write", f"{FILEIO}/attrib/emulate_pr", "0"],
        ["write", f"{FILEIO}/attrib/alua_support", "0"],
        ["write", f"{FILEIO}/attrib/pgr_support", "0"],
        ["write", f"{FILEIO}/attrib/emulate_write_cache", "1"],
        ["write", f"{FILEIO}/wwn/vpd_unit_serial", "another"],
        ["write", f"{FILEIO}/wwn/vendor_id", "ANOTHER"],
        ["write", f"{FILEIO}/wwn/product_id", "ANOTHER"],
        ["write", f"{FILEIO}/wwn/revision", "9"],
        ["read", f"{FILEIO}/wwn/vpd_assoc_logical_unit"],
        ["read", f"{FILEIO}/wwn/vpd_assoc_target_port"],
        ["read", f"{FILEIO}/wwn/vpd_protocol_identifier"],
    )  # fmt: skip
    yield from lun_statistics(names, one)


def _acls(names: Names) -> Iterator[Operation]:
    for name in (NODE, NODE, NODE_2, "foo", "IQN.1994-05.ORG.SBSIM:UPPER", "a" * 224):
        yield ["mkdir", f"{TPG}/acls/{name}"]
    yield from (["ls", f"{TPG}/acls"], ["ls", ACL], ["rmdir", f"{TPG}/acls/foo"])
    for group in ("", "/attrib", "/param", "/auth"):
        yield ["ls", ACL + group]
        yield from (["read", f"{ACL}{group}/{name}"] for name in names[ACL + group])
    for name in names[f"{ACL}/attrib"]:
        for text in ODD:
            yield ["write", f"{ACL}/attrib/{name}", text]
        yield ["read", f"{ACL}/attrib/{name}"]
    for name in names[f"{ACL}/param"]:
        yield ["write", f"{ACL}/param/{name}", "1"]
    yield from _credentials(f"{ACL}/auth", names[f"{ACL}/auth"])
    for name in ("auth", "attrib", "param", "fabric_statistics"):
        yield ["rmdir", f"{ACL}/{name}"]
    yield from (
        ["write", f"{ACL}/cmdsn_depth", text] for text in ("0", "1", "64", "128", "513", "x", "")
    )
    yield from (
        ["read", f"{ACL}/cmdsn_depth"], ["read", f"{ACL}/info"], ["write", f"{ACL}/info", "x"],
        ["write", f"{ACL}/tag", "a-tag"], ["read", f"{ACL}/tag"], ["write", f"{ACL}/tag", "t" * 64],
        ["read", f"{ACL}/tag"], ["write", f"{ACL}/tag", "NULL"], ["read", f"{ACL}/tag"],
        ["ls", f"{ACL}/fabric_statistics"],
    )  # fmt: skip


def _mapped(names: Names) -> Iterator[Operation]:
    one = f"{ACL}/lun_0"
    for name in ("lun_0", "lun_0", "lun_", "lun_x", "lun_255", "lun_256", "lun_70000", "foo"):
        yield ["mkdir", f"{ACL}/{name}"]
    yield from (
        ["ls", ACL], ["rmdir", f"{ACL}/lun_255"], ["rmdir", f"{ACL}/lun_256"],
        ["rmdir", f"{ACL}/lun_70000"], ["ls", one], ["rmdir", f"{one}/statistics"],
        ["read", f"{one}/write_protect"], ["write", f"{one}/write_protect", "1"],
        ["symlink", FILEIO, f"{one}/dev"], ["symlink", "nowhere", f"{one}/missing"],
        ["symlink", f"iscsi/{OTHER}", f"{one}/target"],
        ["mkdir", f"iscsi/{OTHER}/tpgt_1/lun/lun_0"],
        ["symlink", f"iscsi/{OTHER}/tpgt_1/lun/lun_0", f"{one}/other"],
        ["mkdir", f"{TPG}/lun/lun_9"], ["symlink", f"{TPG}/lun/lun_9", f"{one}/empty"],
        ["symlink", f"{TPG}/lun/lun_0", f"{one}/link"],
        ["symlink", f"{TPG}/lun/lun_1", f"{one}/second"],
        ["symlink", f"{TPG}/lun/lun_0", f"{one}/link"],
        ["readlink", f"{one}/link"], ["ls", one], ["read", f"{one}/write_protect"],
        ["write", f"{one}/write_protect", "1"], ["read", f"{one}/write_protect"],
        ["write", f"{one}/write_protect", "x"], ["write", f"{one}/write_protect", "2"],
        ["write", f"{one}/write_protect", "0"],
        ["mkdir", f"{ACL}/lun_7"], ["symlink", f"{TPG}/lun/lun_1", f"{ACL}/lun_7/any-name"],
        ["mkdir", f"{TPG}/acls/{NODE_2}/lun_0"],
        ["symlink", f"{TPG}/lun/lun_2", f"{TPG}/acls/{NODE_2}/lun_0/link"],
        ["ls", f"{one}/statistics"], ["ls", f"{one}/statistics/scsi_auth_intr"],
    )  # fmt: skip
    yield from mapped_statistics(names, one)


def _busy() -> Iterator[Operation]:
    """Removals in wrong orders."""
    yield from (
        ["rmdir", "core"], ["rmdir", "core/fileio_0"], ["rmdir", FILEIO], ["rmdir", "iscsi"],
        ["rmdir", f"iscsi/{IQN}"], ["rmdir", TPG], ["rmdir", f"{TPG}/lun/lun_0"], ["rmdir", ACL],
        ["rmdir", f"{ACL}/lun_0"], ["unlink", f"{ACL}/lun_0"], ["rmdir", f"{ACL}/lun_0/link"],
        # The kernel lets a LUN lose its device while ACLs map it.
        ["unlink", f"{TPG}/lun/lun_0/f"], ["ls", f"{TPG}/lun/lun_0"], ["ls", f"{ACL}/lun_0"],
        ["read", f"{ACL}/lun_0/write_protect"], ["rmdir", f"{TPG}/lun/lun_0"],
        ["unlink", f"{ACL}/lun_0/link"], ["rmdir", f"{TPG}/lun/lun_0"],
        ["rename", f"{TPG}/acls/{NODE_2}", f"{TPG}/acls/new"],
    )  # fmt: skip


def _gone() -> Iterator[Operation]:
    """What is left goes away in an order that works."""
    yield from (
        ["rmdir", f"{ACL}/lun_0"], ["unlink", f"{ACL}/lun_7/any-name"], ["rmdir", f"{ACL}/lun_7"],
        ["unlink", f"{TPG}/acls/{NODE_2}/lun_0/link"], ["rmdir", f"{TPG}/acls/{NODE_2}/lun_0"],
        ["rmdir", ACL], ["rmdir", f"{TPG}/acls/{NODE_2}"], ["ls", f"{TPG}/acls"],
        ["rmdir", f"{TPG}/acls/IQN.1994-05.ORG.SBSIM:UPPER"], ["rmdir", f"{TPG}/acls/{'a' * 224}"],
        ["unlink", f"{TPG}/lun/lun_1/f"], ["rmdir", f"{TPG}/lun/lun_1"],
        ["unlink", f"{TPG}/lun/lun_2/b"], ["rmdir", f"{TPG}/lun/lun_2"],
        ["rmdir", f"{TPG}/lun/lun_9"], ["ls", f"{TPG}/lun"],
        ["rmdir", f"iscsi/{OTHER}/tpgt_1/lun/lun_0"],
        ["rmdir", f"iscsi/{OTHER}/tpgt_1/np/127.0.0.1:3260"], ["rmdir", f"iscsi/{OTHER}/tpgt_1"],
        ["rmdir", f"{TPG}/np/127.0.0.1:3260"], ["ls", f"{TPG}/np"],
        ["rmdir", f"{TPG}/np/127.0.0.1:"], ["rmdir", f"{TPG}/np/127.0.0.1:x"],
        ["rmdir", f"{TPG}/np/[::1]"], ["rmdir", f"{TPG}/np/::1:3265"],
        ["rmdir", TPG], ["ls", f"iscsi/{IQN}"], ["rmdir", f"iscsi/{IQN}"],
        ["rmdir", f"iscsi/{OTHER}"], ["ls", "iscsi"],
        ["rmdir", "core/fileio_0/raw"], ["rmdir", FILEIO], ["rmdir", RAMDISK], ["rmdir", IBLOCK],
        ["rmdir", "core/fileio_0"], ["rmdir", "core/rd_mcp_0"], ["rmdir", "core/iblock_0"],
        ["ls", "core"],
        *(["rmdir", one] for one in (
            f"{TPG}/lun/lun_4294967296", TPG, f"iscsi/{IQN}", "iscsi/IQN.2003-01.ORG.SBSIM:UP",
            "iscsi/eui.02004567a425678d", f"iscsi/{LONG}", "iscsi", f"{LOOP}/acls/foo", LOOP,
            f"loopback/{NAA}", "loopback/naa.x", "loopback",
        )),
        ["ls", "."],
    )  # fmt: skip
