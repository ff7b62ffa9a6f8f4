"""Sizes, durations and values as one reads them."""

from __future__ import annotations

from typing import Any

import pytest

from sbsim.report import quantity


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (20971520000, "20.97 GB"), (2 * 10**12, "2 TB")],
)
def test_size(count: int, text: str) -> None:
    assert quantity.size(count) == text


@pytest.mark.parametrize(
    ("count", "text"), [(8 * 1024**3, "8 GiB"), (512 * 1024**2, "512 MiB"), (100, "100 B")]
)
def test_memory(count: int, text: str) -> None:
    assert quantity.memory(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.00 s"),
        (0.083, "0.08 s"),
        (48.71, "48.7 s"),
        (119.96, "2 min 00 s"),
        (221.9, "3 min 42 s"),
        (3599.9, "1 h 00 min"),
        (3720, "1 h 02 min"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert quantity.duration(seconds) == text


def test_moment() -> None:
    assert quantity.moment(0) == "1970-01-01 00:00:00 UTC"
    assert quantity.moment(1e300) == "1e+300"


@pytest.mark.parametrize(
    ("item", "text"),
    [
        ("plain", "plain"),
        (4, "4"),
        (None, "null"),
        (True, "true"),
        (["a", "b"], "a\nb"),
        ([], "[]"),
        ({"a": 1}, '{"a": 1}'),
        ([{"n": "x" * 40}] * 2, "\n".join([f'{{"n": "{"x" * 40}"}}'] * 2)),
        ({"a": "ü" * 80}, '{\n "a": "' + "ü" * 80 + '"\n}'),
    ],
)
def test_value(item: Any, text: str) -> None:
    assert quantity.value(item) == text
