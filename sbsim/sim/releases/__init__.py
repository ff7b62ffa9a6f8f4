"""What an operating system's release has, as data.

Of a release's folder, `machine` holds the files of a freshly installed machine, at their paths, and
`packages/NAME` what a package brings; `release.toml` is a `Release`.
"""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sbsim.sim.errors import UnknownRelease

FOLDER = Path(__file__).parent
# The description's word for a release, and the folder with what it brings.
RELEASES = {"centos-7.4": "c74", "debian-12": "debian12"}


@dataclass(frozen=True)
class OwnDevice:
    """A SCSI device of a machine's own. `kind` is lsscsi's word for it, `type` that of lsblk."""

    hctl: str
    kind: str
    type: str
    vendor: str
    model: str
    revision: str
    transport: str
    serial: str
    name: str
    size: int

    @property
    def path(self) -> str:
        """Its node."""
        return f"/dev/{self.name}"


@dataclass(frozen=True)
class Release:
    """What its tools have that those of another release have not, and its machines' own hardware.

    `initiator` is what the name of a fresh iSCSI initiator begins with; `names_last_first`: of the
    disks of one scan its kernel names LUN 0's first and then from the highest number down; `lacks`
    are commands that only other releases have, `no_command` is what the shell says of them; SCSI
    hosts from `own_scsi_hosts` on are the SAN's.
    """

    kernel: str
    open_iscsi: str
    initiator: str
    fdisk: str
    names_last_first: bool
    lacks: tuple[str, ...]
    no_command: str
    own_scsi_hosts: int = 0
    devices: tuple[OwnDevice, ...] = ()


@functools.cache
def about(release: str) -> Release:
    """What is known of a release. Raises UnknownRelease."""
    known: dict[str, Any] = tomllib.loads(text(release, "release.toml"))
    devices = tuple(OwnDevice(**fields) for fields in known.pop("devices", ()))
    return Release(**{**known, "lacks": tuple(known["lacks"]), "devices": devices})


def text(release: str, name: str) -> str:
    """A file of a release. Raises UnknownRelease."""
    return (FOLDER / _folder(release) / name).read_text()


def files(release: str, of: str) -> dict[str, bytes]:
    """The files of a release's ``machine`` or ``packages/NAME``, by path; none of that name: {}."""
    top = FOLDER / _folder(release) / of
    found = (path for path in sorted(top.rglob("*")) if path.is_file())
    return {f"/{path.relative_to(top)}": path.read_bytes() for path in found}


def _folder(release: str) -> str:
    folder = RELEASES.get(release)
    if folder is None:
        raise UnknownRelease(release, sorted(RELEASES))
    return folder
