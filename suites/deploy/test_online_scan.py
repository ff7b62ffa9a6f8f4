"""Chapter 3.3: a LUN that is mapped later appears by an online scan."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from sbsim.acceptance.proof import Proof
from sbsim.deployment import Host, Lun, Target
from sbsim.errors import WaitedInVain
from sbsim.initiator.session import Session
from sbsim.machines import parallel
from sbsim.management.deployed import Deployed
from sbsim.management.provision import apply_target

FOUND_LIMIT_SECONDS = 30
LATER = Lun(lun=200, name="sbsim-mapped-later", size=64 * 2**20, serial="5b51a7e4", backing="file")


@pytest.fixture
def mapped_later(deployed: Deployed) -> Iterator[Target]:
    """The first target that has LUNs, with one more mapped to it while the test runs."""
    name, target = next(
        (server.name, target)
        for server in deployed.deployment.storage_servers
        for target in server.targets
        if target.luns
    )
    more = target.model_copy(update={"luns": (*target.luns, LATER)})
    try:
        apply_target(deployed.with_target(target.iqn, luns=more.luns), name)
        yield more
    finally:
        parallel(deployed.deployment.initiators_of(target), lambda host: _forget(deployed, host))
        apply_target(deployed, name)


def _forget(deployed: Deployed, host: Host) -> None:
    """Take the LUN's devices off a host before the array takes the LUN away."""
    initiator = deployed.initiator(host)
    for line in initiator.disk_ids():
        if line.wwid == LATER.wwid:
            path = f"/sys/class/scsi_device/{line.device.hctl}/device/delete"
            initiator.machine.run("tee", path, input="1")


def _ids(sessions: tuple[Session, ...]) -> list[int]:
    return [session.id for session in sessions]


@pytest.mark.requirement("R3.12")
@pytest.mark.requires("array_control")
def test_lun_mapped_later_is_found_by_an_online_scan(
    mapped_later: Target, deployed: Deployed, proves: Proof
) -> None:
    def scanned(host: Host) -> list[str]:
        initiator = deployed.initiator(host)
        before = initiator.sessions()
        unscanned = LATER.wwid in {line.wwid for line in initiator.disk_ids()}
        assert not unscanned, f"{host.name} saw the LUN before it was asked to scan"
        initiator.rescan_hosts(before)
        with contextlib.suppress(WaitedInVain):  # what was not found is told below
            initiator.settle(wwids=[LATER.wwid], limit_seconds=FOUND_LIMIT_SECONDS)
        after = initiator.sessions()
        assert _ids(after) == _ids(before), f"{host.name} logged out and in to find the LUN"
        return sorted(
            f"{device.iqn} {device.hctl.lun} {device.bytes} {device.wwid}"
            for device in initiator.devices(after)
            if device.wwid == LATER.wwid
        )

    portals = parallel(deployed.deployment.initiators_of(mapped_later), scanned)
    wanted = f"{mapped_later.iqn} {LATER.lun} {LATER.size} {LATER.wwid}"
    for name, seen in portals.items():
        proves("R3.12", "found_online", name, seen=sorted(set(seen)), wanted=[wanted])
