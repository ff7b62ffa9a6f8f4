"""lvm.conf and sanlock.conf: what is set is there once, and the rest stays as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sbsim.sharedblock import lvm_conf, sanlock_conf

DUMP = """\
config {
\t# checks=1
}
global {
\t# use_lvmlockd=0
\tumask=077
}
devices {
\tfilter=["a|^/dev/sda$|",
\t\t"r|.*|"]
}
local {
}
"""
SECTIONS = st.sampled_from(["global", "local", "devices", "activation"])
NAMES = st.from_regex(r"[a-z]{1,8}", fullmatch=True)
VALUES = st.from_regex(r'[0-9]{1,6}|"[a-z]{0,8}"', fullmatch=True)
SETTINGS = st.dictionaries(st.builds("{}/{}".format, SECTIONS, NAMES), VALUES, max_size=8)


@given(SETTINGS)
def test_every_lvm_setting_is_there_afterwards_and_the_others_stay(wanted: dict[str, str]) -> None:
    before = lvm_conf.settings(DUMP)
    after = lvm_conf.settings(lvm_conf.with_settings(DUMP, wanted))
    assert after == {**before, **wanted}


@given(SETTINGS)
def test_setting_again_changes_nothing(wanted: dict[str, str]) -> None:
    once = lvm_conf.with_settings(DUMP, wanted)
    assert lvm_conf.with_settings(once, wanted) == once


def test_list_over_several_lines_is_one_value() -> None:
    assert lvm_conf.settings(DUMP)["devices/filter"] == '["a|^/dev/sda$|", "r|.*|"]'
    text = lvm_conf.with_settings(DUMP, {"devices/filter": '["a|.*|"]'})
    assert "r|.*|" not in text
    assert lvm_conf.settings(text)["devices/filter"] == '["a|.*|"]'


def test_value_that_is_set_twice_is_left_once() -> None:
    text = lvm_conf.with_settings("global {\n\ta=1\n\ta=2\n}\n", {"global/a": "3"})
    assert text == "global {\n\ta=3\n}\n"


def test_comment_is_no_setting_and_stays() -> None:
    text = lvm_conf.with_settings(DUMP, {"global/use_lvmlockd": "1"})
    assert "\t# use_lvmlockd=0\n" in text
    assert "\tuse_lvmlockd=1\n" in text


# --- sanlock.conf ----------------------------------------------------------------------------

CENTOS = "#\n# use_watchdog = 1\n# sh_retries = 8\nlogfile_use_utc = 0\n"


def test_2_6_overwrites_every_line_with_the_word_and_adds_none() -> None:
    text = sanlock_conf.with_lines_overwritten(
        CENTOS, {"use_watchdog": "0", "sh_retries": "20", "debug_renew": "1"}
    )
    assert text == "#\nuse_watchdog = 0\nsh_retries = 20\nlogfile_use_utc = 0\n"


def test_2_6_overwrites_a_line_of_another_key_that_holds_the_word() -> None:
    text = sanlock_conf.with_lines_overwritten("my_sh_retries_x = 5\n", {"sh_retries": "20"})
    assert text == "sh_retries = 20\n"


@pytest.mark.parametrize("before", ["", "sh_retries = 8\n", "sh_retries = 8\nsh_retries = 9\n"])
def test_later_versions_leave_each_key_once(before: str) -> None:
    assert sanlock_conf.with_settings(before, {"sh_retries": "20"}) == "sh_retries = 20\n"


@given(st.dictionaries(NAMES, st.from_regex(r"[0-9]{1,4}", fullmatch=True), max_size=6))
def test_every_sanlock_setting_is_read_back(wanted: dict[str, str]) -> None:
    after = sanlock_conf.settings(sanlock_conf.with_settings(CENTOS, wanted))
    assert after == {"logfile_use_utc": "0", **wanted}
