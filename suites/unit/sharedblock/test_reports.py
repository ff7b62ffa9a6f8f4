"""LVM's, lvmlockd's and sanlock's output, as real hosts printed it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sbsim.sharedblock.errors import UnreadableReport
from sbsim.sharedblock.lock_space import (
    DeltaLease,
    HeldLock,
    parse_fire_seconds,
    parse_lvmlockctl,
    parse_sanlock,
)
from sbsim.sharedblock.lvm_report import parse_lvs, parse_pvs, parse_vgs

FOLDER = Path(__file__).parents[3] / "fixtures" / "captured" / "debian12"
VG = "0123456789abcdef0123456789abcdef"


def captured(path: str) -> str:
    return (FOLDER / path).read_text()


def test_group_with_size_tags_and_lock_type() -> None:
    (group,) = parse_vgs(captured("lvm/vgs.one_pool.txt"))
    assert (group.name, group.lock_type) == (VG, "sanlock")
    assert (group.size, group.free, group.extent_size) == (72230109184, 71961673728, 4194304)
    assert len([tag for tag in group.tags if tag.startswith("zs::sharedblock::init::")]) == 1
    assert len([tag for tag in group.tags if "heartbeat" in tag]) == 3


def test_physical_volumes_of_the_group() -> None:
    found = parse_pvs(captured("lvm/pvs.one_pool.txt"))
    assert [one.path for one in found] == ["/dev/sda", "/dev/sdc", "/dev/sdd"]
    assert {one.vg for one in found} == {VG}
    assert all(one.found and not one.missing for one in found)
    assert sum(one.size for one in found) == 72230109184


def test_lock_volume_is_named_without_brackets() -> None:
    (lvmlock,) = parse_lvs(captured("lvm/lvs.one_pool.txt"))
    assert (lvmlock.name, lvmlock.size, lvmlock.active) == ("lvmlock", 268435456, True)


@pytest.mark.parametrize("parse", [parse_vgs, parse_pvs, parse_lvs])
@pytest.mark.parametrize("text", ["", "{}", "[]", '{"report": [{"vg": [{}]}]}', "WARNING: x"])
def test_report_that_is_none_is_told_not_guessed(parse: object, text: str) -> None:
    with pytest.raises(UnreadableReport, match="cannot read what"):
        parse(text)  # type: ignore[operator]


def test_lock_space_of_the_group() -> None:
    (space,) = parse_lvmlockctl(captured("locks/lvmlockctl_--info.one_pool.txt"))
    assert (space.vg, space.lock_type) == (VG, "sanlock")
    assert space.locks == (HeldLock("VG", "un", None),)
    assert not space.has_global_lock


def test_place_in_the_lock_space() -> None:
    (lease,) = parse_sanlock(captured("locks/sanlock_client_gets.one_pool.txt"))
    assert lease == DeltaLease(f"lvm_{VG}", 1, f"/dev/mapper/{VG}-lvmlock", joined=True)


def test_host_that_is_on_its_way_has_not_joined() -> None:
    (lease,) = parse_sanlock(f"s lvm_{VG}:7:/dev/mapper/{VG}-lvmlock:0 ADD\n")
    assert (lease.host_id, lease.joined) == (7, False)


def test_daemons_that_hold_nothing_print_nothing() -> None:
    assert parse_sanlock("") == ()
    assert parse_lvmlockctl("") == ()


def test_watchdogs_time_is_told_by_releases_that_can_change_it() -> None:
    old = captured("sanlock/status-D.txt")
    assert parse_fire_seconds(old) == 60
    newer = old.replace("    kill_grace", "    watchdog_fire_timeout=1\n    kill_grace")
    assert parse_fire_seconds(newer) == 1
