"""What an array says of itself, and the WWIDs that its LUNs have by it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sbsim.deployment import Inquiry, Lun, StorageServer, wwid_of
from sbsim.sim.san.identity import naa_of, t10_of

OPENFILER = Inquiry(vendor="OPNFILER", product="VIRTUAL-DISK", revision="0", designator="t10")

printable = st.characters(min_codepoint=33, max_codepoint=126)
vendors = st.text(printable, min_size=1, max_size=8)
serials = st.text(printable, min_size=1, max_size=253)


@pytest.mark.parametrize(
    ("serial", "wwid"),
    [
        ("RM9KjF-RinH-GwVN", "14f504e46494c4552524d394b6a462d52696e482d4777564e"),
        ("TbfhHG-WceJ-1gpX", "14f504e46494c45525462666848472d5763654a2d31677058"),
        ("Kottdy-Ge13-3YBm", "14f504e46494c45524b6f747464792d476531332d3359426d"),
    ],
)
def test_wwids_are_those_of_the_guide(serial: str, wwid: str) -> None:
    assert OPENFILER.wwid_of(serial) == wwid


@given(vendors, serials)
def test_vendor_and_serial_can_be_read_back_from_a_t10_id(vendor: str, serial: str) -> None:
    wwid = Inquiry(vendor=vendor, designator="t10").wwid_of(serial)
    told = bytes.fromhex(wwid[1:]).decode("ascii")
    assert (wwid[0], told[:8].rstrip(), told[8:]) == ("1", vendor, serial)


@given(vendors, serials)
def test_hosts_of_the_simulator_make_the_same_of_it(vendor: str, serial: str) -> None:
    assert t10_of(vendor, serial).wwid == Inquiry(vendor=vendor, designator="t10").wwid_of(serial)
    assert naa_of(serial).wwid == Inquiry(vendor=vendor).wwid_of(serial) == wwid_of(serial)


def test_array_that_says_nothing_of_itself_is_lio() -> None:
    lun = Lun(lun=0, name="a-name-of-more-than-16", size=512, serial="0a")
    assert (lun.inquiry.vendor, lun.inquiry.revision) == ("LIO-ORG", "4.0")
    assert (lun.model, lun.wwid) == ("a-name-of-more-t", wwid_of("0a"))


def test_every_lun_of_an_array_is_shown_as_the_array_says() -> None:
    server = StorageServer.model_validate({
        "name": "array",
        "address": "10.1.0.21",
        "controllers": [{"name": "one", "portals": [{"address": "10.1.0.21"}]}],
        "inquiry": {"vendor": "OPNFILER", "product": "VIRTUAL-DISK", "designator": "t10"},
        "targets": [
            {"iqn": f"iqn.2015-05.org.example:{n}", "luns": [
                {"lun": 0, "name": f"lun-{n}", "size": 512, "serial": f"serial-{n}"}
            ]}
            for n in range(2)
        ],
    })  # fmt: skip
    luns = [lun for target in server.targets for lun in target.luns]
    assert [(lun.model, lun.wwid[0]) for lun in luns] == [("VIRTUAL-DISK", "1")] * 2
    # A LUN that is changed stays one of its array.
    changed = luns[0].model_copy(update={"serial": "another"})
    assert changed.wwid == OPENFILER.wwid_of("another")
