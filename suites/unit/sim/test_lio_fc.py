"""The Fibre Channel fabric in the simulated configfs, as tcm_fc's source has it."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
import rtslib_fb

from sbsim.testing import LioKernel

FC = "/sys/kernel/config/target/fc"
PORT, HOST = "20:00:52:54:5b:fc:02:01", "20:00:52:54:5b:fc:01:01"


@pytest.fixture
def port(lio_kernel: LioKernel) -> str:
    group = f"{FC}/{PORT}/tpgt_1"
    for folder in (FC, f"{FC}/{PORT}", group):
        Path(folder).mkdir()
    return group


@pytest.mark.parametrize(
    "name", [PORT.upper(), PORT.replace(":", ""), f"naa.{PORT}", PORT[:-3], f"{PORT}:00", "x"]
)
def test_port_that_is_no_wwpn_is_refused(port: str, name: str) -> None:
    for folder in (FC, f"{port}/acls"):
        with pytest.raises(OSError, match="Invalid argument") as refused:
            Path(f"{folder}/{name}").mkdir()
        assert refused.value.errno == errno.EINVAL


@pytest.mark.parametrize("name", ["tpgt_0", "tpgt_2", "tpgt_x"])
def test_hardware_has_one_group(port: str, name: str) -> None:
    with pytest.raises(OSError, match="Invalid argument"):
        Path(f"{FC}/{PORT}/{name}").mkdir()


def test_group_has_no_switch_and_no_attributes(port: str) -> None:
    names = {one.name for one in Path(port).iterdir()}
    assert names == {"acls", "attrib", "auth", "lun", "np", "param"}
    assert list(Path(f"{port}/attrib").iterdir()) == []
    assert Path(f"{FC}/version").read_text().startswith("TCM FC 0.4 on Linux")


def test_initiators_port_tells_its_name_until_it_is_given_another(port: str) -> None:
    acl = Path(f"{port}/acls/{HOST}")
    acl.mkdir()
    assert {one.name for one in acl.iterdir()} == {
        "attrib", "auth", "fabric_statistics", "node_name", "param", "port_name", "tag",
    }  # fmt: skip
    assert (acl / "port_name").read_text() == f"{HOST}\n"
    (acl / "port_name").write_text("200052545bfc0199")
    assert (acl / "port_name").read_text() == "20:00:52:54:5b:fc:01:99\n"
    with pytest.raises(OSError, match="Operation not permitted"):
        (acl / "node_name").write_text("nobody")


def test_unmodified_rtslib_makes_a_target(lio_kernel: LioKernel) -> None:
    rtslib_fb.RTSRoot()
    Path("/disks").mkdir()
    store = rtslib_fb.FileIOStorageObject("one", "/disks/one.img", size=64 * 2**20)
    fabric = rtslib_fb.FabricModule("tcm_fc")
    tpg = rtslib_fb.TPG(rtslib_fb.Target(fabric, "naa.200052545bfc0201"), 1)
    lun = rtslib_fb.LUN(tpg, 0, store)
    acl = rtslib_fb.NodeACL(tpg, "naa.200052545bfc0101")
    mapped = rtslib_fb.MappedLUN(acl, 0, lun)
    assert tpg.enable
    assert [one.wwn for one in fabric.targets] == ["naa.200052545bfc0201"]
    assert (mapped.tpg_lun.lun, mapped.write_protect) == (0, False)
