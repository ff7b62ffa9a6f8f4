"""Latencies: merged, and read."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sbsim.bench.histogram import PERCENTILES, Histogram, merged

LATENCIES = st.lists(st.integers(0, 10**10), min_size=1, max_size=50)


def histogram(latencies: list[int]) -> Histogram:
    return Histogram(dict(Counter(latencies)), max(latencies))


@given(st.lists(LATENCIES, min_size=1, max_size=6))
def test_merged_histograms_are_the_histogram_of_all(parts: list[list[int]]) -> None:
    everything = [one for part in parts for one in part]
    assert merged(map(histogram, parts)) == histogram(everything)


@given(LATENCIES, st.sampled_from(PERCENTILES))
def test_percentile_is_the_smallest_value_that_covers_its_share(
    latencies: list[int], percent: float
) -> None:
    found = histogram(latencies).percentile(percent)
    covered = sum(one <= found for one in latencies)
    below = sum(one < found for one in latencies)
    assert found in latencies
    assert covered * 100 >= percent * len(latencies) > below * 100


@given(LATENCIES)
def test_mean_is_that_of_the_latencies(latencies: list[int]) -> None:
    assert histogram(latencies).mean == pytest.approx(sum(latencies) / len(latencies))


def test_nothing_merged_is_empty() -> None:
    assert merged([]) == Histogram()
    assert merged([Histogram(), Histogram({5: 1}, 5)]) == Histogram({5: 1}, 5)


def test_empty_histogram_has_no_percentile_and_no_mean() -> None:
    with pytest.raises(ValueError, match="no latency"):
        Histogram().percentile(50)
    with pytest.raises(ValueError, match="no latency"):
        _ = Histogram().mean


@pytest.mark.parametrize("percent", [0, -1, 100.1])
def test_percentile_outside_its_range_is_refused(percent: float) -> None:
    with pytest.raises(ValueError, match="above 0 and up to 100"):
        Histogram({1: 1}, 1).percentile(percent)


@pytest.mark.parametrize("counts", [{-1: 1}, {1: 0}, {1: -2}])
def test_counts_that_cannot_be_are_refused(counts: dict[int, int]) -> None:
    with pytest.raises(ValueError, match="a bin holds 1 or more"):
        Histogram(counts)
