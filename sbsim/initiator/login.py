"""What a host is logged in to, as far as every transport has it."""

from __future__ import annotations

from typing import Protocol


class Login(Protocol):
    """A port of a target that a host is logged in to. iSCSI's sessions and FC's ports are some."""

    @property
    def id(self) -> int | str:
        """Another one once the host has logged out and in again."""

    @property
    def target_name(self) -> str:
        """The target's name: over iSCSI its IQN, over FC ``naa.`` and the WWPN."""

    @property
    def place(self) -> str:
        """Where the target was reached: a portal's address and port, or the port's WWPN."""

    @property
    def state(self) -> str:
        """As the kernel calls it."""

    @property
    def usable(self) -> bool:
        """Whether I/O can pass."""

    @property
    def scsi_host(self) -> int:
        """The number of the SCSI host that it belongs to."""
