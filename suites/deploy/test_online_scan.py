"""Chapter 3.3: a LUN that is mapped later appears by an online scan."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import pytest

from sbsim.acceptance.proof import Proof
from sbsim.deployment import Host, Lun, Target
from sbsim.errors import WaitedInVain
from sbsim.initiator.login import Login
from sbsim.initiator.routes import target_names
from sbsim.machines import parallel
from sbsim.management.deployed import Deployed
from sbsim.management.provision import apply_target

FOUND_LIMIT_SECONDS = 30
LATER = Lun(lun=200, name="sbsim-mapped-later", size=64 * 2**20, serial="5b51a7e4", backing="file")


@pytest.fixture
def mapped_later(deployed: Deployed) -> Iterator[Target]:
    """The first target that has LUNs, as described; one more is mapped while the test runs."""
    name, target = next(
        (server.name, target)
        for server in deployed.deployment.storage_servers
        for target in server.targets
        if target.luns
    )
    try:
        apply_target(deployed.with_target(target, luns=(*target.luns, LATER)), name)
        yield target
    finally:
        wwid = _wwid(target)
        hosts = deployed.deployment.initiators_of(target)
        parallel(hosts, lambda host: _forget(deployed, host, wwid))
        apply_target(deployed, name)


def _wwid(target: Target) -> str:
    """The WWID that the LUN has on the array of a target."""
    return target.luns[0].inquiry.wwid_of(LATER.serial)


def _forget(deployed: Deployed, host: Host, wwid: str) -> None:
    """Take the LUN's devices off a host before the array takes the LUN away."""
    side = deployed.san(host)
    for line in side.disk_ids():
        if line.wwid == wwid:
            path = f"/sys/class/scsi_device/{line.device.hctl}/device/delete"
            side.machine.run("tee", path, input="1")


def _ids(logins: Sequence[Login]) -> list[int | str]:
    return [login.id for login in logins]


@pytest.mark.requirement("R3.12")
@pytest.mark.requires("array_control")
def test_lun_mapped_later_is_found_by_an_online_scan(
    mapped_later: Target, deployed: Deployed, proves: Proof
) -> None:
    wwid = _wwid(mapped_later)

    def scanned(host: Host) -> list[str]:
        side = deployed.san(host)
        before = side.logins()
        unscanned = wwid in {line.wwid for line in side.disk_ids()}
        assert not unscanned, f"{host.name} saw the LUN before it was asked to scan"
        side.rescan_hosts(before)
        with contextlib.suppress(WaitedInVain):  # what was not found is told below
            side.settle(wwids=[wwid], limit_seconds=FOUND_LIMIT_SECONDS)
        after = side.logins()
        assert _ids(after) == _ids(before), f"{host.name} logged out and in to find the LUN"
        return sorted(
            f"{device.target_name} {device.hctl.lun} {device.bytes} {device.wwid}"
            for device in side.devices(after)
            if device.wwid == wwid
        )

    deployment = deployed.deployment
    found = parallel(deployment.initiators_of(mapped_later), scanned)
    for name, seen in found.items():
        wanted = [
            f"{target} {LATER.lun} {LATER.size} {wwid}"
            for target in target_names(deployment, deployment.host(name), mapped_later)
        ]
        proves("R3.12", "found_online", name, seen=sorted(set(seen)), wanted=sorted(wanted))
