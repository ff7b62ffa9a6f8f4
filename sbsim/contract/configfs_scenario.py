"""The raw operations that are played on LIO's configfs: every kind of object, right and wrong.

Each section is a list of operations in the order in which they are played, upon what the sections
before it have left. The names of attributes are not written here: they come from the tree of the
kernel that is recorded, so that another kernel's are all played too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sbsim.contract.player import Operation

FILE_A, FILE_B = "/var/tmp/sbsim-a.img", "/var/tmp/sbsim-b.img"
FILE_BYTES = 64 * 2**20
IQN = "iqn.2003-01.org.sbsim:t1"
OTHER = "iqn.2003-01.org.sbsim:t2"
LONG = "iqn.2003-01.org.sbsim:" + "n" * 180
NODE = "iqn.1994-05.org.sbsim:node1"
NODE_2 = "iqn.1994-05.org.sbsim:node2"
NAA, NAA_NODE = "naa.5001405aaaaaaaa1", "naa.5001405bbbbbbbb2"
WWPN, PORT, PORT_2 = (f"20:00:52:54:5b:fc:{one}" for one in ("02:01", "01:01", "01:02"))

FILEIO, RAMDISK, IBLOCK = "core/fileio_0/f", "core/rd_mcp_0/r", "core/iblock_0/b"
TPG = f"iscsi/{IQN}/tpgt_1"
ACL = f"{TPG}/acls/{NODE}"
LOOP = f"loopback/{NAA}/tpgt_1"
FC = f"fc/{WWPN}/tpgt_1"
FC_ACL = f"{FC}/acls/{PORT}"

# What an attribute is written: right for a switch, for a number, and for nothing.
ODD = ("0", "1", "2", "-1", "x", "", "4294967296", "1 ", "0x10")

# They tell the time since the kernel booted: the only attributes that are left out.
TIMES = ("creation_time",)

Names = Mapping[str, list[str]]


def objects(disk: str) -> list[Operation]:
    """One object of every kind, made rightly: the tree of these gives the kernel's templates."""
    return [
        ["mkdir", "core/fileio_0"],
        ["mkdir", FILEIO],
        ["write", f"{FILEIO}/control", f"fd_dev_name={FILE_A},fd_dev_size={FILE_BYTES}"],
        ["write", f"{FILEIO}/wwn/vpd_unit_serial", "serial-of-f"],
        ["write", f"{FILEIO}/enable", "1"],
        ["mkdir", "core/fileio_0/raw"],
        ["mkdir", "core/rd_mcp_0"],
        ["mkdir", RAMDISK],
        ["write", f"{RAMDISK}/control", "rd_pages=1024"],
        ["write", f"{RAMDISK}/enable", "1"],
        ["mkdir", "core/rd_mcp_0/raw"],
        ["mkdir", "core/iblock_0"],
        ["mkdir", IBLOCK],
        ["write", f"{IBLOCK}/control", f"udev_path={disk}"],
        ["write", f"{IBLOCK}/enable", "1"],
        ["mkdir", "core/iblock_0/raw"],
        ["mkdir", f"{FILEIO}/alua/second"],
        ["mkdir", "iscsi"],
        ["mkdir", f"iscsi/{IQN}"],
        ["mkdir", TPG],
        ["mkdir", f"{TPG}/lun/lun_0"],
        ["symlink", FILEIO, f"{TPG}/lun/lun_0/f"],
        ["mkdir", f"{TPG}/np/127.0.0.1:3260"],
        ["mkdir", ACL],
        ["mkdir", f"{ACL}/lun_0"],
        ["symlink", f"{TPG}/lun/lun_0", f"{ACL}/lun_0/link"],
        ["mkdir", "loopback"],
        ["mkdir", f"loopback/{NAA}"],
        ["mkdir", LOOP],
        ["mkdir", f"{LOOP}/lun/lun_0"],
        ["write", f"{LOOP}/nexus", NAA_NODE],
        ["mkdir", "fc"],
        ["mkdir", f"fc/{WWPN}"],
        ["mkdir", FC],
        ["mkdir", f"{FC}/lun/lun_0"],
        ["symlink", FILEIO, f"{FC}/lun/lun_0/f"],
        ["mkdir", FC_ACL],
        ["mkdir", f"{FC_ACL}/lun_0"],
        ["symlink", f"{FC}/lun/lun_0", f"{FC_ACL}/lun_0/link"],
    ]


