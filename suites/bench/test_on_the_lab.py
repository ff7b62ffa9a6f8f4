"""The method on real kernels: it finds what is planted, and finds nothing where nothing is.

What is long takes an hour. Its figures stand in docs/bench.md with the command that made them.
"""

from __future__ import annotations

import hashlib
import math
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

from sbsim.acceptance import Run
from sbsim.acceptance.platform import Platform
from sbsim.bench.comparison import Comparison, compare_ratios
from sbsim.bench.fio import Fio
from sbsim.bench.layers import Layer, Stack, layers_of, neighbours
from sbsim.bench.loopback import loopback
from sbsim.bench.measuring import Contest, Measuring, Turns
from sbsim.bench.run import ADDED, NOISE
from sbsim.bench.series import Heading, Series
from sbsim.bench.stopping import Goal
from sbsim.bench.workloads import PRESETS, Workload, filling
from sbsim.machines import Machine
from sbsim.management import volumes
from sbsim.management.volumes import NewDataVolume
from sbsim.sharedblock.volumes import Use

pytestmark = pytest.mark.requires("pool", "apply", "real_kernel")

READ = Workload("randread", 4096)
QUICK = PRESETS["quick"]
TURN_MS = round(QUICK.seconds * 1000)


@pytest.fixture(scope="module")
def stack(platform: Platform) -> Iterator[Stack]:
    """The layers under a volume of the first host that has been written once."""
    deployed, management = platform.deployed, platform.management
    host = deployed.deployment.hosts[0]
    storage = deployed.deployment.primary_storages[0].name
    made = volumes.create(management, NewDataVolume("sbsim-proof", 2**27, storage, shareable=True))
    try:
        vg = made.primary_storage_uuid
        assert vg is not None
        with deployed.volumes(host).using(vg, made.lv, Use.EXCLUSIVE):
            found = layers_of(deployed, host, vg, made.lv)
            Fio(deployed.machines[host.name]).run(filling(found.layers[-1].place()), 120)
            yield found
    finally:
        volumes.delete(management, made.uuid)


@pytest.fixture
def layers(stack: Stack) -> tuple[Layer, ...]:
    """The same, without LIO alone."""
    return stack.layers


class Lab:
    """Measures contests on the lab, each into a file of its own."""

    def __init__(self, run: Run, layers: tuple[Layer, ...], folder: Path) -> None:
        fios = {one.machine: Fio(run.machines[one.machine]) for one in layers}
        self._measuring = Measuring(fios, run.clock, run.progress)
        self._folder = folder
        self._number = 0

    def measure(self, contest: Contest, goal: Goal, seed: int) -> Series:
        return self.measured(contest, Turns(TURN_MS, goal, seed))

    def measured(self, contest: Contest, turns: Turns) -> Series:
        self._number += 1
        heading = Heading(READ.name, contest.sides, "emulated", {})
        path = self._folder / f"{self._number}.jsonl"
        return self._measuring.measure(contest, READ, turns, path, heading)

    def compare(self, contest: Contest, goal: Goal, seed: int) -> Comparison:
        return compare_ratios(self.measure(contest, goal, seed).logs)


@pytest.fixture
def lab(sbsim_run: Run, layers: tuple[Layer, ...], tmp_path: Path) -> Lab:
    return Lab(sbsim_run, layers, tmp_path)


def test_every_two_neighbours_are_measured_on_the_same_blocks(
    lab: Lab, stack: Stack, sbsim_run: Run
) -> None:
    server = sbsim_run.machines[stack.server.name]
    with loopback(server, sbsim_run.clock, stack.lun) as device:
        layers = stack.with_loopback(device)
        for upper, lower in neighbours(layers):
            few = Turns(300, Goal(0.001, 600, most=8), seed=1)
            found = lab.measured(Contest(f"{upper.name}-{lower.name}", upper, lower), few)
            assert len(found.pairs) == 8
        read = {one.name: digest(sbsim_run.machines[one.machine], one) for one in layers}
    assert len(set(read.values())) == 1, read
    # Nothing of the loopback fabric is left.
    assert not server.run("find", "/sys/kernel/config/target/loopback", "-name", "naa.*").lines


def digest(machine: Machine, layer: Layer) -> str:
    """What a layer shows at the beginning of the region."""
    place = layer.place()
    read = machine.run(
        "dd", f"if={place.device}", "iflag=direct,skip_bytes", f"skip={place.offset}",
        "bs=64K", "count=4", "status=none",
    )  # fmt: skip
    assert len(set(read.stdout)) > 16  # what fio wrote, not zeros
    return hashlib.sha256(read.stdout.encode(errors="surrogateescape")).hexdigest()


@pytest.mark.long
def test_the_same_is_called_different_as_seldom_as_stated(
    lab: Lab, layers: tuple[Layer, ...]
) -> None:
    lun = layers[-2]
    found = [lab.compare(Contest(NOISE, lun, lun), Goal(0.015, 120), seed) for seed in range(20)]
    print([f"{one.ratio:.4f} ±{one.interval.half_width:.2%}, {one.pairs}" for one in found])
    assert sum(one.different for one in found) <= 1


@pytest.mark.long
def test_five_percent_is_found_each_time(lab: Lab, layers: tuple[Layer, ...]) -> None:
    """Planted as a pause after every few I/Os; what a pause really takes is measured before."""
    lun, few = layers[-2], Goal(0.015, 60)

    def per_io(planted: tuple[tuple[str, str], ...]) -> float:
        paces = lab.measure(Contest(NOISE, lun, lun, planted), few, seed=99).logs
        return statistics.fmean(paces)

    pause = (("thinktime", "500"),)
    # After each I/O: the pause as a share of what an I/O takes.
    share = math.exp(-per_io((*pause, ("thinktime_blocks", "1")))) - 1
    blocks = max(1, round(share / (0.05 / 0.95)))
    planted = 1 / (1 + share / blocks)
    found = [
        lab.compare(
            Contest(NOISE, lun, lun, (*pause, ("thinktime_blocks", str(blocks)))),
            Goal(0.015, 240),
            seed,
        )
        for seed in range(10)
    ]
    print(planted, [f"{one.ratio:.4f} ±{one.interval.half_width:.2%}" for one in found])
    assert all(one.different and one.ratio < 1 for one in found)
    mean = statistics.fmean(one.ratio for one in found)
    assert abs(mean - planted) <= 0.2 * (1 - planted)


@pytest.mark.long
def test_what_shared_block_adds_is_known_within_ten_minutes(
    lab: Lab, layers: tuple[Layer, ...], sbsim_run: Run
) -> None:
    began = sbsim_run.clock.now()
    found = lab.compare(Contest(ADDED, layers[-1], layers[-2]), Goal(0.015, 600), seed=1)
    seconds = sbsim_run.clock.now() - began
    print(
        f"{found.ratio:.4f} ±{found.interval.half_width:.2%}, {found.pairs} pairs, {seconds:.0f} s"
    )
    assert found.interval.half_width <= 0.015
    assert seconds <= 600
