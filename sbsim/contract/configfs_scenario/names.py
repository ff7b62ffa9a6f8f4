"""What the scenario's objects are called, and what is written to attributes."""

from __future__ import annotations

from collections.abc import Mapping

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
