"""Pairs as they are kept: written one by one, read again, cut off, foreign."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sbsim.bench.errors import UnreadableSeries
from sbsim.bench.histogram import Histogram
from sbsim.bench.series import Heading, Keeper, Pair, Reading, Series, load

HEADING = Heading("4k-randread-qd1-j1", ("lv", "lun"), "emulated", {"cpus": 2})
IOPS = st.floats(0.001, 1e9)


def reading(iops: float) -> Reading:
    return Reading(iops, iops * 4096, Histogram({1000: 3, 2000: 1}, 2100), 1e-5)


def pair(number: int, lv: float = 900.0, lun: float = 1000.0) -> Pair:
    return Pair(number, ("lun", "lv"), {"lv": reading(lv), "lun": reading(lun)})


@given(st.lists(st.tuples(IOPS, IOPS), max_size=8))
def test_what_is_kept_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, values: list[tuple[float, float]]
) -> None:
    path = tmp_path_factory.mktemp("series") / "one.jsonl"
    pairs = tuple(pair(number, *both) for number, both in enumerate(values, start=1))
    keeper = Keeper(path, HEADING)
    for one in pairs:
        keeper.add(one)
    found = load(path)
    assert found == Series(HEADING, pairs)
    assert found.values("lv") == [one for one, _ in values]
    assert found.logs == [math.log(one / other) for one, other in values]


def test_keeper_goes_on_where_an_interrupted_one_stopped(tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    Keeper(path, HEADING).add(pair(1))
    with path.open("a") as file:
        file.write('{"pair":{"round":2,"ord')
    assert load(path).cut_off
    assert load(path).pairs == (pair(1),)
    Keeper(path, HEADING).add(pair(2))
    assert load(path) == Series(HEADING, (pair(1), pair(2)))


def test_nothing_is_lost_at_any_length_that_a_kill_leaves(tmp_path: Path) -> None:
    whole = tmp_path / "whole.jsonl"
    keeper = Keeper(whole, HEADING)
    for number in (1, 2):
        keeper.add(pair(number))
    data = whole.read_bytes()
    first = data.index(b"\n") + 1
    for length in range(first, len(data)):
        cut = tmp_path / "cut.jsonl"
        cut.write_bytes(data[:length])
        found = load(cut)
        assert len(found.pairs) == data[:length].count(b"\n") - 1
        assert found.cut_off == (data[length - 1 : length] != b"\n")


def test_another_series_is_not_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    Keeper(path, HEADING).add(pair(1))
    before = path.read_bytes()
    other = Heading("4k-randwrite-qd1-j1", ("lv", "lun"), "emulated", {"cpus": 2})
    with pytest.raises(UnreadableSeries, match="holds 4k-randread-qd1-j1 of lv and lun"):
        Keeper(path, other)
    assert path.read_bytes() == before


LINE = json.dumps({"pair": {"round": 1, "order": [], "readings": {}}})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "found no heading"),
        ("hello", "found no heading"),
        ("hello\n", ":1: expected the heading"),
        ("[]\n", ":1: expected the heading"),
        ('{"series": {"schema": 2}}\n', "schema 2, known is 1"),
        ("HEADING\n{}\n", ":2: expected a pair"),
        ("HEADING\nnull\n", ":2: expected a pair"),
        (f"HEADING\n{LINE}\n", "round 1 is not of the sides in the heading"),
        ("HEADING\n" + "[" * 100_000 + "\n", ":2: expected a pair"),
    ],
)  # fmt: skip
def test_what_is_no_series_is_refused_with_its_line(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    Keeper(path, HEADING)
    path.write_text(text.replace("HEADING", path.read_text().strip()))
    with pytest.raises(UnreadableSeries) as refused:
        load(path)
    assert str(refused.value).startswith(str(path))
    assert said in str(refused.value)


@pytest.mark.parametrize("bad", [0, -1, "x", None, 1e999])
def test_reading_that_cannot_be_is_refused(bad: object, tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    Keeper(path, HEADING).add(pair(1))
    heading, line = path.read_text().splitlines()
    value = json.loads(line)
    value["pair"]["readings"]["lv"]["iops"] = bad
    path.write_text(f"{heading}\n{json.dumps(value)}\n")
    with pytest.raises(UnreadableSeries, match=":2: "):
        load(path)


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSeries, match="cannot be read: No such file"):
        load(tmp_path / "none.jsonl")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\n")
    with pytest.raises(UnreadableSeries, match="found bytes"):
        load(tmp_path / "bytes")
