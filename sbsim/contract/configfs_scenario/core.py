"""Backstores: adapters, devices, their attributes and ALUA groups."""

from __future__ import annotations

from collections.abc import Iterator

from sbsim.contract.configfs_scenario.names import (
    FILE_A,
    FILE_B,
    FILE_BYTES,
    FILEIO,
    IBLOCK,
    ODD,
    RAMDISK,
    Names,
)
from sbsim.contract.player import Operation

DEVICES = (FILEIO, RAMDISK, IBLOCK)


def operations(names: Names, disk: str, disk_2: str) -> Iterator[Operation]:
    """All of the backstores, which stay for the fabrics."""
    yield from _top()
    yield from _hbas()
    yield from _devices(names)
    yield from _configured(names, disk, disk_2)
    yield from _attributes(names)
    yield from _alua(names)


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


def _devices(names: Names) -> Iterator[Operation]:
    """They are made, and are as nobody has configured them."""
    yield from (
        ["mkdir", one] for one in (FILEIO, RAMDISK, IBLOCK, FILEIO, "core/f", "core/alua/f")
    )
    yield from (["ls", one] for one in ("core/fileio_0", FILEIO, f"{FILEIO}/alua"))
    for device in DEVICES:
        yield from _read(names, device)
        yield ["write", f"{device}/enable", "1"]
        yield ["read", f"{device}/enable"]
        yield ["rmdir", f"{device}/attrib"]
        yield ["mkdir", f"{device}/other"]


def _read(names: Names, device: str) -> Iterator[Operation]:
    for group in ("", "/attrib", "/pr", "/wwn", "/action"):
        yield from (["read", f"{device}{group}/{name}"] for name in names[device + group])


def _configured(names: Names, disk: str, disk_2: str) -> Iterator[Operation]:
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
    for device in DEVICES:
        yield from _read(names, device)
    # A device that a second one has too, and one that was never given anything.
    yield from (
        ["mkdir", "core/iblock_0/b2"], ["write", "core/iblock_0/b2/control", f"udev_path={disk}"],
        ["write", "core/iblock_0/b2/enable", "1"], ["rmdir", "core/iblock_0/b2"],
        ["mkdir", "core/fileio_0/bare"], ["rmdir", "core/fileio_0/bare"],
        ["ls", "core/fileio_0"],
    )  # fmt: skip


def _attributes(names: Names) -> Iterator[Operation]:
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