def made() -> list[str]:
    """The paths of what `objects` makes: no part of what their parents are by themselves."""
    return [one[-1] for one in objects("") if one[0] in ("mkdir", "symlink")]


def objects_gone() -> list[Operation]:
    """What `objects` made, taken away in the right order."""
    return [
        ["unlink", f"{FC_ACL}/lun_0/link"],
        ["unlink", f"{FC}/lun/lun_0/f"],
        *(["rmdir", one] for one in (
            f"{FC_ACL}/lun_0", FC_ACL, f"{FC}/lun/lun_0", FC, f"fc/{WWPN}", "fc",
        )),
        ["rmdir", f"{LOOP}/lun/lun_0"],
        ["write", f"{LOOP}/nexus", "NULL"],
        ["rmdir", LOOP],
        ["rmdir", f"loopback/{NAA}"],
        ["unlink", f"{ACL}/lun_0/link"],
        ["rmdir", f"{ACL}/lun_0"],
        ["rmdir", ACL],
        ["rmdir", f"{TPG}/np/127.0.0.1:3260"],
        ["unlink", f"{TPG}/lun/lun_0/f"],
        ["rmdir", f"{TPG}/lun/lun_0"],
        ["rmdir", TPG],
        ["rmdir", f"iscsi/{IQN}"],
        ["rmdir", "iscsi"],
        ["rmdir", "loopback"],
        ["rmdir", f"{FILEIO}/alua/second"],
        *(["rmdir", one] for one in (
            FILEIO, "core/fileio_0/raw", "core/fileio_0", RAMDISK, "core/rd_mcp_0/raw",
            "core/rd_mcp_0", IBLOCK, "core/iblock_0/raw", "core/iblock_0",
        )),
    ]  # fmt: skip


def operations(names: Names, disk: str, disk_2: str) -> list[Operation]:
    """All of them. `names`: by folder of the objects' tree its attributes; `disk`s are whole."""
    return [
        *_top(),
        *_hbas(),
        *_devices(names, disk, disk_2),
        *_alua(names),
        *_fabric(),
        *_groups(names),
        *_luns(names),
        *_acls(names),
        *_mapped(names),
        *_loopback(names),
        *_fc(names),
        *_busy(),
        *_gone(),
    ]


# --- the sections -----------------------------------------------------------------------------


def _top() -> Iterator[Operation]:
    yield from (
        ["ls", "."], ["stat", "."], ["ls", "core"], ["stat", "core"], ["read", "version"],
        ["stat", "version"], ["write", "version", "1"], ["unlink", "version"],
        ["rename", "version", "other"], ["create", "file"], ["create", "core/file"],
        ["mkdir", "nofabric"], ["mkdir", "version"], ["rmdir", "core"], ["rmdir", "nowhere"],
        ["rmdir", "version"], ["read", "nowhere"], ["write", "nowhere", "1"], ["ls", "nowhere"],
        ["unlink", "nowhere"], ["unlink", "core"], ["symlink", "core", "link"],
        ["read", "core"], ["rename", "core", "other"], ["readlink", "core"],
        ["ls", "core/alua"], ["ls", "core/alua/lu_gps"],
        ["ls", "core/alua/lu_gps/default_lu_gp"], ["rmdir", "core/alua"],
        ["rmdir", "core/alua/lu_gps/default_lu_gp"], ["mkdir", "core/alua/other"],
        ["read", "core/alua/lu_gps/default_lu_gp/lu_gp_id"],
        ["read", "core/alua/lu_gps/default_lu_gp/members"],
        ["mkdir", "core/alua/lu_gps/g1"], ["read", "core/alua/lu_gps/g1/lu_gp_id"],
        ["write", "core/alua/lu_gps/g1/lu_gp_id", "x"],
        ["write", "core/alua/lu_gps/g1/lu_gp_id", "7"],
        ["read", "core/alua/lu_gps/g1/lu_gp_id"],
        ["write", "core/alua/lu_gps/g1/lu_gp_id", "8"],
        ["write", "core/alua/lu_gps/g1/lu_gp_id", "70000"],
        ["read", "core/alua/lu_gps/g1/members"], ["mkdir", "core/alua/lu_gps/g1"],
        ["ls", "core/alua/lu_gps"], ["rmdir", "core/alua/lu_gps/g1"],
        ["read", "dbroot"], ["stat", "dbroot"], ["write", "dbroot", "/nowhere"],
        ["write", "dbroot", "/etc/target"], ["read", "dbroot"],
    )  # fmt: skip


