"""What can go wrong with a pool on one host, each as an error of its own."""

from __future__ import annotations

from sbsim.errors import MachineError, SbsimError


class UnreadableReport(SbsimError):
    """A tool said something that sbsim does not understand; nothing was guessed."""

    def __init__(self, tool: str, text: str, why: str) -> None:
        self.tool = tool
        shown = text if len(text) <= 400 else f"{text[:400]}…"
        super().__init__(f"cannot read what {tool} printed ({why}): {shown!r}")


class PoolError(MachineError):
    """A step on one host failed; nothing of the LUNs' content was changed by it unless said so."""

    def __init__(self, machine: str, text: str) -> None:
        self.machine = machine
        super().__init__(f"{machine}: {text}")


class DiskNotFound(PoolError):
    """An id names no disk of this host, or more than one without a multipath device over them."""


class WipeRefused(PoolError):
    """A disk that was to be wiped is in use, or holds what must not be lost."""


class VolumeGroupFailed(PoolError):
    """The volume group could not be made or is not there; LVM's own words are in the text."""


class VolumeGroupExisted(PoolError):
    """The volume group was there before and is gone: making it anew would lose what it holds."""


class JoinFailed(PoolError):
    """The host could not join the lock space, or leave it."""


class NotConfigured(PoolError):
    """A package or configuration file that the pool needs is missing on this host."""


class VolumeFailed(PoolError):
    """A volume could not be made, filled, changed or removed; the tool's words are in the text."""


class VolumeNotThere(PoolError):
    """There is no logical volume of that name in the pool."""


class VolumeLocked(PoolError):
    """Another host holds the volume in a way that excludes what was asked for."""


class VolumeInUse(PoolError):
    """Something on this host has the volume open."""
