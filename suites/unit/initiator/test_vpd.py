"""VPD page 0x83, and the ids that udev makes of its designators."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sbsim.initiator.vpd import Designator, designators, wwid_of
from sbsim.sim.san.identity import naa_of, t10_of

printable = st.characters(min_codepoint=33, max_codepoint=126)


def page(*entries: bytes) -> bytes:
    body = b"".join(entries)
    return bytes((0, 0x83)) + len(body).to_bytes(2, "big") + body


def entry(code_set: int, kind: int, value: bytes) -> bytes:
    return bytes((code_set, kind, 0, len(value))) + value


NAA = entry(1, 3, bytes.fromhex("60014050000000000000000000000001"))
T10 = entry(1, 1, b"OPNFILERRM9KjF-RinH-GwVN")
QEMU = entry(2, 1, b"ATA     QEMU HARDDISK                           QM00001             ")


@given(st.text(printable, min_size=1, max_size=8), st.text(printable, min_size=1, max_size=200))
def test_what_the_simulator_writes_is_read(vendor: str, serial: str) -> None:
    for one in (t10_of(vendor, serial), naa_of(serial)):
        assert list(designators(one.page)) == [
            Designator(int(one.type), True, bytes.fromhex(one.digits))
        ]
        assert wwid_of(one.page) == one.wwid


def test_guides_id_is_the_designator_in_hex() -> None:
    assert wwid_of(page(T10)) == "14f504e46494c4552524d394b6a462d52696e482d4777564e"


def test_text_stays_text() -> None:
    assert wwid_of(page(QEMU)) == "1ATA_QEMU_HARDDISK_QM00001"


def test_naa_comes_first_wherever_it_stands() -> None:
    assert wwid_of(page(T10, NAA)) == "360014050000000000000000000000001"


def test_names_of_ports_and_other_kinds_are_none_of_the_luns() -> None:
    port = entry(1, 0x10 | 3, b"\x50" * 8)
    assert wwid_of(page(port, entry(1, 4, b"\0\0\0\1"))) is None
    assert wwid_of(page(port, T10)) == wwid_of(page(T10))


@given(st.binary(max_size=64))
def test_any_bytes_are_read_without_an_error(data: bytes) -> None:
    list(designators(data))
    list(designators(page(T10)[: len(data)]))
