"""A job file of the user's own: how I/O is done is taken from it, and nothing else."""

from __future__ import annotations

import contextlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sbsim.bench.errors import UnfitJobFile
from sbsim.bench.job_file import ALLOWED, parse_job_file
from sbsim.bench.workloads import KIB, PRESETS, Place, Workload, alternating

OWN = """\
; what the database does
[global]
ioengine=libaio
direct=1

[database]
rw=randrw
rwmixread=80
bs=8k
iodepth=16
numjobs=2
fsync=32
"""


def test_way_of_doing_io_is_taken_from_the_file() -> None:
    assert parse_job_file(OWN, "own.fio") == Workload(
        "randrw", 8 * KIB, depth=16, jobs=2, reads=80, extra=(("fsync", "32"),)
    )


@pytest.mark.parametrize(
    "option",
    ["filename=/dev/sda", "directory=/", "exec_prerun=reboot", "offset=0", "size=1G",
     "write_iolog=x", "include other.fio", "opendir=/", "filesize=3", "ioengine_x=1"],
)  # fmt: skip
def test_option_that_says_where_or_runs_something_is_refused_with_its_line(option: str) -> None:
    with pytest.raises(UnfitJobFile, match=r"^own\.fio:13: "):
        parse_job_file(OWN + option + "\n", "own.fio")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("bs=8k", "bs=8x", "own.fio:9: bs=8x is not understood"),
        ("bs=8k", "bs=100", "own.fio:9: bs=100 is not understood"),
        ("rw=randrw", "rw=trim", "own.fio:7: rw=trim is not understood"),
        ("rwmixread=80", "rwmixread=100", "own.fio:8: rwmixread=100 is not understood"),
        ("iodepth=16", "iodepth=0", "own.fio:10: iodepth=0 is not understood"),
        ("[database]", "[database", "own.fio:6: expected [name of a job]"),
        ("[database]", "[global]", "expected one job beside [global], found none"),
        ("fsync=32", "[second]", "expected one job beside [global], found database, second"),
    ],
)
def test_what_is_not_understood_is_named_with_its_line(old: str, new: str, said: str) -> None:
    with pytest.raises(UnfitJobFile) as refused:
        parse_job_file(OWN.replace(old, new), "own.fio")
    assert said in str(refused.value)


@given(st.text())
def test_any_text_is_a_workload_or_refused(text: str) -> None:
    with contextlib.suppress(UnfitJobFile):
        parse_job_file(text, "own.fio")


PLACES = (Place("lun", "/dev/sdb", 5 << 20, 1 << 30), Place("lv", "/dev/vg/lv", 0, 1 << 30))
WORKLOADS = st.sampled_from([one for preset in PRESETS.values() for one in preset.workloads])


@given(WORKLOADS, st.integers(1, 5), st.randoms(use_true_random=False))
def test_sides_take_turns_on_the_same_blocks(
    workload: Workload, turns: int, draw: random.Random
) -> None:
    text = alternating(workload, PLACES, turns, 500, draw)
    jobs = text.split("[")[2:]
    assert len(jobs) == 2 * turns
    assert all("\nstonewall\n" in job for job in jobs)
    by_name = {job.partition("]")[0]: job for job in jobs}
    assert set(by_name) == {f"{one.side}.{turn}" for one in PLACES for turn in range(1, turns + 1)}
    for turn in range(1, turns + 1):
        seeds = {line for one in PLACES for line in by_name[f"{one.side}.{turn}"].splitlines()
                 if line.startswith("randseed=")}  # fmt: skip
        assert len(seeds) == 1


def test_order_within_a_round_is_drawn() -> None:
    text = alternating(PRESETS["quick"].workloads[0], PLACES, 40, 500, random.Random(1))
    names = [job.partition("]")[0] for job in text.split("[")[2:]]
    firsts = {name.partition(".")[0] for name in names[::2]}
    assert firsts == {"lun", "lv"}


def test_regions_of_two_sizes_are_refused() -> None:
    other = Place("lv", "/dev/vg/lv", 0, 1 << 20)
    with pytest.raises(ValueError, match="of one size"):
        alternating(PRESETS["quick"].workloads[0], (PLACES[0], other), 1, 500, random.Random(1))


@given(WORKLOADS)
def test_job_file_of_ours_says_all_that_the_workload_does(workload: Workload) -> None:
    text = alternating(workload, PLACES, 3, 3000, random.Random(7))
    lines = text.splitlines()
    assert f"rw={workload.pattern}" in lines
    assert f"bs={workload.block}" in lines
    assert f"iodepth={workload.depth}" in lines
    assert f"numjobs={workload.jobs}" in lines
    assert "direct=1" in lines
    assert lines.count("stonewall") == 3 * len(PLACES)
    assert ("rwmixread=70" in lines) == (workload.pattern == "randrw")


def test_presets_hold_the_workloads_that_are_asked_for() -> None:
    assert {one.name for one in PRESETS["quick"].workloads} == {
        "4k-randread-qd1-j1", "4k-randwrite-qd1-j1",
    }  # fmt: skip
    full = {one.name for one in PRESETS["full"].workloads}
    assert len(full) == 20
    assert {one.name for one in PRESETS["standard"].workloads} < full
    assert not ALLOWED & {"filename", "directory", "exec_prerun", "exec_postrun"}


def test_colon_in_a_devices_name_is_no_second_device() -> None:
    place = Place("lun", "/dev/disk/by-path/ip-1:3260", 0, 1 << 20)
    text = alternating(PRESETS["quick"].workloads[0], (place,), 1, 500, random.Random(1))
    assert "filename=/dev/disk/by-path/ip-1\\:3260\n" in text
