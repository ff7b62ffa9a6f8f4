"""The loopback fabric."""

from __future__ import annotations

from collections.abc import Iterator

from sbsim.contract.configfs_scenario.names import (
    IQN,
    LOOP,
    NAA,
    NAA_NODE,
    RAMDISK,
    Names,
)
from sbsim.contract.configfs_scenario.statistics import lun_statistics
from sbsim.contract.player import Operation


def operations(names: Names) -> Iterator[Operation]:
    """A target and its nexus, made and taken away."""
    yield from (
        ["mkdir", "loopback"], ["ls", "loopback"], ["read", "loopback/version"],
        ["mkdir", "loopback/foo"], ["mkdir", "loopback/naa.x"], ["mkdir", f"loopback/{NAA}"],
        ["mkdir", "loopback/fc.21000000aaaaaaaa"], ["mkdir", f"loopback/{IQN}"],
        ["ls", f"loopback/{NAA}"], ["mkdir", f"loopback/{NAA}/tpgt_x"], ["mkdir", LOOP],
        ["mkdir", f"loopback/{NAA}/tpgt_99"], ["ls", LOOP],
    )  # fmt: skip
    for group in ("", "/attrib"):
        yield from (["read", f"{LOOP}{group}/{name}"] for name in names[LOOP + group])
    yield from (
        ["write", f"{LOOP}/{name}", text]
        for name, text in (
            ("nexus", "foo"), ("nexus", NAA_NODE), ("nexus", NAA_NODE), ("transport_status", "x"),
            ("transport_status", "offline"), ("transport_status", "online"), ("address", "1"),
            ("attrib/fabric_prot_type", "9"), ("attrib/fabric_prot_type", "1"),
            ("attrib/fabric_prot_type", "0"),
        )
    )  # fmt: skip
    yield from (
        ["read", f"{LOOP}/nexus"], ["read", f"{LOOP}/transport_status"],
        ["mkdir", f"{LOOP}/acls/foo"], ["mkdir", f"{LOOP}/np/foo"],
        ["mkdir", f"{LOOP}/lun/lun_0"],
        *lun_statistics(names, f"{LOOP}/lun/lun_0"),
        ["symlink", RAMDISK, f"{LOOP}/lun/lun_0/r"],
        # The machine itself looks at its LUN when it appears: what is counted is a matter of time.
        *lun_statistics(names, f"{LOOP}/lun/lun_0", ("scsi_port", "scsi_transport")),
        ["unlink", f"{LOOP}/lun/lun_0/r"], ["write", f"{LOOP}/nexus", "NULL"],
        ["read", f"{LOOP}/nexus"], ["rmdir", f"{LOOP}/lun/lun_0"], ["rmdir", LOOP],
        ["rmdir", f"loopback/{NAA}"], ["rmdir", "loopback/fc.21000000aaaaaaaa"],
        ["rmdir", f"loopback/{IQN}"], ["ls", "loopback"], ["rmdir", "loopback"],
    )  # fmt: skip
