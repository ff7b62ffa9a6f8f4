"""A LUN as every host must see it, whatever its own SCSI host numbers and sd letters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sbsim.deployment import Deployment, Host
from sbsim.initiator.device import ScsiDevice
from sbsim.initiator.routes import target_names

_CACHE_TYPES = {"write-through": "write through", "write-back": "write back"}


@dataclass(frozen=True, order=True)
class LunView:
    """One LUN of a target. Sorted by target, channel, SCSI target and LUN number (R3.9)."""

    target_name: str
    channel: int
    target: int
    lun: int
    bytes: int | None
    vendor: str
    model: str
    wwid: str | None
    serial: str | None
    cache_type: str | None

    def __str__(self) -> str:
        return (
            f"{self.target_name} {self.channel}:{self.target}:{self.lun} {self.bytes} bytes "
            f"{self.vendor} {self.model} {self.wwid} serial {self.serial}, {self.cache_type}"
        )


def expected_luns(deployment: Deployment, host: Host) -> tuple[LunView, ...]:
    """Return the LUNs that the host is to see, each once however many paths lead to it."""
    views = (
        LunView(
            target_name=name,
            channel=0,
            target=0,
            lun=lun.lun,
            bytes=lun.size,
            vendor=lun.inquiry.vendor,
            model=lun.model,
            wwid=lun.wwid,
            serial=lun.serial,
            cache_type=_CACHE_TYPES[lun.cache],
        )
        for target in deployment.targets
        if host in deployment.initiators_of(target)
        for name in target_names(deployment, host, target)
        for lun in target.luns
    )
    return tuple(sorted(views, key=_order))


def seen_luns(devices: Iterable[ScsiDevice]) -> tuple[LunView, ...]:
    """Return the SAN's disks among `devices` in the form of `expected_luns`.

    Paths to one LUN that agree are one entry; paths that differ in anything are several. SCSI
    numbers the targets of an FC port as they answer, which says nothing: 0 stands for all of them.
    """
    views = {
        LunView(
            target_name=device.target_name,
            channel=device.hctl.channel,
            target=0 if device.wwpn else device.hctl.target,
            lun=device.hctl.lun,
            bytes=device.bytes,
            vendor=device.vendor,
            model=device.model,
            wwid=device.wwid,
            serial=device.serial,
            cache_type=device.cache_type,
        )
        for device in devices
        if device.target_name is not None and device.kind == "disk"
    }
    return tuple(sorted(views, key=_order))


def _order(view: LunView) -> tuple[str, int, int, int, str]:
    return view.target_name, view.channel, view.target, view.lun, str(view)
