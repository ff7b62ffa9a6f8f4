"""Chapters 3.2 and 3.3: the devices that the hosts see."""

from __future__ import annotations

import pytest

from sbsim.acceptance.proof import Proof
from sbsim.deployment import Deployment, Host
from sbsim.errors import SbsimError
from sbsim.initiator.device import ScsiDevice
from sbsim.initiator.lun_view import LunView, expected_luns, seen_luns
from sbsim.machines import parallel
from sbsim.management.deployed import Deployed


class DeviceReader:
    """Reads a host's devices once per boot, and the other hosts' beside it."""

    def __init__(self, deployed: Deployed) -> None:
        self._deployed = deployed
        self._found: dict[tuple[str, str], tuple[ScsiDevice, ...] | SbsimError] = {}

    def devices(self, host: Host) -> tuple[ScsiDevice, ...]:
        """The host's devices since its last boot; raises what reading them raised."""
        if self._key(host) not in self._found:
            parallel(self._deployed.deployment.hosts, self._read)
        found = self._found[self._key(host)]
        if isinstance(found, SbsimError):
            raise found
        return found

    def _key(self, host: Host) -> tuple[str, str]:
        return host.name, self._deployed.machines[host.name].boot_id

    def _read(self, host: Host) -> None:
        key = self._key(host)
        if key not in self._found:
            try:
                self._found[key] = self._deployed.san(host).devices()
            except SbsimError as error:
                self._found[key] = error


# Of the session, not of the module: the guide's order mixes the modules' tests.
@pytest.fixture(scope="session")
def reader(deployed: Deployed) -> DeviceReader:
    """What was read already: four tests look at the same devices."""
    return DeviceReader(deployed)


@pytest.fixture
def devices(reader: DeviceReader, host: Host) -> tuple[ScsiDevice, ...]:
    """One host's SCSI devices since its last boot, by the guide's own tools."""
    return reader.devices(host)


@pytest.fixture
def seen(
    devices: tuple[ScsiDevice, ...], host: Host, proves: Proof
) -> dict[tuple[str, int], LunView]:
    """The LUNs that the host sees, by target and number; which of them lack is R3.9's matter."""
    luns = {(one.target_name, one.lun): one for one in seen_luns(devices)}
    if not luns:
        proves.blocked(f"{host.name} sees no LUN")
    return luns


@pytest.fixture
def expected(deployment: Deployment, host: Host) -> dict[tuple[str, int], LunView]:
    """The LUNs that the host must see, by target and number."""
    return {(one.target_name, one.lun): one for one in expected_luns(deployment, host)}


def shown(luns: dict[tuple[str, int], LunView], fact: str, only: object) -> dict[str, object]:
    """One fact of every LUN that is also in `only`."""
    return {
        f"{name} {lun}": getattr(one, fact)
        for (name, lun), one in sorted(luns.items())
        if (name, lun) in only  # type: ignore[operator]
    }


@pytest.mark.requirement("R3.2")
def test_host_sees_luns_write_through_as_described(
    seen: dict[tuple[str, int], LunView],
    expected: dict[tuple[str, int], LunView],
    host: Host,
    proves: Proof,
) -> None:
    # Write-through is made on the array and proven here, where it counts.
    proves("R3.2", "cache_type", host.name,
           seen=shown(seen, "cache_type", expected),
           wanted=shown(expected, "cache_type", seen))  # fmt: skip


@pytest.mark.requirement("R3.9")
def test_host_sees_the_same_luns_in_the_same_order(
    devices: tuple[ScsiDevice, ...], deployment: Deployment, host: Host, proves: Proof
) -> None:
    def listed(luns: tuple[LunView, ...]) -> list[list[object]]:
        return [
            [one.target_name, f"{one.channel}:{one.target}:{one.lun}", one.bytes, one.vendor,
             one.model, one.wwid]
            for one in luns
        ]  # fmt: skip

    found, wanted = seen_luns(devices), expected_luns(deployment, host)
    proves("R3.9", "lun_list", host.name, seen=listed(found), wanted=listed(wanted))


@pytest.mark.requirement("R3.10")
def test_transport_view_names_the_target_of_every_disk(
    seen: dict[tuple[str, int], LunView],
    expected: dict[tuple[str, int], LunView],
    host: Host,
    proves: Proof,
) -> None:
    targets = {one.wwid: one.target_name for one in expected.values()}
    shown = {str(one.wwid): one.target_name for one in seen.values() if one.wwid in targets}
    proves("R3.10", "transport", host.name, seen=shown,
           wanted={wwid: targets[wwid] for wwid in shown})  # fmt: skip


@pytest.mark.requirement("R3.11")
def test_scsi_id_of_every_lun_is_the_derived_one_and_no_two_are_alike(
    seen: dict[tuple[str, int], LunView],
    expected: dict[tuple[str, int], LunView],
    host: Host,
    proves: Proof,
) -> None:
    # What is derived from the serials differs between LUNs and is the same for every host.
    proves("R3.11", "scsi_id", host.name,
           seen=shown(seen, "wwid", expected), wanted=shown(expected, "wwid", seen))  # fmt: skip
    # Several targets may show one LUN: over Fibre Channel every port of the array is one.
    ids = {(one.model, one.serial, one.lun): one.wwid for one in seen.values()}.values()
    assert len(set(ids)) == len(ids), f"two LUNs have one SCSI id: {sorted(map(str, ids))}"
