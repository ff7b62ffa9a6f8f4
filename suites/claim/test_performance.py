"""R1.4, the claim: volumes deliver the full performance of the physical disks.

Only where numbers mean something: on emulated machines it is out of scope.
"""

from __future__ import annotations

import shlex

import pytest

from sbsim.acceptance import Run
from sbsim.acceptance.platform import Platform
from sbsim.acceptance.proof import Proof
from sbsim.bench import page
from sbsim.bench.run import Kept, bench, plan_for, verdicts_of
from sbsim.bench.verdict import Status
from sbsim.management.inventory import StorageInventory
from sbsim.report.folder import BENCH


@pytest.mark.requirement("R1.4")
@pytest.mark.requires("measured_io", "pool", "apply")
@pytest.mark.slow
def test_volume_delivers_what_the_servers_disk_does(
    platform: Platform, storage: StorageInventory, sbsim_run: Run, proves: Proof
) -> None:
    """Slow: pairs are measured until the interval is narrow, for minutes."""
    deployment, kept = sbsim_run.deployment, Kept(sbsim_run.options.out / BENCH)
    host = next(one for one in deployment.hosts if one.cluster in storage.clusters)
    plan = plan_for(
        deployment,
        sbsim_run.backend.traits,
        host=host.name,
        storage=storage.name,
        preset="quick",
        seed=sbsim_run.options.seed,
        command=shlex.join(["sbsim", "bench", str(sbsim_run.options.deployment)]),
    )
    kept.check(resume=False)
    kept.begin(plan)
    try:
        bench(plan, platform.deployed, platform.management, kept, sbsim_run.progress)
    finally:
        page.write(kept)
    _, claim = verdicts_of(plan, kept.found())
    if claim.status is Status.INCONCLUSIVE:
        pytest.skip(claim.sentence)
    proves("R1.4", "delivered", None, seen=claim.status is Status.PASS, wanted=True)