def _hbas() -> Iterator[Operation]:
    bad = ("iblock", "iblock_", "iblock_x", "nosuch_0", "fileio_-1", "rd_0", "_0", "IBLOCK_0",
           "iblock_1_2", "fileio_4294967296", "x" * 200)  # fmt: skip
    yield from (["mkdir", f"core/{name}"] for name in bad)
    yield from (["rmdir", f"core/{name}"] for name in bad)
    for name in ("iblock_0", "fileio_0", "rd_mcp_0", "fileio_7", "user_0", "pscsi_0"):
        yield ["mkdir", f"core/{name}"]
        yield ["ls", f"core/{name}"]
        yield ["read", f"core/{name}/hba_info"]
        yield ["read", f"core/{name}/hba_mode"]
        yield ["write", f"core/{name}/hba_mode", "1"]
        yield ["write", f"core/{name}/hba_mode", "x"]
    yield from (
        ["mkdir", "core/iblock_0"], ["ls", "core"], ["stat", "core/iblock_0"],
        ["stat", "core/iblock_0/hba_info"], ["write", "core/iblock_0/hba_info", "x"],
        ["unlink", "core/iblock_0/hba_info"], ["unlink", "core/iblock_0"],
        ["rename", "core/iblock_0", "core/iblock_1"], ["symlink", "core/iblock_0", "core/link"],
        ["rmdir", "core/fileio_7"], ["rmdir", "core/user_0"], ["rmdir", "core/pscsi_0"],
        ["ls", "core"],
    )  # fmt: skip


