"""iscsid.conf: read and changed, every other line as it was."""

from __future__ import annotations

import contextlib
import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sbsim.deployment import Secret
from sbsim.initiator.chap import ChapSettings
from sbsim.initiator.errors import UnreadableOutput
from sbsim.initiator.iscsid_conf import IscsidConf

from .captured import captured

DISTRIBUTION = captured("debian12/iscsid_conf/iscsid.conf.distribution.txt")
STARTUP = "node.startup"
PASSWORD = "node.session.auth.password"
CHAP = ChapSettings("zstack", Secret("canary"))

KEYS = st.sampled_from([STARTUP, PASSWORD, "node.conn[0].timeo.login_timeout", "a"])
VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\n\r\0"), min_size=1).filter(
    lambda text: text == text.strip() and len(text) < 300
)
LINES = st.one_of(
    st.text(max_size=30),
    st.builds(
        "{}{}{}={}".format,
        st.sampled_from(["", " ", "#", "# ", "\t"]),
        KEYS,
        st.sampled_from(["", " ", "  "]),
        st.text(max_size=10),
    ),
    st.just("# node.startup = automatic"),
)
TEXTS = st.builds(
    lambda lines, ending: ending.join(lines), st.lists(LINES), st.sampled_from(["\n", "\r\n"])
)


def changed_lines(before: str, after: str) -> tuple[list[str], list[str]]:
    """The lines that went and those that came."""
    old, new = before.split("\n"), after.split("\n")
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    gone, come = [], []
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag != "equal":
            gone += old[a:b]
            come += new[c:d]
    return gone, come


@given(TEXTS, KEYS, VALUES)
def test_set_key_is_found_and_at_most_one_line_differs(text: str, key: str, value: str) -> None:
    before = IscsidConf(text)
    after = before.with_value(key, Secret(value))
    found = after.secret(key)
    assert found is not None
    assert found.reveal() == value
    old, new = text.split("\n"), after.text.split("\n")
    if len(old) == len(new):
        assert sum(a != b for a, b in zip(old, new, strict=True)) <= 1
    else:
        assert after.text.startswith(text)
        assert len(new) - len(old) <= 2
    assert after.with_value(key, Secret(value)) is after


@given(TEXTS, KEYS)
def test_unset_key_is_gone_and_other_lines_stay(text: str, key: str) -> None:
    after = IscsidConf(text).without(key)
    assert after.secret(key) is None
    old, new = text.split("\n"), after.text.split("\n")
    assert len(old) == len(new)
    assert all(a == b or (key in a and b.startswith("#")) for a, b in zip(old, new, strict=True))


@given(st.binary())
def test_any_bytes_come_back(data: bytes) -> None:
    assert IscsidConf.read(data).data == data


@given(TEXTS)
def test_any_text_is_read_or_refused(text: str) -> None:
    conf = IscsidConf(text)
    with contextlib.suppress(UnreadableOutput):
        conf.with_chap(CHAP).with_chap(ChapSettings()).masked()
    conf.chap()


@given(TEXTS)
def test_chap_is_found_after_it_was_set_and_gone_after_it_was_unset(text: str) -> None:
    conf = IscsidConf(text).with_chap(CHAP)
    assert conf.chap() == CHAP
    assert conf.with_chap(ChapSettings()).chap() == ChapSettings()
    assert "canary" not in conf.with_chap(ChapSettings()).text


def test_distribution_has_no_chap() -> None:
    conf = IscsidConf(DISTRIBUTION)
    assert conf.chap() == ChapSettings()
    assert conf.value(STARTUP) == "manual"
    assert conf.with_chap(ChapSettings()) is conf


def test_chap_changes_the_three_lines_of_the_guide_only() -> None:
    gone, come = changed_lines(DISTRIBUTION, IscsidConf(DISTRIBUTION).with_chap(CHAP).text)
    assert gone == [
        "#node.session.auth.authmethod = CHAP",
        "#node.session.auth.username = username",
        "#node.session.auth.password = password",
    ]
    assert come == [
        "node.session.auth.authmethod = CHAP",
        "node.session.auth.username = zstack",
        "node.session.auth.password = canary",
    ]


def test_mutual_chap_is_unset_when_it_is_left_out() -> None:
    mutual = ChapSettings("zstack", Secret("canary"), "array", Secret("canary2"))
    conf = IscsidConf(DISTRIBUTION).with_chap(mutual)
    assert conf.chap() == mutual
    assert conf.with_chap(CHAP).chap() == CHAP
    assert "canary2" not in conf.with_chap(CHAP).text


def test_last_of_two_lines_counts_and_is_changed() -> None:
    conf = IscsidConf("node.startup = manual\nnode.startup=onboot\n")
    assert conf.value(STARTUP) == "onboot"
    assert conf.with_value(STARTUP, "automatic").text == (
        "node.startup = manual\nnode.startup = automatic\n"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "a = 1\n"),
        ("b = 2", "b = 2\na = 1\n"),
        ("b = 2\r\n", "b = 2\r\na = 1\r\n"),
        ("#a = 9\r\nb = 2\r\n", "a = 1\r\nb = 2\r\n"),
        ("# a = 9 in a sentence = no\n", "a = 1\n"),
        ("  a=9  \n#a = 8", "a = 1\n#a = 8"),
        ("aa = 2\n#aa = 3\n", "aa = 2\n#aa = 3\na = 1\n"),
    ],
)
def test_line_is_changed_uncommented_or_appended(before: str, after: str) -> None:
    assert IscsidConf(before).with_value("a", "1").text == after


def test_password_is_masked_in_lines_and_comments() -> None:
    conf = IscsidConf(
        "node.session.auth.password = canary\n#node.session.auth.password_in=canary\n"
    )
    assert conf.value(PASSWORD) == "***"
    assert "canary" not in conf.masked() + repr(conf)
    assert conf.masked().count("***") == 2


@pytest.mark.parametrize("value", ["", " a", "a ", "a\nb", "a\rb", "a\0b", "x" * 2000])
def test_value_that_would_not_come_back_is_refused_and_not_shown(value: str) -> None:
    with pytest.raises(UnreadableOutput) as caught:
        IscsidConf("").with_value(PASSWORD, Secret(value))
    assert "***" in str(caught.value)


def test_key_without_value_is_not_set() -> None:
    assert IscsidConf("node.startup =\n").value(STARTUP) is None
