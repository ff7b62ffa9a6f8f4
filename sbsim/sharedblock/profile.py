"""What differs between versions of the product, as data. One file per profile beside this one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from sbsim.sharedblock.disk import DiskRules
from sbsim.sharedblock.wipe import WipeRules

# The steps of a connect; each is a method of `connect.Connect`, and says there what it does.
Step = Literal[
    "find_disks",
    "configure",
    "start_services",
    "enable_global_lock",
    "find_or_make_group",
    "join",
    "mark_heartbeat",
    "clear_heartbeat",
]

Settings = Mapping[str, str]


@dataclass(frozen=True)
class ThinRules:
    """How a version has a thin volume take its space only as it is written, in bytes.

    It begins with room for `begin`, and gets `step` more when that is full, unless it takes
    `factor` times what its instance sees already.
    """

    begin: int
    step: int
    factor: int


@dataclass(frozen=True)
class Profile:
    """One version's way with a pool. `steps` are a connect's, in order.

    `lvm` and `sanlock` are configuration values; `lvm_files` those that get them (`host_id` is
    added by the connect). `overwrite_lines`: sanlock.conf is changed as 2.6 does it.
    `io_timeout` is sanlock's in seconds; `metadata` the bytes that every LUN gives up to it, None
    for LVM's default. `group_tags`: the group is known by the product's tag, not by name alone.
    `guards_group`: a host that is not first never makes a group. `id_style` is how a LUN's WWID is
    written where a user would name it. `volume_format` is what volumes are that one instance uses
    alone; `exact_raw`: images and raw volumes get no room to spare. `thin` is how volumes may be
    thin, None where they cannot. `not_applicable` lists what only the vendor's own patched tools
    can do; no check claims it.
    """

    name: str
    steps: tuple[Step, ...]
    lvm: Settings
    lvm_files: tuple[str, ...]
    lvm_from_defaults: bool
    sanlock: Settings
    overwrite_lines: bool
    io_timeout: int
    metadata: int | None
    group_tags: bool
    guards_group: bool
    disks: DiskRules
    wiping: WipeRules
    id_style: Literal["link", "wwid"]
    find_attempts: int
    join_attempts: int
    volume_format: Literal["qcow2", "raw"]
    exact_raw: bool
    filters: bool = False
    thin: ThinRules | None = None
    not_applicable: tuple[str, ...] = field(default=())

    def disk_id(self, wwid: str, multipath: bool) -> str:
        """What a user of this version writes to name the LUN with this WWID.

        2.6 knows links of /dev/disk/by-id; under multipath its own prefix finds the bare WWID.
        """
        return f"scsi-{wwid}" if self.id_style == "link" and not multipath else wwid
