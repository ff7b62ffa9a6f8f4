"""What iscsiadm prints."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sbsim.deployment import Portal, Secret
from sbsim.initiator.chap import ChapSettings
from sbsim.initiator.errors import UnreadableOutput
from sbsim.initiator.iscsiadm import (
    NodeRecord,
    SessionLine,
    parse_node_records,
    parse_nodes,
    parse_sessions,
)
from sbsim.initiator.node import Node
from sbsim.initiator.timeouts import Timeouts

from .captured import captured

PORTAL = Portal.model_validate({"address": "172.20.12.221", "port": 3260})
SECOND = Portal.model_validate({"address": "fd00:172:20::12:221", "port": 3260})
FULL = Node(PORTAL, 1, "iqn.2015-05.org.zstack:tsn.200001")
EMPTY = Node(PORTAL, 1, "iqn.2015-05.org.zstack:tsn.100001")

PORTALS = st.builds(
    lambda address, port: Portal.model_construct(address=address, port=port),
    st.ip_addresses(),
    st.integers(1, 65535),
)
NODES = st.builds(
    Node,
    PORTALS,
    st.integers(-1, 65535),
    st.from_regex(r"iqn\.2016-0[1-9]\.org\.[a-z]{1,9}(:[a-z0-9.:-]{1,20})?", fullmatch=True),
)
SESSIONS = st.builds(
    SessionLine, st.integers(1, 10**8), NODES, st.sampled_from(["tcp", "iser", "bnx2i"])
)
KEYS = st.from_regex(r"node\.(session|conn\[0\])\.[a-z]{1,9}(\.[A-Za-z]{1,9})?", fullmatch=True)
VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\n\r"), min_size=1).filter(
    lambda text: text == text.strip() and text != "<empty>"
)
RECORDS = st.builds(
    NodeRecord,
    st.dictionaries(KEYS.filter(lambda key: "password" not in key), VALUES, max_size=4),
    st.dictionaries(
        st.sampled_from(["node.session.auth.password", "node.session.auth.password_in"]),
        VALUES.map(Secret),
    ),
)


def written_session(line: SessionLine) -> str:
    return f"{line.transport}: [{line.id}] {line.node} (non-flash)\n"


def written_record(record: NodeRecord) -> str:
    secrets = {key: secret.reveal() for key, secret in record.secrets.items()}
    lines = (f"{key} = {value}\n" for key, value in {**record.values, **secrets}.items())
    return f"# BEGIN RECORD 2.1.8\n{''.join(lines)}# END RECORD\n"


@given(st.lists(NODES, max_size=3))
def test_nodes_read_what_was_written(nodes: list[Node]) -> None:
    assert parse_nodes("".join(f"{node}\n" for node in nodes)) == tuple(nodes)


@given(st.lists(SESSIONS, max_size=3))
def test_sessions_read_what_was_written(sessions: list[SessionLine]) -> None:
    assert parse_sessions("".join(map(written_session, sessions))) == tuple(sessions)


@given(st.lists(RECORDS, max_size=2))
def test_records_read_what_was_written(records: list[NodeRecord]) -> None:
    assert parse_node_records("".join(map(written_record, records))) == tuple(records)


@pytest.mark.parametrize("parse", [parse_nodes, parse_sessions, parse_node_records])
@given(
    text=st.text()
    | st.from_regex(r"(tcp: \[[0-9]+\] )?\[?[0-9a-f.:%]+\]?:[0-9]+,[0-9]+ iqn\..{0,20}")
    | st.from_regex(r"# BEGIN RECORD x\n.{0,40}\n# END RECORD")
)
def test_any_text_is_read_or_refused(parse: object, text: str) -> None:
    with contextlib.suppress(UnreadableOutput):
        parse(text)  # type: ignore[operator]


# --- real output ---------------------------------------------------------------------------------


def test_guide_discovers_both_targets_in_its_order() -> None:
    assert parse_nodes(captured("c74/iscsiadm/discovery.guide.txt")) == (FULL, EMPTY)


def test_debian_discovers_both_targets() -> None:
    assert set(parse_nodes(captured("debian12/iscsiadm/discovery.four_luns.txt"))) == {FULL, EMPTY}


def test_debian_lists_an_ipv6_node_in_brackets() -> None:
    nodes = parse_nodes(captured("debian12/iscsiadm/node.ipv6.txt"))
    assert nodes[-1] == Node(SECOND, 2, "iqn.2015-05.org.zstack:v6")


@pytest.mark.parametrize("state", ["four_luns", "blocked", "transport_offline"])
def test_debian_lists_both_sessions(state: str) -> None:
    sessions = parse_sessions(captured(f"debian12/iscsiadm/session.{state}.txt"))
    assert {line.node for line in sessions} == {FULL, EMPTY}


def test_debian_shows_a_record_with_its_password_hidden() -> None:
    (record,) = parse_node_records(captured("debian12/iscsiadm/node_show.four_luns.txt"))
    assert record.startup == "automatic"
    assert record.chap == ChapSettings("zstack", Secret("********"))
    assert record.timeouts == Timeouts()
    assert "iface.hwaddress" not in record.values


def test_record_never_prints_its_password() -> None:
    text = "# BEGIN RECORD 2.1.8\nnode.session.auth.password = canary\n# END RECORD\n"
    (record,) = parse_node_records(text)
    assert "canary" not in repr(record)
    assert record.secrets["node.session.auth.password"].reveal() == "canary"


@pytest.mark.parametrize(
    "line", ["node.session.auth.password=canary", "password canary", "node.session.auth.password"]
)
def test_error_about_a_record_does_not_show_a_password(line: str) -> None:
    with pytest.raises(UnreadableOutput) as caught:
        parse_node_records(f"# BEGIN RECORD 2.1.8\n{line}\n# END RECORD\n")
    assert "canary" not in f"{caught.value} {caught.value.line}"


@pytest.mark.parametrize(
    "line",
    [
        "iscsiadm: No active sessions.",
        "172.20.12.999:3260,1 iqn.2015-05.org.zstack:a",
        "172.20.12.221:0,1 iqn.2015-05.org.zstack:a",
        "172.20.12.221:3260 iqn.2015-05.org.zstack:a",
    ],
)
def test_strange_line_is_named_with_its_number(line: str) -> None:
    with pytest.raises(UnreadableOutput, match="line 2 of iscsiadm -m node") as caught:
        parse_nodes(f"{FULL}\n{line}\n")
    assert line in str(caught.value)


def test_record_without_end_is_refused() -> None:
    with pytest.raises(UnreadableOutput, match="END RECORD"):
        parse_node_records("# BEGIN RECORD 2.1.8\nnode.tpgt = 1\n")


def test_nothing_is_an_empty_tuple() -> None:
    assert parse_nodes("") == parse_sessions("") == parse_node_records("") == ()
