"""The Fibre Channel fabric: its own kinds of names, and a portal group that is never enabled."""

from __future__ import annotations

from collections.abc import Iterator

from sbsim.contract.configfs_scenario.names import (
    FC,
    FC_ACL,
    FILEIO,
    IBLOCK,
    IQN,
    ODD,
    PORT,
    PORT_2,
    TPG,
    WWPN,
    Names,
)
from sbsim.contract.configfs_scenario.statistics import lun_statistics, mapped_statistics
from sbsim.contract.player import Operation

# What is no name of a port, or hardly one.
BAD = (
    WWPN.upper(), WWPN.replace(":", ""), f"0x{WWPN.replace(':', '')}", WWPN[:-3], f"{WWPN}:01",
    WWPN.replace(":", "-"), f"naa.{WWPN.replace(':', '')}", IQN, "x", " ", WWPN[1:], f"{WWPN} ",
    f"{WWPN[:-1]}g", "00:00:00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff:ff:ff",
)  # fmt: skip


def operations(names: Names) -> Iterator[Operation]:
    """A target and all that belongs to it, made and taken away."""
    yield from _targets(names)
    yield from _group(names)
    yield from _luns()
    yield from _initiators(names)
    yield from _mapped(names)
    yield from lun_statistics(names, f"{FC}/lun/lun_0")
    yield from _gone()


def _targets(names: Names) -> Iterator[Operation]:
    yield from (
        ["mkdir", "fc"], ["mkdir", "fc"], ["ls", "fc"], ["stat", "fc"], ["read", "fc/version"],
        ["write", "fc/version", "x"], ["ls", "fc/discovery_auth"], ["rmdir", "fc/discovery_auth"],
    )  # fmt: skip
    yield from (["mkdir", f"fc/{name}"] for name in (WWPN, WWPN, *BAD))
    yield ["ls", "fc"]
    yield from (["rmdir", f"fc/{name}"] for name in BAD)
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


def _group(names: Names) -> Iterator[Operation]:
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


def _luns() -> Iterator[Operation]:
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


def _initiators(names: Names) -> Iterator[Operation]:
    yield from (["mkdir", f"{FC}/acls/{name}"] for name in (PORT, PORT, PORT_2, *BAD))
    yield from (["rmdir", f"{FC}/acls/{name}"] for name in BAD)
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


def _mapped(names: Names) -> Iterator[Operation]:
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
    yield from mapped_statistics(names, one)


def _gone() -> Iterator[Operation]:
    """Removals in wrong orders, then in one that works."""
    mapped = f"{FC_ACL}/lun_0"
    yield from (["rmdir", one] for one in ("fc", f"fc/{WWPN}", FC, f"{FC}/lun/lun_0", FC_ACL))
    yield from (
        ["unlink", f"{FC}/lun/lun_0/f"], ["rmdir", f"{FC_ACL}/lun_0"],
        ["unlink", f"{mapped}/link"], ["rmdir", mapped], ["unlink", f"{FC_ACL}/lun_1/any-name"],
        ["rmdir", f"{FC_ACL}/lun_1"], ["rmdir", FC_ACL], ["rmdir", f"{FC}/acls/{PORT_2}"],
        ["unlink", f"{FC}/lun/lun_0/f"], ["rmdir", f"{FC}/lun/lun_0"],
        ["unlink", f"{FC}/lun/lun_1/b"], ["rmdir", f"{FC}/lun/lun_1"], ["ls", FC],
        ["rmdir", f"{FC}/np/127.0.0.1:3260"], ["rmdir", FC], ["rmdir", f"fc/{WWPN}"],
        ["ls", "fc"], ["rmdir", "fc"],
    )  # fmt: skip
