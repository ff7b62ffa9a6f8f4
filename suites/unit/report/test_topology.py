"""The drawing: everything described is on it, inside its frame, and sessions tell their state."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sbsim.bundle import bundle_folder
from sbsim.deployment import load
from sbsim.report import drawing, san, topology
from sbsim.report.drawing import Drawing, Label
from sbsim.report.records import Session
from sbsim.report.requirements import Wording

TARGET = "iqn.2015-05.org.zstack:tsn.200001"
OTHER = "iqn.2015-05.org.zstack:tsn.100001"


def session(host: int = 1, target: str = TARGET, **changes: str) -> Session:
    fields = {"portal": "172.20.12.221:3260", "state": "LOGGED_IN"} | changes
    return Session(host=f"sharedblock-host{host}", target=target, **fields)


def states(description: dict[str, Any], sessions: tuple[Session, ...] | None) -> list[str]:
    host = san.describe(description, sessions).hosts[0]
    return [one.state for one in host.sessions]


def texts(shapes: Drawing) -> list[str]:
    found = []
    for label in shapes.labels:
        found.append(label.text.en if isinstance(label.text, Wording) else label.text)
    return found


# The SAN ---


def test_session_is_expected_per_target_and_portal(describe: Any) -> None:
    two = san.describe(describe(paths=2), ())
    assert [(one.target, one.portal, one.state) for one in two.hosts[0].sessions] == [
        (target, portal, "down")
        for target in (TARGET, OTHER)
        for portal in ("172.20.12.221:3260", "[fd00:172:21::12:221]:3260")
    ]


@pytest.mark.parametrize(
    ("sessions", "expected"),
    [
        (None, ["unknown", "unknown"]),
        ((), ["down", "down"]),
        ((session(),), ["up", "down"]),
        ((session(portal="172.20.12.221:3260,1"), session(target=OTHER)), ["up", "up"]),
        ((session(state="FREE"), session(target=OTHER, state="logged in")), ["down", "up"]),
        ((session(host=2), session(target="iqn.x:y")), ["down", "down", "unexpected"]),
        ((session(portal="172.20.12.221:3261"),), ["down", "down", "unexpected"]),
    ],
)
def test_session_state(describe: Any, sessions: tuple[Session, ...], expected: list[str]) -> None:
    assert states(describe(), sessions) == expected


def over_fc(sessions: tuple[Session, ...] | None = ()) -> san.San:
    file = bundle_folder() / "fixtures" / "deployments" / "fc-multipath.toml"
    return san.describe(load(file).model_dump(mode="json"), sessions)


def test_port_of_the_array_is_a_target_to_every_host_on_its_fabric() -> None:
    one = Session(host="sharedblock-host1", portal="20:00:52:54:5b:fd:02:11",
                  target="naa.200052545bfd0211", state="Online")  # fmt: skip
    assert [(one.target, one.portal, one.state) for one in over_fc((one,)).hosts[0].sessions] == [
        ("naa.200052545bfc0201", "20:00:52:54:5b:fc:02:01", "down"),
        ("naa.200052545bfd0211", "20:00:52:54:5b:fd:02:11", "up"),
    ]


@pytest.mark.parametrize("draw", [topology.draw_wide, topology.draw_narrow])
def test_fabrics_and_ports_are_drawn(draw: Any) -> None:
    found = texts(draw(over_fc()))
    assert found.count("Fibre Channel") == 2
    assert found.count("FC ports") == 2
    assert "shown by every port" in found
    for name in ("fabric-1", "20:00:52:54:5b:fc:02:01", "20:00:52:54:5b:fd:01:12"):
        assert name in found, found


def test_wire_of_a_fabric_tells_how_the_logins_over_it_are() -> None:
    seen = tuple(
        Session(host=f"sharedblock-host{number}", portal="20:00:52:54:5b:fc:02:01",
                target="naa.200052545bfc0201", state="Online")
        for number in (1, 2, 3)
    )  # fmt: skip
    styles = [
        line.style for line in topology.draw_wide(over_fc(seen)).lines if "wire" in line.style
    ]
    assert (styles.count("wire good"), styles.count("wire bad")) == (3, 3)


def test_spellings_of_one_ipv6_portal_are_the_same(describe: Any) -> None:
    seen = session(portal="[fd00:0172:0021:0:0:0:0012:0221]:3260,2")
    assert states(describe(paths=2), (seen,)) == ["down", "up", "down", "down"]


def test_host_that_may_not_log_in_is_expected_to_have_no_session(describe: Any) -> None:
    description = describe()
    for target in description["storage_servers"][0]["targets"]:
        target["initiators"] = ["sharedblock-host2"]
    described = san.describe(description, ())
    assert [len(host.sessions) for host in described.hosts] == [0, 2, 0]
    assert "no session expected" in texts(topology.draw_wide(described))


# The drawing ---


@pytest.mark.parametrize("draw", [topology.draw_wide, topology.draw_narrow])
def test_everything_described_is_drawn(describe: Any, draw: Any) -> None:
    described = san.describe(describe(paths=2), ())
    words = texts(draw(described))
    for name in (
        "zstack-mn",
        "sharedblock-host1",
        "sharedblock-host3",
        "storage",
        "san-a",
        "san-b",
    ):
        assert name in words
    for name in ("controller-2", "172.20.12.221:3260", "zstack-sto-4", "no LUN"):
        assert name in words
    assert any("tsn.200001" in word for word in words)
    assert any("172.20.0.0/16" in word for word in words)


@pytest.mark.parametrize("draw", [topology.draw_wide, topology.draw_narrow])
@pytest.mark.parametrize(
    "size", [{}, {"hosts": 8, "luns": 64, "paths": 2}, {"hosts": 1, "luns": 0}]
)
def test_nothing_leaves_the_frame(describe: Any, draw: Any, size: dict[str, int]) -> None:
    shapes = draw(san.describe(describe(**size), None))
    for box in shapes.boxes:
        assert box.x >= 0
        assert box.x + box.width <= shapes.width
        assert box.y + box.height <= shapes.height
    for line in shapes.lines:
        assert 0 <= min(line.x1, line.x2) <= max(line.x1, line.x2) <= shapes.width
        assert 0 <= min(line.y1, line.y2) <= max(line.y1, line.y2) <= shapes.height
    for label in shapes.labels:
        assert 0 <= label.x <= shapes.width
        assert 0 <= label.y <= shapes.height


def test_boxes_of_machines_do_not_overlap(describe: Any) -> None:
    shapes = topology.draw_wide(san.describe(describe(hosts=8, paths=2), None))
    boxes = sorted((box for box in shapes.boxes if box.style == "machine"), key=lambda box: box.y)
    for column in (0, 1):
        stack = [box for box in boxes if (box.x > 300) == bool(column)]
        for upper, lower in pairwise(stack):
            assert upper.y + upper.height < lower.y


def test_heads_of_links_do_not_overlap(describe: Any) -> None:
    shapes = topology.draw_wide(san.describe(describe(paths=2), None))
    one, other = sorted((box for box in shapes.boxes if box.style == "link"), key=lambda box: box.x)
    assert one.x + one.width < other.x


def test_many_luns_are_counted_not_drawn(describe: Any) -> None:
    words = texts(topology.draw_wide(san.describe(describe(luns=64), None)))
    assert "zstack-sto-7" in words
    assert "zstack-sto-8" not in words
    assert "… and 57 more" in words


def test_broken_sessions_are_drawn_before_those_that_are_left_out(describe: Any) -> None:
    description = describe(paths=2)
    targets = description["storage_servers"][0]["targets"]
    targets += [{"iqn": f"iqn.2020-01.x:t{n}", "initiators": [], "luns": []} for n in range(8)]
    all_up = [
        session(target=target["iqn"], portal=portal)
        for target in targets
        for portal in ("172.20.12.221:3260", "[fd00:172:21::12:221]:3260")
    ]
    described = san.describe(description, tuple(all_up[:-1]))
    host = replace(described, hosts=described.hosts[:1])
    shapes = topology.draw_wide(host)
    assert len([icon for icon in shapes.icons if icon.name == "s-down"]) == 2  # row and wire
    assert "… and 13 more" in texts(shapes)


def wires(shapes: Drawing) -> dict[str, int]:
    found: dict[str, int] = {}
    for line in shapes.lines:
        kind, _, style = line.style.partition(" ")
        if kind == "wire":
            found[style] = found.get(style, 0) + 1
    return found


def test_wire_tells_the_worst_session_over_its_link(describe: Any) -> None:
    description = describe(paths=2)
    up = tuple(session(host=host, target=target) for host in (1, 2) for target in (TARGET, OTHER))
    shapes = topology.draw_wide(san.describe(description, up))
    # Two portals and the management node carry no session; hosts 1 and 2 are well on san-a only.
    assert wires(shapes) == {"plain": 3, "good": 2, "bad": 4}
    assert wires(topology.draw_wide(san.describe(description, None))) == {"plain": 9}


def test_broken_wire_has_a_mark_besides_its_colour(describe: Any) -> None:
    shapes = topology.draw_narrow(san.describe(describe(hosts=1), ()))
    on_wires = [icon for icon in shapes.icons if icon.name == "s-down" and icon.size == 16]
    assert len(on_wires) == 1


def test_wire_leads_to_the_link_that_carries_the_address(describe: Any) -> None:
    shapes = topology.draw_wide(san.describe(describe(paths=2), None))
    bars = sorted({line.x1 for line in shapes.lines if line.style == "bar"})
    ends = [line.x1 for line in shapes.lines if line.style.startswith("wire")]
    assert len(bars) == 2
    assert ends.count(bars[0]) == 5  # a portal, the management node, three hosts
    assert ends.count(bars[1]) == 4  # a portal, three hosts


# Texts that fit ---


@example("000\u0a5d\u0e5c\u0e5c\u0e5c\U0001e14a", 12, True)
@given(st.text(max_size=40), st.integers(2, 30), st.booleans())
def test_fitted_text_fits(text: str, letters: int, keep_end: bool) -> None:
    fitting = drawing.fit(text, letters, keep_end=keep_end)
    assert drawing._letters(fitting) <= letters
    if fitting != text:
        rest = fitting.removeprefix("…") if keep_end else fitting.removesuffix("…")
        assert text.endswith(rest) if keep_end else text.startswith(rest)


def test_cut_text_keeps_the_whole_as_its_title() -> None:
    shapes = Drawing(width=100)
    shapes.text((0, 0), "iqn.2015-05.org.zstack:tsn.200001", "mono", room=84, keep_end=True)
    assert shapes.labels == [
        Label(0, 0, "…:tsn.200001", "mono", whole="iqn.2015-05.org.zstack:tsn.200001")
    ]


def test_chinese_letters_count_for_more() -> None:
    assert drawing.fit("存储服务器", 10) == "存储服务器"
    assert drawing.fit("存储服务器", 6) == "存储…"
