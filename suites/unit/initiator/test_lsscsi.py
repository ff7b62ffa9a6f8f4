"""lsscsi's three forms."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sbsim.initiator.errors import UnreadableOutput
from sbsim.initiator.hctl import Hctl
from sbsim.initiator.lsscsi import (
    KINDS,
    IdLine,
    ScsiLine,
    TransportLine,
    parse_lsscsi,
    parse_lsscsi_ids,
    parse_lsscsi_transports,
)

from .captured import captured

TARGET = "iqn.2015-05.org.zstack:tsn.200001"
WWIDS = {
    0: "36001405edfc0e0000000000000000000",
    1: "36001405fc7f830000000000000000000",
    2: "36001405210ae60000000000000000000",
    3: "36001405b001000000000000000000000",
}


# --- writers, as lsscsi 0.31 prints (one_sdev_entry in its lsscsi.c) ------------------------------


def written_device(line: ScsiLine, node_width: int) -> str:
    return (
        f"{f'[{line.hctl}]':<13}{line.kind:<8}{line.vendor:<8} {line.model:<16} "
        f"{line.revision:<4}  {line.node or '-':<{node_width}}"
    )


def written_transport(line: TransportLine) -> str:
    place = f"{f'[{line.hctl}]':<13}{line.kind:<8}{line.transport:<30}"
    return f"{place}  {line.node or '-':<9}{line.size or '-':>8}"


TEXT = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1)
NODES = st.none() | st.from_regex(r"/dev/[a-z]{2}[a-z0-9]{1,8}", fullmatch=True)
HCTLS = st.builds(
    Hctl, st.integers(0, 999), st.integers(0, 9), st.integers(0, 99), st.integers(0, 16383)
)
MODELS = st.lists(TEXT, min_size=1, max_size=3).map(lambda words: " ".join(words)[:16].strip())
DEVICES = st.builds(
    ScsiLine,
    hctl=HCTLS,
    kind=st.sampled_from([kind for kind in KINDS if len(kind) <= 7]),
    vendor=TEXT.map(lambda text: text[:8]),
    model=MODELS,
    revision=TEXT.map(lambda text: text[:4]),
    node=NODES,
)
IDS = st.builds(IdLine, DEVICES, st.none() | st.from_regex(r"[0-9a-f]{16,33}", fullmatch=True))
TRANSPORTS = st.builds(
    TransportLine,
    hctl=HCTLS,
    kind=st.sampled_from(KINDS),
    transport=st.sampled_from(["", "ata:", "sas:0x5000c50012345678", f"{TARGET},t,0x1", "usb:1-2"]),
    node=NODES,
    size=st.none() | st.sampled_from(["20.9GB", "1.07TB", "134MB", "512B", "2.19TB"]),
)


@given(st.lists(DEVICES, max_size=3))
def test_plain_reads_what_was_written(devices: list[ScsiLine]) -> None:
    text = "".join(f"{written_device(line, 9)}\n" for line in devices)
    assert parse_lsscsi(text) == tuple(devices)


@given(st.lists(IDS, max_size=3))
def test_ids_read_what_was_written(lines: list[IdLine]) -> None:
    text = "".join(f"{written_device(line.device, 9)}  {line.wwid or '-'}\n" for line in lines)
    assert parse_lsscsi_ids(text) == tuple(lines)


@given(st.lists(TRANSPORTS, max_size=3))
def test_transports_read_what_was_written(lines: list[TransportLine]) -> None:
    text = "".join(f"{written_transport(line)}\n" for line in lines)
    assert parse_lsscsi_transports(text) == tuple(lines)


@pytest.mark.parametrize("parse", [parse_lsscsi, parse_lsscsi_ids, parse_lsscsi_transports])
@given(text=st.text() | st.from_regex(r"\[[0-9]+:0:0:1\] +disk .{0,60}"))
def test_any_text_is_read_or_refused(parse: object, text: str) -> None:
    with contextlib.suppress(UnreadableOutput):
        parse(text)  # type: ignore[operator]


# --- real output ---------------------------------------------------------------------------------


def test_debian_lists_the_four_luns() -> None:
    devices = parse_lsscsi(captured("debian12/lsscsi/lsscsi.four_luns.txt"))
    assert [line.hctl.lun for line in devices] == [0, 1, 2, 3]
    assert [line.node for line in devices] == ["/dev/sda", "/dev/sdd", "/dev/sdc", "/dev/sdb"]
    assert {(line.vendor, line.model, line.revision) for line in devices} == {
        ("LIO-ORG", "IBLOCK", "4.0")
    }


def test_debian_shows_the_ids_of_the_four_luns() -> None:
    lines = parse_lsscsi_ids(captured("debian12/lsscsi/lsscsi_-i.four_luns.txt"))
    assert {line.device.hctl.lun: line.wwid for line in lines} == WWIDS


def test_debian_shows_the_target_of_each_disk() -> None:
    lines = parse_lsscsi_transports(captured("debian12/lsscsi/lsscsi_-st.four_luns.txt"))
    assert {(line.iqn, line.tag) for line in lines} == {(TARGET, 1)}
    assert [line.size for line in lines] == ["20.9GB", "26.2GB", "31.4GB", "36.7GB"]


def test_disk_without_driver_has_no_node_and_no_id() -> None:
    lines = parse_lsscsi_ids(captured("debian12/lsscsi/lsscsi_-i.one_without_driver.txt"))
    assert [(line.device.node, line.wwid) for line in lines][3] == (None, None)
    shown = parse_lsscsi_transports(captured("debian12/lsscsi/lsscsi_-st.one_without_driver.txt"))
    assert (shown[3].node, shown[3].size) == (None, None)


def test_other_kinds_of_devices_have_no_target() -> None:
    lines = parse_lsscsi_transports(captured("debian12/lsscsi/lsscsi_-st.with_cd.txt"))
    assert [(line.kind, line.iqn, line.tag) for line in lines][-1] == ("cd/dvd", None, None)
    assert parse_lsscsi(captured("debian12/lsscsi/lsscsi.with_cd.txt"))[-1].model == "scsi_debug"


def test_guide_lists_a_drive_and_three_luns() -> None:
    devices = parse_lsscsi(captured("c74/lsscsi/lsscsi.guide.txt"))
    assert devices[0] == ScsiLine(
        Hctl(1, 0, 0, 0), "cd/dvd", "QEMU", "QEMU DVD-ROM", "1.5.", "/dev/sr0"
    )
    assert devices[3].model == "VIRTUAL-DISK"
    transports = parse_lsscsi_transports(captured("c74/lsscsi/lsscsi_-st.guide.txt"))
    assert [line.iqn for line in transports] == [None, TARGET, TARGET, TARGET]
    assert transports[0].transport == "ata:"
    ids = parse_lsscsi_ids(captured("c74/lsscsi/lsscsi_-i.guide.txt"))
    assert ids[0].wwid == "14f504e46494c4552524d394b6a462d52696e482d4777564e"


def test_no_devices_is_an_empty_tuple() -> None:
    assert parse_lsscsi("") == parse_lsscsi_ids("\n") == parse_lsscsi_transports("") == ()


def test_strange_line_is_named_with_its_number() -> None:
    text = captured("debian12/lsscsi/lsscsi.four_luns.txt") + "Segmentation fault\n"
    with pytest.raises(UnreadableOutput, match=r"line 5 of lsscsi: .*'Segmentation fault'"):
        parse_lsscsi(text)
