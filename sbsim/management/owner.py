"""Who answers for an operation: a process, told apart from every other that ever ran here."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
BOOT_ID = PROC / "sys/kernel/random/boot_id"


@dataclass(frozen=True)
class Owner:
    """A process: its number is used again, so its start (in ticks since boot) and boot count too.

    As text, for example, `4711:88123:0e7b…`.
    """

    pid: int
    start: int
    boot_id: str

    def __str__(self) -> str:
        return f"{self.pid}:{self.start}:{self.boot_id}"


def this_process() -> Owner:
    """The process that asks."""
    return Owner(os.getpid(), _start_of(os.getpid()) or 0, _boot_id())


def alive(owner: str) -> bool:
    """Whether the process of that text still runs. A text that is no owner is not alive."""
    try:
        pid, start, boot_id = owner.split(":")
        return boot_id == _boot_id() and int(start) == _start_of(int(pid))
    except ValueError:
        return False


def _boot_id() -> str:
    return BOOT_ID.read_text().strip()


def _start_of(pid: int) -> int | None:
    """When a process started, None if there is none or if it has ended and is not yet reaped."""
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    # The name stands in brackets and may hold anything; the fields after it are plain.
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[19])
