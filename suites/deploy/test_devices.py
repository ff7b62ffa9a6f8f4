"""Chapters 3.2 and 3.3: the devices that the hosts see."""

from __future__ import annotations

import pytest

from sbsim.acceptance.proof import Proof
from sbsim.deployment import Deployment, Host
from sbsim.initiator.device import ScsiDevice
from sbsim.initiator.initiator import Initiator
from sbsim.initiator.lun_view import LunView, expected_luns, seen_luns


@pytest.fixture(scope="session")
def devices_by_boot() -> dict[tuple[str, str], tuple[ScsiDevice, ...]]:
    """What was read already: four tests look at the same devices."""
    return {}


@pytest.fixture
def devices(
    initiator: Initiator, devices_by_boot: dict[tuple[str, str], tuple[ScsiDevice, ...]]
) -> tuple[ScsiDevice, ...]:
    """One host's SCSI devices since its last boot, by the guide's own tools."""
    key = (initiator.host, initiator.machine.boot_id)
    if key not in devices_by_boot:
        devices_by_boot[key] = initiator.devices()
    return devices_by_boot[key]


@pytest.mark.requirement("R3.2")
def test_host_sees_luns_write_through_as_described(
    devices: tuple[ScsiDevice, ...], deployment: Deployment, host: Host, proves: Proof
) -> None:
    # Write-through is made on the array and proven here, where it counts.
    seen = {f"{lun.iqn} {lun.lun}": lun.cache_type for lun in seen_luns(devices)}
    wanted = {f"{lun.iqn} {lun.lun}": lun.cache_type for lun in expected_luns(deployment, host)}
    proves("R3.2", "cache_type", host.name, seen=seen, wanted=wanted)


@pytest.mark.requirement("R3.9")
def test_host_sees_the_same_luns_in_the_same_order(
    devices: tuple[ScsiDevice, ...], deployment: Deployment, host: Host, proves: Proof
) -> None:
    def listed(luns: tuple[LunView, ...]) -> list[list[object]]:
        return [
            [one.iqn, f"{one.channel}:{one.target}:{one.lun}", one.bytes, one.vendor, one.model,
             one.wwid]
            for one in luns
        ]  # fmt: skip

    seen, wanted = seen_luns(devices), expected_luns(deployment, host)
    proves("R3.9", "lun_list", host.name, seen=listed(seen), wanted=listed(wanted))


@pytest.mark.requirement("R3.10")
def test_transport_view_names_the_target_of_every_disk(
    devices: tuple[ScsiDevice, ...], deployment: Deployment, host: Host, proves: Proof
) -> None:
    seen = sorted({(device.wwid or "", device.iqn or "") for device in devices if device.iqn})
    wanted = sorted({(lun.wwid or "", lun.iqn) for lun in expected_luns(deployment, host)})
    proves("R3.10", "transport", host.name, seen=seen, wanted=wanted)


@pytest.mark.requirement("R3.11")
def test_scsi_id_of_every_lun_is_the_derived_one_and_no_two_are_alike(
    devices: tuple[ScsiDevice, ...], deployment: Deployment, host: Host, proves: Proof
) -> None:
    # Equal to what is derived from the serial on every host, so equal on all hosts.
    seen = sorted({(device.model, device.wwid) for device in devices if device.iqn}, key=str)
    wanted = sorted({(lun.model, lun.wwid) for lun in expected_luns(deployment, host)}, key=str)
    proves("R3.11", "scsi_id", host.name, seen=seen, wanted=wanted)
