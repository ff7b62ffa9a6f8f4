"""sanlock and lvmlockd on a host, as its service manager starts and stops them."""

from __future__ import annotations

import re
from typing import Any

from sbsim.sim.lvm.lockd import Lockd
from sbsim.sim.sanlock.daemon import Daemon

SANLOCK_UNIT, LVMLOCKD_UNIT = "sanlock.service", "lvmlockd.service"
SANLOCK_CONF = "/etc/sanlock/sanlock.conf"
DROP_IN = "/etc/systemd/system/lvmlockd.service.d/sbsim.conf"
IO_TIMEOUT = 10


class LockDaemons:
    """The two daemons of one machine; None while they do not run. `settings` are sanlock's."""

    def __init__(self, machine: Any) -> None:
        self._machine = machine
        self._starts = 0
        self.sanlock: Daemon | None = None
        self.lockd: Lockd | None = None
        self.io_timeout = IO_TIMEOUT
        self.settings: dict[str, str] = {}

    def start(self, unit: str) -> None:
        """Start a daemon; what it read when it started holds until it is started again."""
        if unit == SANLOCK_UNIT and self.sanlock is None:
            self._starts += 1
            # Each start has a name of its own, unless it is given one.
            self.settings = self._read_conf()
            own = self.settings.get("our_host_name") or f"{self._machine.name}-{self._starts}"
            self.sanlock = Daemon(self._machine.clock, own)
        elif unit == LVMLOCKD_UNIT and self.lockd is None and self.sanlock is not None:
            self.io_timeout = self._io_timeout()
            self.lockd = Lockd(self.sanlock)

    def stop(self, unit: str) -> None:
        """Stop a daemon; sanlock stays while it has lock spaces."""
        if unit == LVMLOCKD_UNIT:
            self.lockd = None
        elif unit == SANLOCK_UNIT and self.sanlock is not None and not self.sanlock.spaces:
            self.sanlock = None

    def kill(self, unit: str | None = None) -> None:
        """End one at once, or both as a power cut does: their leases stay as they are on the disk.

        lvmlockd does not outlive the sanlock that it is connected to.
        """
        if self.sanlock is not None and unit in (SANLOCK_UNIT, None):
            self.sanlock.kill()
            self.sanlock = None
        if unit in (SANLOCK_UNIT, LVMLOCKD_UNIT, None):
            self.lockd = None

    def _read_conf(self) -> dict[str, str]:
        files = self._machine.files
        text = files.read(SANLOCK_CONF).decode() if files.exists(SANLOCK_CONF) else ""
        return dict(re.findall(r"^\s*(\w+)\s*=\s*(\S+)", text, re.MULTILINE))

    def _io_timeout(self) -> int:
        files = self._machine.files
        text = files.read(DROP_IN).decode() if files.exists(DROP_IN) else ""
        found = re.search(r"--sanlock-timeout (\d+)", text)
        return int(found[1]) if found else IO_TIMEOUT
