"""The unit waits for the disks under the LUNs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sbsim.target import unit
from suites.unit.target.arrays import array, few, lun
from suites.unit.target.kernel import MemorySystem


@pytest.mark.parametrize(
    ("device", "name"),
    [
        # As `systemd-escape --path --suffix=device` of systemd 252 prints them.
        ("/dev/vdb", "dev-vdb.device"),
        ("/dev/volume-1/zstack-sto-1", r"dev-volume\x2d1-zstack\x2dsto\x2d1.device"),
        ("//dev///a_b.c:d/", "dev-a_b.c:d.device"),
        ("/.hidden/x", r"\x2ehidden-x.device"),
        ("/dev/é", r"dev-\xc3\xa9.device"),
        ("/dev/a%b", r"dev-a\x25b.device"),
    ],
)
def test_device_units_are_named_as_systemd_names_them(device: str, name: str) -> None:
    assert unit.unit_name(device) == name


@few
@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1))
def test_device_units_hold_nothing_that_systemd_would_take_apart(path: str) -> None:
    assert not set(unit.unit_name(f"/dev/{path}")) & set(" \t\n%\"'")


def test_unit_wants_its_disks_and_mounts() -> None:
    lines = unit.text(array(lun(0), lun(1, "file"))).splitlines()
    assert r"Wants=dev-disks-lun\x2d0.device" in lines
    assert "RequiresMountsFor=/etc/target /files /var/lib/sbsim" in lines
    (after,) = [line for line in lines if line.startswith("After=")]
    assert after.endswith(r" dev-disks-lun\x2d0.device")
    assert "ExecStart=/usr/bin/env python3 /var/lib/sbsim/sbsim-target.pyz restore" in lines


def test_unit_without_disks_wants_none() -> None:
    assert "Wants=" not in unit.text(array()).replace("WantedBy=", "")


def test_installing_twice_changes_nothing() -> None:
    system = MemorySystem()
    assert unit.install(system, array(lun(0)))
    assert not unit.install(system, array(lun(0)))
    assert unit.install(system, array(lun(0), lun(1)))


def test_a_disabled_unit_is_enabled_again() -> None:
    system = MemorySystem()
    unit.install(system, array())
    system.remove("/etc/systemd/system/multi-user.target.wants/sbsim-target.service")
    assert unit.install(system, array())
    assert not unit.install(system, array())


def test_removal_tells_systemd_only_where_it_runs() -> None:
    system = MemorySystem()
    unit.install(system, array())
    assert unit.remove(system)
    assert system.commands == []
    system.folders.add("/run/systemd/system")
    unit.install(system, array())
    unit.remove(system)
    assert system.commands == [
        ("systemctl", "stop", "sbsim-target.service"),
        ("systemctl", "daemon-reload"),
    ]
    assert not unit.remove(system)
