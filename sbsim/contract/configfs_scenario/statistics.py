"""What LUNs and mapped LUNs have counted, and the numbers by which they are known there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sbsim.contract.configfs_scenario.names import TIMES, Names
from sbsim.contract.player import Operation


def lun_statistics(
    names: Names, lun: str, parts: Iterable[str] = ("scsi_port", "scsi_tgt_port", "scsi_transport")
) -> Iterator[Operation]:
    """Read a LUN's."""
    for part in parts:
        folder = f"{lun}/statistics/{part}"
        yield from (["read", f"{folder}/{name}"] for name in names[folder])


def mapped_statistics(names: Names, mapped: str) -> Iterator[Operation]:
    """Read a mapped LUN's, but for the time that it has been there."""
    for part in ("scsi_auth_intr", "scsi_att_intr_port"):
        folder = f"{mapped}/statistics/{part}"
        yield from (["read", f"{folder}/{name}"] for name in names[folder] if name not in TIMES)
