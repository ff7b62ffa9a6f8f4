"""How fast and how large the simulator is."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from pytest_benchmark.fixture import BenchmarkFixture

from sbsim.backends.sim import SimBackend
from sbsim.bundle import default_deployment
from sbsim.deployment import load
from sbsim.initiator.chap import chap_of
from sbsim.management.deployed import Deployed
from sbsim.management.provision import apply_target, provision

from . import big
from .conftest import Reached

Tell = Callable[[Reached], None]
VIRTUAL_SECONDS = 100_000.0


def quiet(_text: str) -> None:
    pass


def on(path: Path, backend: SimBackend) -> Deployed:
    deployment = load(path)
    chap = chap_of(deployment, True, path.parent)
    return Deployed(deployment, backend.machines, chap, backend.clock, backend.hypervisor)


def deploy(path: Path) -> None:
    """A description's array and initiators, from nothing."""
    backend = SimBackend(load(path))
    backend.up(quiet)
    try:
        provision(on(path, backend), quiet)
    finally:
        backend.down()


def build_array(path: Path) -> None:
    """A description's array alone, from nothing."""
    backend = SimBackend(load(path))
    backend.up(quiet)
    try:
        apply_target(on(path, backend), load(path).storage_servers[0].name)
    finally:
        backend.down()


def seconds(benchmark: BenchmarkFixture) -> float:
    """What one round took; in the middle of several."""
    return float(benchmark.stats.stats.median)


def test_guides_deployment_from_nothing(benchmark: BenchmarkFixture, tell: Tell) -> None:
    benchmark.pedantic(deploy, args=(default_deployment(),), rounds=5)
    tell(Reached("the guide's deployment from nothing", 1.0, seconds(benchmark), "s"))


def test_large_deployment_from_nothing(benchmark: BenchmarkFixture, tell: Tell) -> None:
    large = default_deployment().with_name("large.toml")
    benchmark.pedantic(deploy, args=(large,), rounds=1)
    tell(Reached("large.toml from nothing", 10.0, seconds(benchmark), "s"))


def test_hundred_hosts_and_luns(benchmark: BenchmarkFixture, tell: Tell, tmp_path: Path) -> None:
    benchmark.pedantic(deploy, args=(big.write(tmp_path, 100, 100),), rounds=1)
    tell(Reached("100 hosts x 100 LUNs deployed", 60.0, seconds(benchmark), "s"))


def test_thousand_luns_for_hundred_initiators(
    benchmark: BenchmarkFixture, tell: Tell, tmp_path: Path
) -> None:
    benchmark.pedantic(build_array, args=(big.write(tmp_path, 100, 1000),), rounds=1)
    tell(Reached("1000 LUNs x 100 initiators", 15.0, seconds(benchmark), "s"))
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    tell(Reached("  the whole process with them", 400.0, used, "MiB"))


def test_whole_acceptance(benchmark: BenchmarkFixture, tell: Tell, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = [sys.executable, "-m", "sbsim", "accept", "--out", str(out)]
    benchmark.pedantic(
        subprocess.run, args=(words,), kwargs={"capture_output": True, "check": True}, rounds=1
    )
    tell(Reached("sbsim accept", 15.0, seconds(benchmark), "s"))
    lines = (out / "evidence" / "tests.jsonl").read_text().splitlines()
    took = sorted(json.loads(line).get("seconds") or 0.0 for line in lines)
    tell(Reached("  its median test", 0.030, took[len(took) // 2], "s"))


def test_virtual_time_with_idle_hosts(benchmark: BenchmarkFixture, tell: Tell) -> None:
    from sbsim.acceptance.platform import make_platform  # needs what runs to run it

    backend = SimBackend(load(default_deployment()))
    backend.up(quiet)
    try:
        deployed = on(default_deployment(), backend)
        provision(deployed, quiet)
        make_platform(deployed, backend, quiet, keep=False)
        began = time.monotonic()
        benchmark.pedantic(backend.clock.sleep, args=(VIRTUAL_SECONDS,), rounds=1)
        ratio = VIRTUAL_SECONDS / (time.monotonic() - began)
    finally:
        backend.down()
    tell(Reached("virtual time, three hosts renewing leases", 10_000, ratio, "x real", more=True))
