"""One object of every kind, made rightly: the tree of these gives the kernel's templates."""

from __future__ import annotations

from sbsim.contract.configfs_scenario.names import (
    ACL,
    FC,
    FC_ACL,
    FILE_A,
    FILE_BYTES,
    FILEIO,
    IBLOCK,
    IQN,
    LOOP,
    NAA,
    NAA_NODE,
    RAMDISK,
    TPG,
    WWPN,
)
from sbsim.contract.player import Operation


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
