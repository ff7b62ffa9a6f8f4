"""multipath.conf as the simulated multipathd reads it."""

from __future__ import annotations

import pytest

from sbsim.initiator.multipath_conf import with_settings
from sbsim.sim.san.multipath_conf import Settings, UnknownKeyword, read_conf

WWID = "36001405edfc0e0000000000000000000"


def test_empty_file_leaves_everything_as_built_in() -> None:
    assert read_conf("").settings(WWID, "LIO-ORG", "disk") == Settings()


def test_our_settings_win_over_what_stands_before_them() -> None:
    before = (
        "defaults {\n find_multipaths no # as ever\n}\n"
        'devices {\n device {\n  vendor "LIO.*"\n  path_selector "queue-length 0"\n }\n}\n'
    )
    found = read_conf(with_settings(before)).settings(WWID, "LIO-ORG", "disk")
    assert (found.find_multipaths, found.path_selector) == ("yes", "round-robin 0")
    assert (found.path_grouping_policy, found.no_path_retry) == ("multibus", "fail")


def test_entry_holds_for_the_devices_that_it_names_alone() -> None:
    text = 'devices {\n device {\n  vendor "IBM"\n  product "^28"\n  failback immediate\n }\n}\n'
    conf = read_conf(text)
    assert conf.settings(WWID, "IBM", "2810XIV").failback == "immediate"
    assert conf.settings(WWID, "IBM", "1810").failback == "manual"
    assert conf.settings(WWID, "LIO-ORG", "2810").failback == "manual"


def test_blacklist_and_its_exceptions() -> None:
    text = (
        f'blacklist {{\n wwid "{WWID}"\n devnode "^sd[b-z]$"\n'
        ' device {\n  vendor "QEMU"\n }\n}\n'
        'blacklist_exceptions {\n devnode "^sdz$"\n}\n'
    )
    conf = read_conf(text)
    assert conf.is_blacklisted("sda", WWID, "LIO-ORG", "disk")
    assert conf.is_blacklisted("sdb", "3600", "LIO-ORG", "disk")
    assert conf.is_blacklisted("sda", "3600", "QEMU", "disk")
    assert not conf.is_blacklisted("sda", "3600", "LIO-ORG", "disk")
    assert not conf.is_blacklisted("sdz", "3600", "LIO-ORG", "disk")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("defaults {\n polling_intervall 5\n}\n", "polling_intervall"),
        ("default {\n}\n", "section default"),
        ("defaults {\n", "without an end"),
        ("failback manual\n", "failback outside a section"),
        ("blacklist {\n property x\n}\n", "property in a blacklist"),
    ],
)
def test_what_it_does_not_know_is_an_error_that_names_it(text: str, named: str) -> None:
    with pytest.raises(UnknownKeyword, match=named):
        read_conf(text)
