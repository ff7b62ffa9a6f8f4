"""Pairs of layers measured with fio, until it is enough."""

from __future__ import annotations

import math
import random
from pathlib import Path

import pytest

from sbsim.bench.errors import FioFailed, NoFio
from sbsim.bench.fio import Fio
from sbsim.bench.layers import GUARD_BYTES, Layer
from sbsim.bench.measuring import Contest, Measuring, Turns
from sbsim.bench.series import Heading, load
from sbsim.bench.stopping import Goal
from sbsim.bench.workloads import Workload
from sbsim.machines import WallClock

from .fio_machine import FioMachine

SIZE = 128 * 2**20
LV = Layer("lv", "host1", "/dev/vg/one", 0, SIZE)
LUN = Layer("lun", "host1", "/dev/sda", 2**30, SIZE)
DISK = Layer("disk", "array", "/dev/vdc", 2**30, SIZE)
READ = Workload("randread", 4096)
TURNS = Turns(3000, Goal(0.015, 600), seed=7)
ADDED = Contest("added", LV, LUN)
HEADING = Heading(READ.name, ADDED.sides, "emulated", {})


def machines(spread: float, seed: int = 1) -> tuple[FioMachine, FioMachine]:
    draw = random.Random(seed)

    def about(pace: float) -> float:
        return pace * math.exp(draw.gauss(0, spread))

    host = FioMachine("host1", {LV.device: lambda: about(900), LUN.device: lambda: about(1000)})
    return host, FioMachine("array", {DISK.device: lambda: about(5000)})


def measuring(*machines: FioMachine, told: list[str] | None = None) -> Measuring:
    fios = {one.name: Fio(one) for one in machines}
    return Measuring(fios, WallClock(), (told if told is not None else []).append)


def test_two_layers_of_one_machine_take_turns_in_one_fio(tmp_path: Path) -> None:
    host, _ = machines(spread=0.01)
    path, told = tmp_path / "one.jsonl", list[str]()
    found = measuring(host, told=told).measure(ADDED, READ, TURNS, path, HEADING)
    assert load(path) == found
    assert [one.round for one in found.pairs] == list(range(1, len(found.pairs) + 1))
    assert math.exp(sum(found.logs) / len(found.logs)) == pytest.approx(0.9, rel=0.02)
    # Eight pairs are narrow enough; a quarter more are measured.
    assert len(found.pairs) == 10
    assert [job.count("stonewall") for job in host.jobs] == [16, 4]
    for place in (LV.place(), LUN.place()):
        assert f"filename={place.device}\noffset={place.offset}\nsize={place.size}" in host.jobs[0]
    assert "lv / lun, 4 KiB random read" in told[0]
    # Both orders occur: neither side is always first.
    assert {one.order for one in found.pairs} == {("lv", "lun"), ("lun", "lv")}


def test_guards_are_never_in_the_region() -> None:
    assert LUN.place().offset == LUN.offset + GUARD_BYTES
    assert LUN.place().offset + LUN.place().size == LUN.offset + LUN.size - GUARD_BYTES
    assert LV.place().size == LUN.place().size


def test_layers_of_two_machines_are_measured_one_after_the_other(tmp_path: Path) -> None:
    host, array = machines(spread=0.01)
    claim = Contest("claim", LV, DISK)
    heading = Heading(READ.name, claim.sides, "emulated", {})
    of = Turns(3000, Goal(0.015, 600, most=8), seed=7)
    found = measuring(host, array).measure(claim, READ, of, tmp_path / "one.jsonl", heading)
    assert len(found.pairs) == len(host.jobs) == len(array.jobs) == 8
    assert {one.order for one in found.pairs} == {("lv", "disk"), ("disk", "lv")}
    # The same blocks on both, other ones in each round.
    seeds = [
        [line for job in one.jobs for line in job.splitlines() if line.startswith("randseed")]
        for one in (host, array)
    ]
    assert seeds[0] == seeds[1]
    assert len(set(seeds[0])) == 8


def test_what_is_kept_is_not_measured_again(tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    host, _ = machines(spread=0.01)
    whole = measuring(host).measure(ADDED, READ, TURNS, path, HEADING)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:6]) + lines[6][:40])
    host.jobs.clear()
    again = measuring(host).measure(ADDED, READ, TURNS, path, HEADING)
    assert again.pairs[:5] == whole.pairs[:5]
    assert [one.round for one in again.pairs] == list(range(1, len(again.pairs) + 1))
    measured = sum(job.count("stonewall") for job in host.jobs) // 2
    assert measured == len(again.pairs) - 5


def test_wide_pairs_are_measured_until_the_budget_ends(tmp_path: Path) -> None:
    host, _ = machines(spread=0.4)
    of = Turns(3000, Goal(0.015, 600, most=24), seed=7)
    found = measuring(host).measure(ADDED, READ, of, tmp_path / "one.jsonl", HEADING)
    assert len(found.pairs) == 24


def test_a_layer_against_itself_has_two_names(tmp_path: Path) -> None:
    noise = Contest("noise", LUN, LUN)
    heading = Heading(READ.name, noise.sides, "emulated", {})
    host, _ = machines(spread=0.01)
    found = measuring(host).measure(noise, READ, TURNS, tmp_path / "one.jsonl", heading)
    assert noise.sides == ("lun", "lun-again")
    assert abs(sum(found.logs) / len(found.logs)) < 0.02


def test_fio_is_stopped_with_whoever_waits_for_it(tmp_path: Path) -> None:
    host, _ = machines(spread=0.01)
    host.fails = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        measuring(host).measure(ADDED, READ, TURNS, tmp_path / "one.jsonl", HEADING)
    assert host.stopped == 1
    assert load(tmp_path / "one.jsonl").pairs == ()


def test_a_machine_without_fio_is_named() -> None:
    host, _ = machines(spread=0.01)
    with pytest.raises(NoFio, match=r"host1: fio does not run \(fio: not found\)"):
        Fio(host).version()


def test_an_output_without_the_job_is_no_result(tmp_path: Path) -> None:
    host, _ = machines(spread=0.01)
    with pytest.raises(FioFailed, match="ran no job"):
        Fio(host).run("[global]\n", 1)