def _devices(names: Names, disk: str, disk_2: str) -> Iterator[Operation]:
    yield from (
        ["mkdir", one] for one in (FILEIO, RAMDISK, IBLOCK, FILEIO, "core/f", "core/alua/f")
    )
    yield from (["ls", one] for one in ("core/fileio_0", FILEIO, f"{FILEIO}/alua"))
    for device in (FILEIO, RAMDISK, IBLOCK):
        # As it is before it is configured.
        for group in ("", "/attrib", "/pr", "/wwn", "/action"):
            yield from (["read", f"{device}{group}/{name}"] for name in names[device + group])
        yield ["write", f"{device}/enable", "1"]
        yield ["read", f"{device}/enable"]
        yield ["rmdir", f"{device}/attrib"]
        yield ["mkdir", f"{device}/other"]
    yield from (
        ["write", f"{FILEIO}/{where}", text]
        for where, text in (
            ("enable", "0"), ("enable", "2"), ("enable", "x"), ("enable", ""),
            ("control", "nothing=1"), ("control", "fd_dev_size=x"), ("control", "fd_dev_name="),
            ("control", "fd_dev_name=/nowhere/at/all,fd_dev_size=1048576"), ("enable", "1"),
            ("control", f"fd_dev_name={FILE_A}"),
            ("control", f"fd_dev_size={FILE_BYTES}"),
            ("control", "fd_buffered_io=2"), ("control", "fd_buffered_io=1"),
            ("udev_path", FILE_A), ("alias", "an-alias"), ("alias", "a" * 600),
            ("udev_path", "p" * 600), ("wwn/vpd_unit_serial", "serial-of-f"),
            ("wwn/vendor_id", "SBSIM"), ("wwn/vendor_id", "ninechars"), ("wwn/product_id", "DISK"),
            ("wwn/product_id", "p" * 17), ("wwn/revision", "1.0"), ("wwn/revision", "12345"),
            ("wwn/company_id", "0x001405"), ("wwn/company_id", "0x1000000"),
            ("wwn/company_id", "x"), ("wwn/vpd_unit_serial", "s" * 256),
            ("enable", "1"), ("enable", "1"), ("enable", "0"),
            ("control", f"fd_dev_name={FILE_B}"), ("control", "x"),
            ("wwn/vpd_unit_serial", "serial-of-f-2"), ("wwn/vendor_id", "AFTER"),
            ("lba_map", "1"), ("lba_map", ""), ("alua_lu_gp", "nowhere"),
            ("alua_lu_gp", "default_lu_gp"),
        )
    )  # fmt: skip
    yield from (
        ["write", f"{IBLOCK}/{where}", text]
        for where, text in (
            ("control", "udev_path=/nowhere"), ("enable", "1"), ("control", "readonly=x"),
            ("control", f"udev_path={disk}"), ("control", "force=1"),
            ("wwn/vpd_unit_serial", "serial-of-b"), ("enable", "1"), ("enable", "1"),
            ("control", f"udev_path={disk_2}"),
        )
    )  # fmt: skip
    yield from (
        ["write", f"{RAMDISK}/{where}", text]
        for where, text in (
            ("control", "rd_pages=0"), ("enable", "1"), ("control", "rd_pages=x"),
            ("control", "rd_pages=1024"), ("control", "rd_nullio=1"), ("enable", "1"),
            ("control", "rd_pages=2048"), ("udev_path", "anything"),
        )
    )  # fmt: skip
    for device in (FILEIO, RAMDISK, IBLOCK):
        for group in ("", "/attrib", "/pr", "/wwn", "/action"):
            yield from (["read", f"{device}{group}/{name}"] for name in names[device + group])
    # A device that a second one has too, and one that was never given anything.
    yield from (
        ["mkdir", "core/iblock_0/b2"], ["write", "core/iblock_0/b2/control", f"udev_path={disk}"],
        ["write", "core/iblock_0/b2/enable", "1"], ["rmdir", "core/iblock_0/b2"],
        ["mkdir", "core/fileio_0/bare"], ["rmdir", "core/fileio_0/bare"],
        ["ls", "core/fileio_0"],
    )  # fmt: skip
    for name in names[f"{FILEIO}/attrib"]:
        for text in ODD:
            yield ["write", f"{FILEIO}/attrib/{name}", text]
        yield ["read", f"{FILEIO}/attrib/{name}"]
    for name in names[f"{IBLOCK}/attrib"]:
        for text in ("1", "0"):
            yield ["write", f"{IBLOCK}/attrib/{name}", text]
        yield ["read", f"{IBLOCK}/attrib/{name}"]
    for name, texts in {
        "block_size": ("512", "1024", "4096", "513"),
        "queue_depth": ("64", "128", "129", "1024"),
        "optimal_sectors": ("128", "16384", "16385", "1000000"),
        "max_unmap_block_desc_count": ("1", "10"),
        "emulate_ua_intlck_ctrl": ("0", "1", "2", "3"),
    }.items():
        for text in texts:
            yield ["write", f"{FILEIO}/attrib/{name}", text]
            yield ["read", f"{FILEIO}/attrib/{name}"]


