"""lsblk -J."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sbsim.initiator.errors import UnreadableOutput
from sbsim.initiator.hctl import Hctl
from sbsim.initiator.lsblk import BlockDevice, parse_lsblk

from .captured import captured

WORD = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12)
OPTIONAL = st.none() | WORD
HCTL = st.none() | st.builds(Hctl, *[st.integers(0, 99)] * 4)


def devices(children: st.SearchStrategy[tuple[BlockDevice, ...]]) -> st.SearchStrategy[BlockDevice]:
    return st.builds(
        BlockDevice, name=WORD, kname=WORD, path=WORD, type=WORD, size=st.integers(0, 10**15),
        hctl=HCTL, vendor=OPTIONAL, model=OPTIONAL, revision=OPTIONAL, transport=OPTIONAL,
        wwn=OPTIONAL, serial=OPTIONAL, state=OPTIONAL, read_only=st.booleans(), children=children,
    )  # fmt: skip


TREES = st.lists(devices(st.lists(devices(st.just(())), max_size=2).map(tuple)), max_size=3)


def written(device: BlockDevice) -> dict[str, object]:
    entry: dict[str, object] = {
        "name": device.name, "kname": device.kname, "path": device.path, "type": device.type,
        "size": device.size, "hctl": str(device.hctl) if device.hctl else None,
        "vendor": f"{device.vendor:<8}" if device.vendor else None, "model": device.model,
        "rev": device.revision, "tran": device.transport, "wwn": device.wwn,
        "serial": device.serial, "state": device.state, "ro": device.read_only,
    }  # fmt: skip
    if device.children:
        entry["children"] = [written(child) for child in device.children]
    return entry


@given(TREES)
def test_reads_what_was_written(trees: list[BlockDevice]) -> None:
    text = json.dumps({"blockdevices": [written(device) for device in trees]})
    assert parse_lsblk(text) == tuple(trees)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["blockdevices", "name", "size", "ro", "hctl", "children"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.text() | JSON.map(json.dumps) | st.just("[" * 100_000) | st.just("9" * 5000))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(UnreadableOutput):
        parse_lsblk(text)


def test_debian_shows_the_luns() -> None:
    blocks = parse_lsblk(captured("debian12/lsblk/lsblk_-J.four_luns.txt"))
    assert {
        block.hctl.lun: (block.path, block.size, block.serial) for block in blocks if block.hctl
    } == {
        0: ("/dev/sda", 20971520000, "LzedfI-cZI0-qKej"),
        1: ("/dev/sdd", 26239565824, "FVnSC7-xfj8-rwq3"),
        2: ("/dev/sdc", 31474057216, "21IqYi-RghT-0AE6"),
        3: ("/dev/sdb", 36708548608, "GgYkGT-GBUu-00J1"),
    }
    assert blocks[0].vendor == "LIO-ORG"
    assert blocks[0].revision == "4.0"


def test_debian_shows_partitions_below_their_disk() -> None:
    blocks = parse_lsblk(captured("debian12/lsblk/lsblk_-J.partitions.txt"))
    loop = next(block for block in blocks if block.name == "loop1")
    assert [device.name for device in loop.walk()] == ["loop1", "loop1p1", "loop1p2", "loop1p5"]


@pytest.mark.parametrize("state", ["blocked", "transport-offline"])
def test_debian_shows_the_state_of_a_dead_path(state: str) -> None:
    blocks = parse_lsblk(captured(f"debian12/lsblk/lsblk_-J.{state.replace('-', '_')}.txt"))
    assert {block.state for block in blocks if block.hctl} == {state}


def test_older_versions_quote_numbers() -> None:
    text = """{"blockdevices": [{"name": "sda", "kname": "sda", "path": "/dev/sda", "type": "disk",
        "size": "1024", "ro": "0"}]}"""
    (block,) = parse_lsblk(text)
    assert (block.size, block.read_only) == (1024, False)


def test_missing_field_is_named() -> None:
    entry = {"name": "sda", "kname": "sda", "type": "disk", "size": 1, "ro": 0}
    with pytest.raises(UnreadableOutput, match=r"blockdevices\[0\].path"):
        parse_lsblk(json.dumps({"blockdevices": [entry]}))


def test_no_output_is_no_device() -> None:
    assert parse_lsblk("") == ()
