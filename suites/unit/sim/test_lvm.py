"""LVM's text and extents on simulated hosts."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sbsim.sharedblock import lvm_conf
from sbsim.sim.lvm.config import ConfigError, parse, write
from sbsim.sim.lvm.group import (
    LogicalVolume,
    NoRoom,
    VolumeGroup,
    Written,
    draw_uuid,
    read_group,
    text_of,
)

MIB = 2**20
EXTENT = 4 * MIB

names = st.from_regex(r"[a-z][a-z0-9_+.-]{0,8}", fullmatch=True)
scalars = st.integers(-(2**31), 2**63) | st.text(st.characters(exclude_categories=["Cs", "Cc"]))
sections = st.recursive(
    st.dictionaries(names, scalars | st.lists(scalars, max_size=3), max_size=4),
    lambda below: st.dictionaries(names, below, max_size=3),
    max_leaves=12,
)


@given(sections)
def test_what_is_written_is_read(section: dict[str, object]) -> None:
    assert parse(write(section)) == section  # type: ignore[arg-type]


def test_comments_paths_and_layout_are_read_as_lvm_does() -> None:
    text = """
    # a comment { with = marks
    global {
        use_lvmlockd = 1   # behind a value
        list = [ "a",
                 2, ]
    }
    global/locking_dir = "/run"
    devices { filter=["a|.*|"] }
    """
    assert parse(text) == {
        "global": {"use_lvmlockd": 1, "list": ["a", 2], "locking_dir": "/run"},
        "devices": {"filter": ["a|.*|"]},
    }


def test_file_that_the_platform_writes_is_read() -> None:
    settings = {"global/use_lvmlockd": 1, "devices/filter": '[ "a|.*|" ]'}
    text = lvm_conf.with_settings("global {\n}\n", {key: str(one) for key, one in settings.items()})
    assert parse(text)["global"] == {"use_lvmlockd": 1}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a {\n b = 1\n", "line 3: 'the end'; expected a key or }"),
        ("a 1", "expected = or {"),
        ("a = [1 2]", "expected , or ]"),
        ("\na = }", "line 2: '}'; expected a number or a text in quotes"),
        ("a = 1\na/b = 2", "expected a to be a section"),
        ('a = "open', "line 1: expected a key, a value or a bracket"),
    ],
)
def test_what_is_no_configuration_is_told_by_its_place(text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(told)):
        parse(text)


# --- groups ---------------------------------------------------------------------------------------


def group(*extents: int) -> VolumeGroup:
    """A group of disks of so many extents."""
    draw = random.Random(1)
    made = VolumeGroup("vg", draw_uuid(draw), EXTENT, lock_type="sanlock", lock="1.0.0:lvmlock")
    for number, count in enumerate(extents):
        size = MIB + count * EXTENT + EXTENT // 2
        made = made.with_pv(draw_uuid(draw), f"/dev/sd{'abc'[number]}", size, MIB)
    return made


def volume(name: str) -> LogicalVolume:
    return LogicalVolume(name, draw_uuid(random.Random(name)), (), tags=("a::b",), lock="1.0.0:1")


changes = st.lists(
    st.tuples(st.sampled_from(["make", "grow", "remove"]), st.sampled_from("abcd"),
              st.integers(1, 12)),
    max_size=20,
)  # fmt: skip


def changed(before: VolumeGroup, changes: list[tuple[str, str, int]]) -> VolumeGroup:
    """The group after those changes that are possible; the others are refused."""
    for what, name, count in changes:
        exists = before.lv(name) is not None
        if what == "remove" and exists:
            before = before.without_lv(name)
        elif what != "remove" and exists == (what == "grow"):
            if count * EXTENT <= before.free:
                before = apply(before, what, name, count)
                continue
            with pytest.raises(NoRoom) as caught:
                apply(before, what, name, count)
            assert (caught.value.free * EXTENT, caught.value.asked) == (before.free, count)
    return before


def apply(before: VolumeGroup, what: str, name: str, count: int) -> VolumeGroup:
    if what == "grow":
        return before.with_more(name, count)
    return before.with_lv(volume(name), count)


@given(changes)
def test_no_extent_is_given_twice_and_none_is_lost(many: list[tuple[str, str, int]]) -> None:
    after = changed(group(10, 7, 3), many)
    taken = [
        (one.pv, one.first + offset)
        for lv in after.lvs
        for one in lv.segments
        for offset in range(one.extents)
    ]
    assert len(taken) == len(set(taken))
    assert all(0 <= place < after.pv(pv).extents for pv, place in taken)
    assert after.free == after.size - len(taken) * EXTENT
    assert after.free == sum(after.free_on(pv.name) for pv in after.pvs)


@given(changes)
def test_group_is_read_as_it_was_written(many: list[tuple[str, str, int]]) -> None:
    after = changed(group(10, 7, 3), many)
    written = Written("vgcreate --shared vg", "host-1", 1_700_000_000)
    assert read_group(text_of(after, written)) == after


def test_every_change_counts() -> None:
    before = group(4)
    after = before.with_lv(volume("a"), 2).with_more("a", 1).without_lv("a")
    assert after.seqno == before.seqno + 3
    assert replace(after, seqno=before.seqno) == before


def test_neighbours_are_one_segment() -> None:
    after = group(8).with_lv(volume("a"), 2).with_more("a", 3)
    (segment,) = after.lvs[0].segments
    assert (segment.first, segment.extents) == (0, 5)
    apart = group(8).with_lv(volume("a"), 2).with_lv(volume("b"), 1).with_more("a", 3)
    assert [one.extents for one in apart.lvs[0].segments] == [2, 3]


def test_text_that_is_no_group_is_refused() -> None:
    with pytest.raises(ConfigError, match="expected 'Text Format Volume Group'"):
        read_group('contents = "something"')
    striped = text_of(group(4).with_lv(volume("a"), 2), Written()).replace('"striped"', '"raid1"')
    with pytest.raises(ConfigError, match="raid1"):
        read_group(striped)