def _alua(names: Names) -> Iterator[Operation]:
    groups, group = f"{FILEIO}/alua", f"{FILEIO}/alua/g1"
    yield from (
        ["ls", groups], ["ls", f"{groups}/default_tg_pt_gp"],
        ["rmdir", f"{groups}/default_tg_pt_gp"], ["mkdir", group], ["mkdir", group],
        ["ls", groups],
    )  # fmt: skip
    yield from (["read", f"{group}/{name}"] for name in names[f"{FILEIO}/alua/second"])
    yield from (
        ["write", f"{group}/{name}", text]
        for name, text in (
            ("alua_access_state", "1"), ("tg_pt_gp_id", "x"), ("tg_pt_gp_id", "70000"),
            ("tg_pt_gp_id", "5"), ("tg_pt_gp_id", "6"), ("alua_access_state", "2"),
            ("alua_access_state", "9"), ("alua_access_status", "1"), ("alua_access_type", "2"),
            ("alua_access_type", "9"), ("preferred", "1"), ("preferred", "2"),
            ("implicit_trans_secs", "10"), ("implicit_trans_secs", "300"),
            ("nonop_delay_msecs", "50"), ("nonop_delay_msecs", "99999"), ("trans_delay_msecs", "9"),
            ("alua_support_offline", "0"), ("alua_support_offline", "2"),
            ("alua_support_standby", "0"), ("alua_write_metadata", "1"), ("members", "x"),
        )
    )  # fmt: skip
    yield from (["read", f"{group}/{name}"] for name in names[f"{FILEIO}/alua/second"])
    yield from (
        ["rename", group, f"{groups}/g2"], ["rmdir", group], ["rmdir", group], ["ls", groups],
    )  # fmt: skip


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
    yield from _lun_statistics(names, one)


def _lun_statistics(
    names: Names, lun: str, parts: Iterable[str] = ("scsi_port", "scsi_tgt_port", "scsi_transport")
) -> Iterator[Operation]:
    for part in parts:
        folder = f"{lun}/statistics/{part}"
        yield from (["read", f"{folder}/{name}"] for name in names[folder])


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
    for part in ("scsi_auth_intr", "scsi_att_intr_port"):
        folder = f"{one}/statistics/{part}"
        yield from (["read", f"{folder}/{name}"] for name in names[folder] if name not in TIMES)


def _loopback(names: Names) -> Iterator[Operation]:
    yield from (
        ["mkdir", "loopback"], ["ls", "loopback"], ["read", "loopback/version"],
        ["mkdir", "loopback/foo"], ["mkdir", "loopback/naa.x"], ["mkdir", f"loopback/{NAA}"],
        ["mkdir", "loopback/fc.21000000aaaaaaaa"], ["mkdir", f"loopback/{IQN}"],
        ["ls", f"loopback/{NAA}"], ["mkdir", f"loopback/{NAA}/tpgt_x"], ["mkdir", LOOP],
        ["mkdir", f"loopback/{NAA}/tpgt_99"], ["ls", LOOP],
    )  # fmt: skip
    for group in ("", "/attrib"):
        yield from (["read", f"{LOOP}{group}/{name}"] for name in names[LOOP + group])
    yield from (
        ["write", f"{LOOP}/{name}", text]
        for name, text in (
            ("nexus", "foo"), ("nexus", NAA_NODE), ("nexus", NAA_NODE), ("transport_status", "x"),
            ("transport_status", "offline"), ("transport_status", "online"), ("address", "1"),
            ("attrib/fabric_prot_type", "9"), ("attrib/fabric_prot_type", "1"),
            ("attrib/fabric_prot_type", "0"),
        )
    )  # fmt: skip
    yield from (
        ["read", f"{LOOP}/nexus"], ["read", f"{LOOP}/transport_status"],
        ["mkdir", f"{LOOP}/acls/foo"], ["mkdir", f"{LOOP}/np/foo"],
        ["mkdir", f"{LOOP}/lun/lun_0"],
        *_lun_statistics(names, f"{LOOP}/lun/lun_0"),
        ["symlink", RAMDISK, f"{LOOP}/lun/lun_0/r"],
        # The machine itself looks at its LUN when it appears: what is counted is a matter of time.
        *_lun_statistics(names, f"{LOOP}/lun/lun_0", ("scsi_port", "scsi_transport")),
        ["unlink", f"{LOOP}/lun/lun_0/r"], ["write", f"{LOOP}/nexus", "NULL"],
        ["read", f"{LOOP}/nexus"], ["rmdir", f"{LOOP}/lun/lun_0"], ["rmdir", LOOP],
        ["rmdir", f"loopback/{NAA}"], ["rmdir", "loopback/fc.21000000aaaaaaaa"],
        ["rmdir", f"loopback/{IQN}"], ["ls", "loopback"], ["rmdir", "loopback"],
    )  # fmt: skip


