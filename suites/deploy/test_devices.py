"""Chapters 3.2 and 3.3: the devices that the hosts see."""

from __future__ import annotations

import pytest

from sbsim.acceptance.proof import Proof
from sbsim.deployment import Deployment, Host
from sbsim.initiator.device import ScsiDevice
from sbsim.initiator.initiator import Initiator
from sbsim.initiator.lun_view import expected_luns, seen_luns


@pytest.fixture
def devices(initiator: Initiator) -> tuple[ScsiDevice, ...]:
    """One host's SCSI devices, by the guide's own tools."""
    return initiator.devices()


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
    def listed(luns: object) -> list[list[object]]:
        return [
            [lun.iqn, f"{lun.channel}:{lun.target}:{lun.lun}", lun.bytes, lun.vendor, lun.model,
             lun.wwid]
            for lun in luns  # type: ignore[attr-defined]
        ]  # fmt: skip

    proves("R3.9", "lun_list", host.name,
           seen=listed(seen_luns(devices)), wanted=listed(expected_luns(deployment, host)))  # fmt: skip


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
