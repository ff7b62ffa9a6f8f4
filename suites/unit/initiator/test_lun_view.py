"""What a host is to see against what it sees."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sbsim.deployment import Deployment
from sbsim.initiator import Hctl, LunView, ScsiDevice, expected_luns, seen_luns

FULL = "iqn.2015-05.org.zstack:full"
DISK = ScsiDevice(
    hctl=Hctl(6, 0, 0, 0), kind="disk", vendor="LIO-ORG", model="lun-0", revision="4.0", iqn=FULL,
    tag=1, portal=None, wwid="3600140500a1" + "0" * 21, serial="00a1", bytes=20 * 2**30,
    path="/dev/sda", cache_type="write through", state="running",
)  # fmt: skip


@pytest.fixture
def expected(deployment: Deployment) -> tuple[LunView, ...]:
    return expected_luns(deployment, deployment.host("host1"))


def test_expected_are_in_order_of_their_numbers(expected: tuple[LunView, ...]) -> None:
    assert [(view.lun, view.model) for view in expected] == [(0, "lun-0"), (1, "a-name-of-more-t")]
    assert [view.cache_type for view in expected] == ["write through", "write back"]
    assert {(view.target_name, view.channel, view.vendor) for view in expected} == {
        (FULL, 0, "LIO-ORG")
    }


def test_disk_is_seen_as_expected_on_any_host_number(expected: tuple[LunView, ...]) -> None:
    moved = replace(DISK, hctl=Hctl(9, 0, 0, 0), path="/dev/sdz")
    assert seen_luns([DISK]) == seen_luns([moved]) == expected[:1]


def test_two_paths_are_one_lun_unless_they_differ() -> None:
    second = replace(DISK, hctl=Hctl(7, 0, 0, 0), path="/dev/sdb", tag=2)
    assert len(seen_luns([DISK, second])) == 1
    assert len(seen_luns([DISK, replace(second, bytes=1)])) == 2


def test_devices_of_no_target_and_other_kinds_are_left_out() -> None:
    assert seen_luns([replace(DISK, iqn=None), replace(DISK, kind="enclosu")]) == ()
