"""initiatorname.iscsi."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sbsim.initiator.errors import UnreadableOutput
from sbsim.initiator.initiator_name import parse_initiator_name, with_initiator_name

from .captured import captured

DISTRIBUTION = captured("debian12/iscsid_conf/initiatorname.iscsi.distribution.txt")
NAME = "iqn.2016-05.org.zstack:ocfs2-host1"
LINES = st.sampled_from(["# a comment", "", "InitiatorAlias=x", "InitiatorName=iqn.2000-01.a:b"])


@given(st.lists(LINES, unique=True), st.booleans())
def test_name_is_found_after_it_was_set_and_other_lines_stay(lines: list[str], end: bool) -> None:
    text = "\n".join(lines) + ("\n" if end else "")
    after = with_initiator_name(text, NAME)
    assert parse_initiator_name(after) == NAME
    kept = [line for line in text.split("\n") if line and not line.startswith("InitiatorName")]
    assert [line for line in after.split("\n") if line and NAME not in line] == kept


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(UnreadableOutput):
        parse_initiator_name(text)


def test_distribution_has_a_name_of_its_own() -> None:
    assert parse_initiator_name(DISTRIBUTION) == "iqn.1993-08.org.debian:01:154d4d709758"


def test_only_the_name_changes() -> None:
    after = with_initiator_name(DISTRIBUTION, NAME)
    assert after == DISTRIBUTION.replace("iqn.1993-08.org.debian:01:154d4d709758", NAME)


def test_order_to_generate_a_name_is_dropped() -> None:
    assert with_initiator_name("GenerateName=yes\n", NAME) == f"InitiatorName={NAME}\n"


def test_no_name_is_none() -> None:
    assert parse_initiator_name("# nothing\n") is None


@pytest.mark.parametrize(
    "text", ["iqn.2016-05.org.zstack:a\n", "InitiatorName=iqn.a\nInitiatorName=iqn.b\n"]
)
def test_strange_or_second_name_is_refused(text: str) -> None:
    with pytest.raises(UnreadableOutput, match=r"initiatorname\.iscsi"):
        parse_initiator_name(text)


def test_name_with_a_blank_is_refused() -> None:
    with pytest.raises(UnreadableOutput):
        with_initiator_name("", "iqn a")
