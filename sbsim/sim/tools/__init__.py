"""The tools of simulated machines: what they print is computed from the world's state.

Each module here is a family; importing this package makes all of them known. A use that none of
them knows is an error that names it (`sim.errors.NotSimulated`), never a silent success.
"""

from sbsim.sim.tools import (
    block,
    content,
    coreutils,
    fdisk,
    iscsiadm,
    lsscsi,
    lvm,
    multipath,
    network,
    packages,
    qemu,
    system,
    target,
    yum,
)

__all__ = [
    "block",
    "content",
    "coreutils",
    "fdisk",
    "iscsiadm",
    "lsscsi",
    "lvm",
    "multipath",
    "network",
    "packages",
    "qemu",
    "system",
    "target",
    "yum",
]
