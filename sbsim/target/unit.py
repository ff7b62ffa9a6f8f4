"""The systemd unit that brings the array back after a reboot of the storage server."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sbsim.target.failure import TargetFailure

if TYPE_CHECKING:
    from sbsim.target.model import Array
    from sbsim.target.system import System

PROGRAM = "/var/lib/sbsim/sbsim-target.pyz"
NAME = "sbsim-target.service"
PATH = f"/etc/systemd/system/{NAME}"
WANTED = f"/etc/systemd/system/multi-user.target.wants/{NAME}"

_TEXT = """\
# Made by sbsim; `python3 {program} remove` takes it away.
[Unit]
Description=sbsim: restore the targets
ConditionPathExists={program}
RequiresMountsFor={mounts}
# LIO binds portals to addresses that are yet to come, so this need not wait for the network; it
# waits for each disk under the LUNs.
After=local-fs.target systemd-modules-load.service{after}
{wants}
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/env python3 {program} restore

[Install]
WantedBy=multi-user.target
"""


def text(array: Array) -> str:
    """Return the unit's text for an array."""
    blocks = [unit_name(lun.path) for lun in array.luns if lun.backing == "block"]
    folders = {lun.path.rpartition("/")[0] or "/" for lun in array.luns if lun.backing == "file"}
    mounts = sorted({"/var/lib/sbsim", "/etc/target", *folders})
    return _TEXT.format(
        program=PROGRAM,
        mounts=" ".join(mount.replace("%", "%%") for mount in mounts),
        after="".join(f" {name}" for name in blocks),
        wants=f"Wants={' '.join(blocks)}\n" if blocks else "",
    )


def unit_name(device: str) -> str:
    """Return the systemd unit of a device, as `systemd-escape --path --suffix=device` does."""
    path = re.sub("/+", "/", device).strip("/")
    escaped = re.sub(
        r"[^A-Za-z0-9:_./]|^\.",
        lambda found: "".join(f"\\x{byte:02x}" for byte in found[0].encode()),
        path,
    )
    # A percent sign cannot be left: everything but these characters is escaped.
    return escaped.replace("/", "-") + ".device"


def install(system: System, array: Array) -> bool:
    """Write and enable the unit; return whether anything was new.

    The link is what `systemctl enable` would make. The running systemd is not told: it reads the
    file at the next boot, and a reload takes seconds on a slow machine.
    """
    wanted = text(array)
    new = system.read(PATH) != wanted
    if new:
        system.write(PATH, wanted, 0o644)
    return system.link(WANTED, PATH) or new


def remove(system: System) -> bool:
    """Take the unit away; return whether it was there."""
    link, file = system.remove(WANTED), system.remove(PATH)
    if (link or file) and system.exists("/run/systemd/system"):
        try:
            # A unit that ran at boot would stay listed as active without its file.
            system.command("systemctl", "stop", NAME)
            system.command("systemctl", "daemon-reload")
        except TargetFailure:
            return True  # the files are gone; that is what counts at the next boot
    return link or file
