"""A simulated deployment, provisioned, and its hosts connected to a pool."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sbsim.backends.sim import SimBackend
from sbsim.bundle import default_deployment
from sbsim.deployment import load
from sbsim.initiator.chap import chap_of
from sbsim.management.deployed import Deployed
from sbsim.management.provision import provision
from sbsim.sharedblock.pool import Pool
from sbsim.sharedblock.profiles import profile
from sbsim.sharedblock.request import ConnectRequest

VG = "0" * 32


def quiet(_text: str) -> None:
    """Tell nobody."""


@pytest.fixture
def backend() -> Iterator[SimBackend]:
    deployment = load(default_deployment())
    backend = SimBackend(deployment, seed=3)
    backend.up(quiet)
    try:
        provision(deployed(backend), quiet)
        yield backend
    finally:
        backend.down()


def deployed(backend: SimBackend) -> Deployed:
    deployment = load(default_deployment())
    chap = chap_of(deployment, True, default_deployment().parent)
    return Deployed(deployment, backend.machines, chap, backend.clock, backend.hypervisor)


def connect(backend: SimBackend, host: str, number: int, first: bool) -> None:
    deployment, of = load(default_deployment()), profile("zstack-2.6")
    disks = tuple(of.disk_id(lun.wwid, False) for lun in deployment.luns[:2])
    machine = backend.machines[host]
    machine.run("env", "apt-get", "install", "--", "lvm2", "lvm2-lockd", "sanlock")
    request = ConnectRequest(
        vg=VG, disks=disks, host_uuid=str(number) * 32, host_id=number, first=first, wipe=False
    )  # fmt: skip
    Pool(machine, backend.clock, of).connect(request)
