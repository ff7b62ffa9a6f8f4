"""The layers under a volume, found by what a host shows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sbsim.bench.errors import NoSuchLayer
from sbsim.bench.layers import Extent, Layer, layers_of, neighbours, parse_extent
from sbsim.deployment import load
from sbsim.initiator.chap import chap_of
from sbsim.initiator.errors import UnreadableOutput
from sbsim.initiator.lsblk import ARGV as LSBLK
from sbsim.machines import WallClock
from sbsim.management.deployed import Deployed

from .fio_machine import FioMachine

TUTORIAL = Path(__file__).parents[3] / "fixtures/deployments/tutorial.toml"
LSBLK_OUTPUT = TUTORIAL.parents[1] / "captured/debian12/lsblk/lsblk_-J.four_luns.txt"
VOLUME = "/dev/vg-1/sbsim-bench"
TABLE = ("dmsetup", "table", VOLUME)
LINK = ("readlink", "/sys/dev/block/8:0")


def deployed(answers: dict[tuple[str, ...], str]) -> Deployed:
    deployment = load(TUTORIAL)
    host = FioMachine(deployment.hosts[0].name, {}, answers)
    chap = chap_of(deployment, True, TUTORIAL.parent)
    return Deployed(deployment, {host.name: host}, chap, WallClock())


def found(**changed: str) -> tuple[Layer, ...]:
    answers = {
        TABLE: "0 262144 linear 8:0 2048\n",
        LINK: "../../devices/platform/host6/target6:0:0/6:0:0:0/block/sda\n",
        LSBLK: LSBLK_OUTPUT.read_text(),
    }
    names = {"table": TABLE, "link": LINK, "lsblk": LSBLK}
    answers |= {names[name]: text for name, text in changed.items()}
    of = deployed(answers)
    return layers_of(of, of.deployment.hosts[0], "vg-1", "sbsim-bench").layers


def test_a_volume_lies_on_a_lun_that_lies_on_a_disk_of_the_server() -> None:
    host, size = "sharedblock-host1", 128 * 2**20
    disk, lun, lv = found()
    assert disk == Layer("disk", "openfiler", "/dev/volume-1/zstack-sto-1", 2**20, size)
    assert lun == Layer("lun", host, "/dev/sda", 2**20, size)
    assert lv == Layer("lv", host, VOLUME, 0, size)
    assert neighbours((disk, lun, lv)) == ((lun, disk), (lv, lun))


def test_a_multipath_map_lies_between() -> None:
    shown = json.loads(LSBLK_OUTPUT.read_text())
    path = shown["blockdevices"][0]
    over = {"name": "mpatha", "kname": "dm-0", "path": "/dev/mapper/mpatha", "type": "mpath"}
    path["children"] = [path | over | {"hctl": None, "wwn": None}]
    disk, lun, multipath, lv = found(lsblk=json.dumps(shown), link="../../devices/virtual/dm-0\n")
    assert (lun.device, multipath.device) == ("/dev/sda", "/dev/mapper/mpatha")
    assert multipath.name == "multipath"
    assert disk.offset == lun.offset == multipath.offset == 2**20
    assert lv.offset == 0


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"link": "../../devices/sdx\n"}, "lsblk shows no sdx, on which the volume lies"),
        ({"link": "../../devices/vda\n", "lsblk": '{"blockdevices": []}'}, "shows no vda"),
    ],
)
def test_what_is_not_there_is_named(changed: dict[str, str], expected: str) -> None:
    with pytest.raises(NoSuchLayer, match=expected):
        found(**changed)


def test_a_disk_that_is_no_lun_is_not_taken_for_one() -> None:
    shown = json.loads(LSBLK_OUTPUT.read_text())
    shown["blockdevices"][0]["wwn"] = "0x5000c500a1b2c3d4"
    with pytest.raises(NoSuchLayer, match=r"/dev/sda .0x5000c500a1b2c3d4. is no LUN"):
        found(lsblk=json.dumps(shown))


@given(length=st.integers(1, 2**40), start=st.integers(0, 2**40), named=st.booleans())
def test_the_first_part_of_a_linear_volume_is_read(length: int, start: int, named: bool) -> None:
    text = (
        f"{'vg-one: ' if named else ''}0 {length} linear 253:7 {start}\n{length} 8 linear 8:0 0\n"
    )
    assert parse_extent(text) == Extent("253:7", start * 512, length * 512)


@pytest.mark.parametrize(
    "text", ["", "0 8 striped 2 128 8:0 0 8:1 0\n", "0 8 linear\n", "8 8 linear 8:0 0"]
)
def test_another_table_is_not_understood(text: str) -> None:
    with pytest.raises(UnreadableOutput, match="dmsetup table"):
        parse_extent(text)
