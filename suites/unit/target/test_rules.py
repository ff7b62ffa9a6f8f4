"""What LIO could not serve as described is refused before anything is touched."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from sbsim.target.failure import TargetFailure
from sbsim.target.model import Array, Chap, Group, Initiator, Portal
from sbsim.target.rules import check
from suites.unit.target.arrays import CHAP, HOST, array, arrays, few, lun, target


@few
@given(arrays())
def test_sound_arrays_pass(wanted: Array) -> None:
    check(wanted)


ONE = target(lun(0))
PORTAL = Portal("192.0.2.1")
PORT = replace(ONE, iqn="naa.2000525400000f00", groups=(Group(1, ()),), initiators=(), fabric="fc")


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        (Array((ONE, ONE)), "target .* stands there twice"),
        (array(lun(0), lun(0, name="other")), "the LUN number 0 stands there twice"),
        (array(lun(0, name="same"), lun(1, name="same")), "the name same stands there twice"),
        (array(lun(0), lun(1, path="/dev/disks/lun-0")), "the path /dev/disks/lun-0 stands"),
        (array(lun(0), lun(1, serial="abc-lun-0")), "the serial abc-lun-0 stands there twice"),
        (Array((replace(ONE, groups=()),)), "expected a portal group, found none"),
        (Array((replace(ONE, groups=(Group(1, ()), Group(1, ()))),)), "tag 1 stands there twice"),
        (
            Array((replace(ONE, groups=(Group(1, (PORTAL,)), Group(2, (PORTAL,)))),)),
            "the portal 192.0.2.1:3260 stands there twice",
        ),
        (
            Array((replace(ONE, initiators=(Initiator(HOST, CHAP), Initiator(HOST, CHAP))),)),
            "the initiator .* stands there twice",
        ),
        (
            Array((replace(ONE, initiators=(Initiator("a", CHAP), Initiator("b"))),)),
            "a target asks all of them or nobody",
        ),
        (Array((target(chap=Chap("user")),)), "expected user and password, or neither"),
        (
            Array((target(chap=Chap("user", "canary", "other")),)),
            "expected mutual_user and mutual_password, or neither",
        ),
        (
            Array((target(chap=Chap(None, None, "other", "canary")),)),
            "mutual CHAP needs user and password too",
        ),
        (Array((replace(PORT, groups=ONE.groups),)), "one group with the tag 1 and no portals"),
        (Array((replace(PORT, groups=(Group(2, ()),)),)), "one group with the tag 1"),
        (
            Array((replace(PORT, initiators=(Initiator("naa.2000525400000a00", CHAP),)),)),
            "Fibre Channel knows no CHAP",
        ),
    ],
)
def test_unsound_arrays_are_refused(wanted: Array, text: str) -> None:
    with pytest.raises(TargetFailure, match=text) as caught:
        check(wanted)
    assert "canary" not in str(caught.value)