def _fc(names: Names) -> Iterator[Operation]:
    """Fibre Channel: its own kinds of names, and a portal group that is never enabled."""
    yield from (
        ["mkdir", "fc"], ["mkdir", "fc"], ["ls", "fc"], ["stat", "fc"], ["read", "fc/version"],
        ["write", "fc/version", "x"], ["ls", "fc/discovery_auth"], ["rmdir", "fc/discovery_auth"],
    )  # fmt: skip
    bad = (WWPN.upper(), WWPN.replace(":", ""), f"0x{WWPN.replace(':', '')}", WWPN[:-3],
           f"{WWPN}:01", WWPN.replace(":", "-"), f"naa.{WWPN.replace(':', '')}", IQN, "x", " ",
           WWPN[1:], f"{WWPN} ", f"{WWPN[:-1]}g", "00:00:00:00:00:00:00:00",
           "ff:ff:ff:ff:ff:ff:ff:ff")  # fmt: skip
    yield from (["mkdir", f"fc/{name}"] for name in (WWPN, WWPN, *bad))
    yield ["ls", "fc"]
    yield from (["rmdir", f"fc/{name}"] for name in bad)
    yield from (
        ["ls", f"fc/{WWPN}"], ["stat", f"fc/{WWPN}"], ["rmdir", f"fc/{WWPN}/fabric_statistics"],
        ["mkdir", f"fc/{WWPN}/foo"], ["rename", f"fc/{WWPN}", "fc/new"],
        ["symlink", f"fc/{WWPN}", "fc/link"],
    )  # fmt: skip
    for name in names[f"fc/{WWPN}/param"]:
        yield ["read", f"fc/{WWPN}/param/{name}"]
        for text in (*ODD, "-2", "-3", "1024"):
            yield ["write", f"fc/{WWPN}/param/{name}", text]
            yield ["read", f"fc/{WWPN}/param/{name}"]
    tags = ("", "x", "-1", "0", "2", "01", "65535", "65536", "4294967296")
    for act in ("mkdir", "rmdir"):
        yield from ([act, f"fc/{WWPN}/tpgt_{tag}"] for tag in tags)
    yield from (["ls", f"fc/{WWPN}"], ["mkdir", f"fc/{WWPN}/tpg_1"], ["mkdir", FC], ["mkdir", FC])
    for part in ("lun", "np", "acls", "attrib", "auth", "param"):
        yield ["ls", f"{FC}/{part}"]
        yield ["rmdir", f"{FC}/{part}"]
        yield ["mkdir", f"{FC}/{part}/foo"]
        yield ["rmdir", f"{FC}/{part}/foo"]
    for group in ("", "/attrib", "/param", "/auth"):
        yield ["ls", FC + group]
        yield from (["read", f"{FC}{group}/{name}"] for name in names[FC + group])
    yield from (
        ["read", f"{FC}/enable"], ["write", f"{FC}/enable", "1"],
        ["mkdir", f"{FC}/np/127.0.0.1:3260"],
    )  # fmt: skip
    yield from (
        ["mkdir", f"{FC}/lun/{name}"]
        for name in ("lun_0", "lun_0", "lun_1", "lun_x", "lun_255", "lun_256", "lun_70000")
    )
    yield from (
        ["ls", f"{FC}/lun"], ["ls", f"{FC}/lun/lun_0"], ["rmdir", f"{FC}/lun/lun_255"],
        ["rmdir", f"{FC}/lun/lun_256"], ["rmdir", f"{FC}/lun/lun_70000"],
        ["symlink", "core/fileio_0", f"{FC}/lun/lun_0/hba"],
        ["symlink", FILEIO, f"{FC}/lun/lun_0/f"], ["symlink", FILEIO, f"{FC}/lun/lun_0/again"],
        ["symlink", IBLOCK, f"{FC}/lun/lun_1/b"], ["ls", f"{FC}/lun/lun_0"],
        ["read", f"{FC}/lun/lun_0/alua_tg_pt_gp"], ["read", f"{FC}/lun/lun_1/alua_tg_pt_offline"],
        ["read", f"{FILEIO}/alua/default_tg_pt_gp/members"],
    )  # fmt: skip
    yield from (["mkdir", f"{FC}/acls/{name}"] for name in (PORT, PORT, PORT_2, *bad))
    yield from (["rmdir", f"{FC}/acls/{name}"] for name in bad)
    yield ["ls", f"{FC}/acls"]
    for group in ("", "/attrib", "/param", "/auth", "/fabric_statistics"):
        yield ["ls", FC_ACL + group]
        yield from (["read", f"{FC_ACL}{group}/{name}"] for name in names[FC_ACL + group])
        yield from (["stat", f"{FC_ACL}{group}/{name}"] for name in names[FC_ACL + group])
    for name in ("port_name", "node_name"):
        for text in (PORT_2, PORT_2.replace(":", ""), PORT_2.upper(), "1", "x", "", "0" * 17,
                     "FFFFFFFFFFFFFFFF", "20:00", f"{PORT} ", PORT):  # fmt: skip
            yield ["write", f"{FC_ACL}/{name}", text]
            yield ["read", f"{FC_ACL}/{name}"]
    for text in ("a-tag", "t" * 62, "t" * 63, "t" * 64, "", "NULL"):
        yield ["write", f"{FC_ACL}/tag", text]
        yield ["read", f"{FC_ACL}/tag"]
    one = f"{FC_ACL}/lun_0"
    yield from (
        ["mkdir", f"{FC_ACL}/{name}"]
        for name in ("lun_0", "lun_0", "lun_1", "lun_x", "lun_255", "lun_256", "lun_70000", "foo")
    )
    yield from (
        ["ls", FC_ACL], ["rmdir", f"{FC_ACL}/lun_255"], ["rmdir", f"{FC_ACL}/lun_256"],
        ["rmdir", f"{FC_ACL}/lun_70000"], ["read", f"{one}/write_protect"],
        ["symlink", FILEIO, f"{one}/device"], ["symlink", f"{TPG}/lun/lun_0", f"{one}/other"],
        ["symlink", f"{FC}/lun/lun_0", f"{one}/link"], ["readlink", f"{one}/link"],
        ["symlink", f"{FC}/lun/lun_1", f"{FC_ACL}/lun_1/any-name"],
        ["write", f"{one}/write_protect", "1"], ["read", f"{one}/write_protect"],
        ["write", f"{one}/write_protect", "x"], ["ls", one],
    )  # fmt: skip
    for part in ("scsi_auth_intr", "scsi_att_intr_port"):
        folder = f"{one}/statistics/{part}"
        yield from (["read", f"{folder}/{name}"] for name in names[folder] if name not in TIMES)
    yield from _lun_statistics(names, f"{FC}/lun/lun_0")
    yield from (["rmdir", one] for one in ("fc", f"fc/{WWPN}", FC, f"{FC}/lun/lun_0", FC_ACL))
    yield from (
        ["unlink", f"{FC}/lun/lun_0/f"], ["rmdir", f"{FC_ACL}/lun_0"],
        ["unlink", f"{one}/link"], ["rmdir", one], ["unlink", f"{FC_ACL}/lun_1/any-name"],
        ["rmdir", f"{FC_ACL}/lun_1"], ["rmdir", FC_ACL], ["rmdir", f"{FC}/acls/{PORT_2}"],
        ["unlink", f"{FC}/lun/lun_0/f"], ["rmdir", f"{FC}/lun/lun_0"],
        ["unlink", f"{FC}/lun/lun_1/b"], ["rmdir", f"{FC}/lun/lun_1"], ["ls", FC],
        ["rmdir", f"{FC}/np/127.0.0.1:3260"], ["rmdir", FC], ["rmdir", f"fc/{WWPN}"],
        ["ls", "fc"], ["rmdir", "fc"],
    )  # fmt: skip


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
