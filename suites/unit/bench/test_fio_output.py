"""What fio prints, read: its own results, and everything that is none."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sbsim.bench.errors import FioFailed, UnreadableFio
from sbsim.bench.fio_output import parse_fio
from suites.unit.bench.captured import captured

TWO = captured("two_jobs.json")


def test_jobs_are_read_with_both_directions() -> None:
    found = parse_fio(TWO)
    assert found.version == "fio-3.33"
    assert [job.name for job in found.jobs] == ["A", "B"]
    only_reads, mixed = found.jobs
    assert only_reads.write.ios == 0
    assert only_reads.read.ios == only_reads.latency.number == 12309
    assert only_reads.iops == pytest.approx(12296.703297)
    assert 0.65 < mixed.read.ios / mixed.ios < 0.75
    assert mixed.iops == pytest.approx(mixed.read.iops + mixed.write.iops)


def test_percentiles_from_the_bins_are_fios_own() -> None:
    """fio prints 17 percentiles of its own beside the bins: the oracle."""
    for row, job in zip(json.loads(TWO)["jobs"], parse_fio(TWO).jobs, strict=True):
        for direction, side in (("read", job.read), ("write", job.write)):
            told = row[direction]["clat_ns"].get("percentile", {})
            assert bool(told) == bool(side.ios)
            for percent, nanoseconds in told.items():
                assert side.latency.percentile(float(percent)) == nanoseconds, percent


def test_mean_from_the_bins_is_fios_own_to_a_bins_width() -> None:
    row, job = json.loads(TWO)["jobs"][0], parse_fio(TWO).jobs[0]
    assert job.read.latency.mean == pytest.approx(row["read"]["clat_ns"]["mean"], rel=0.01)


def test_processor_time_is_that_of_one_io() -> None:
    row, job = json.loads(TWO)["jobs"][0], parse_fio(TWO).jobs[0]
    seconds = (row["usr_cpu"] + row["sys_cpu"]) / 100 * row["job_runtime"] / 1000
    assert job.cpu_per_io * job.ios == pytest.approx(seconds)


def test_servers_jobs_are_read_with_their_host() -> None:
    (job,) = parse_fio(captured("client.json")).jobs
    assert (job.name, job.host) == ("A", "127.0.0.1")
    assert job.ios > 0


def test_clients_row_of_sums_is_no_job() -> None:
    document = json.loads(captured("client.json"))
    document["client_stats"].append({**document["client_stats"][0], "jobname": "All clients"})
    assert len(parse_fio(json.dumps(document)).jobs) == 1


def test_job_that_did_nothing_is_an_error_with_fios_reason() -> None:
    with pytest.raises(FioFailed, match="A did no I/O: fio: file creation disallowed"):
        parse_fio(captured("no_such_file.json"))


def test_job_that_failed_is_an_error() -> None:
    document = json.loads(TWO)
    document["jobs"][1]["error"] = 5
    with pytest.raises(FioFailed, match="B ended with error 5"):
        parse_fio(json.dumps(document))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no JSON in it (nothing)"),
        ("fio: failed\nfio: pid=1, err=5", "no JSON in it (fio: pid=1, err=5)"),
        (TWO[: len(TWO) // 2], "cut off or broken"),
        (TWO + TWO, "something follows"),
        ("{}", "not fio's"),
        ('{"fio version": "fio-3.33"}', "jobs is missing"),
        ('{"fio version": "fio-3.33", "jobs": [1]}', "jobs[0] is no object"),
        ('{"fio version": "fio-3.33", "jobs": 3}', "jobs is '3'"),
        ("[" * 100_000 + "{", "cut off or broken"),
    ],
)  # fmt: skip
def test_what_is_no_result_is_refused_with_its_source(text: str, said: str) -> None:
    with pytest.raises(UnreadableFio) as refused:
        parse_fio(text, source="round 7")
    assert str(refused.value).startswith("round 7: ")
    assert said in str(refused.value)


def test_run_without_jobs_is_an_error() -> None:
    with pytest.raises(FioFailed, match="ran no job"):
        parse_fio('{"fio version": "fio-3.33", "jobs": []}')


def test_plain_json_without_bins_is_refused() -> None:
    document = json.loads(TWO)
    del document["jobs"][0]["read"]["clat_ns"]["bins"]
    with pytest.raises(UnreadableFio, match="no bins"):
        parse_fio(json.dumps(document))


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document that a reader may look at."""
    found = [at] if at else []
    if isinstance(value, dict):
        for key, one in value.items():
            found += paths(one, (*at, key))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            found += paths(one, (*at, number))
    return found


PLACES = [one for one in paths(json.loads(TWO)) if "bins" not in one and "percentile" not in one]


@given(st.sampled_from(PLACES), st.sampled_from([None, "x", -1, [], {}, True, 1e400]))
def test_odd_value_anywhere_is_read_or_refused_and_nothing_else(
    place: tuple[Any, ...], value: object
) -> None:
    document = json.loads(TWO)
    *way, last = place
    inside = document
    for step in way:
        inside = inside[step]
    inside[last] = value
    with contextlib.suppress(UnreadableFio, FioFailed):
        parse_fio(json.dumps(document))


@given(st.integers(0, len(TWO.rstrip()) - 1))
def test_output_cut_off_anywhere_is_refused(length: int) -> None:
    with pytest.raises(UnreadableFio):
        parse_fio(TWO[:length].rstrip())
