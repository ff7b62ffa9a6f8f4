"""Single values: sizes, iSCSI names, WWIDs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sbsim.deployment import parse_size, wwid_of
from sbsim.deployment.hostname import host_name
from sbsim.deployment.iqn import initiator_name, target_name
from sbsim.deployment.size import UNITS, lun_size, readable
from sbsim.deployment.unfit import Unfit


@pytest.mark.parametrize(
    ("written", "size"),
    [
        (512, 512),
        ("512", 512),
        ("512 B", 512),
        ("1KiB", 1024),
        ("1 kB", 1000),
        ("20 GiB", 20 << 30),
        ("1.5 TiB", 3 << 39),
        ("21 GB", 21 * 10**9),
        ("0.001 kB", 1),
        ("7 EiB", 7 << 60),
    ],
)
def test_size_is_read(written: int | str, size: int) -> None:
    assert parse_size(written) == size


@pytest.mark.parametrize(
    "written", ["", "GiB", "-1", "1e3", "1  GiB", "1 GiB ", "١ GiB", "1,5 GiB", True, 1.5, None, []]
)
def test_size_is_refused(written: object) -> None:
    with pytest.raises(Unfit):
        parse_size(written)


@given(st.integers(0, 1 << 62), st.sampled_from(sorted(UNITS)))
def test_size_with_a_unit_is_its_product(number: int, unit: str) -> None:
    assert parse_size(f"{number} {unit}") == number * UNITS[unit]


@given(st.integers(1, 1 << 62))
def test_readable_size_is_exact(size: int) -> None:
    assert parse_size(readable(size).replace(" bytes", "")) == size


@given(st.integers(1, 1 << 62))
def test_lun_size_is_a_multiple_of_a_sector(size: int) -> None:
    if size % 512 == 0:
        assert lun_size(size) == size
    else:
        with pytest.raises(Unfit):
            lun_size(size)


def test_lun_size_ends_where_linux_ends() -> None:
    assert lun_size((8 << 60) - 512) == (8 << 60) - 512
    with pytest.raises(Unfit):
        lun_size("8 EiB")


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=253))
def test_wwid_follows_the_kernel(serial: str) -> None:
    # spc_gen_naa_6h_vendor_specific: 7 digits are given; hex_to_bin() < 0 skips a character; the
    # loop ends with the serial or with the 32nd digit; the buffer was zeroed.
    digits = list("6001405" + "0" * 25)
    count = 7
    for character in serial:
        value = "0123456789abcdef".find(character.lower()) if character.isalnum() else -1
        if value < 0:
            continue
        if count == 32:
            break
        digits[count] = f"{value:x}"
        count += 1
    assert wwid_of(serial) == "3" + "".join(digits)


@pytest.mark.parametrize(
    ("serial", "digits"),
    [
        ("LzedfI-cZI0-qKej", "edfc0e"),
        ("FVnSC7-xfj8-rwq3", "fc7f83"),
        ("21IqYi-RghT-0AE6", "210ae6"),
        ("GgYkGT-GBUu-00J1", "b001"),
        ("x" + "0123456789abcdef" * 2, "0123456789abcdef012345678"),
    ],
)
def test_wwid_of_a_known_serial(serial: str, digits: str) -> None:
    assert wwid_of(serial) == "36001405" + digits.ljust(25, "0")
    assert len(wwid_of(serial)) == 33


@pytest.mark.parametrize(
    "name",
    [
        "iqn.2016-05.org.zstack:ocfs2-host1",
        "iqn.2015-05.org.zstack:tsn.200001",
        "iqn.2001-04.com.example",
        "iqn.1993-08.org.debian:01:abc-def.9",
        "iqn.2015-05.org.example:".ljust(223, "x"),
    ],
)
def test_iqn_is_accepted(name: str) -> None:
    assert target_name(name) == initiator_name(name) == name


@pytest.mark.parametrize("name", ["eui.02004567a425678d", "naa.52004567ba64678d"])
def test_other_initiator_names_are_accepted(name: str) -> None:
    assert initiator_name(name) == name
    with pytest.raises(Unfit):
        target_name(name)


@pytest.mark.parametrize("name", ["a", "A9", "zstack-mn", "host1.example.org", "1a", "x" * 63])
def test_host_name_is_accepted(name: str) -> None:
    assert host_name(name) == name
