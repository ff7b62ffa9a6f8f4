"""Writes to a device that go on in the background, and how they went."""

from __future__ import annotations

import contextlib
import inspect
import json
from collections.abc import Iterator
from dataclasses import dataclass

from sbsim.initiator import direct_writer
from sbsim.machines import Machine

REPORT = "/run/sbsim-writer.json"


@dataclass(frozen=True)
class Told:
    """What a writer has told by now; `longest_gap` in seconds. `errors` holds at most one."""

    writes: int = 0
    errors: tuple[str, ...] = ()
    mismatches: int = 0
    longest_gap: float = 0.0

    @property
    def faults(self) -> list[str]:
        """What went wrong, in words: errors, and blocks that read back otherwise."""
        wrong = f"{self.mismatches} blocks read back otherwise"
        return [*self.errors, *([wrong] if self.mismatches else [])]


@dataclass(frozen=True)
class Writing:
    """Writes on one machine."""

    machine: Machine

    def told(self) -> Told:
        """How it goes, or went."""
        try:
            fields = json.loads(self.machine.read(REPORT))
        except FileNotFoundError:
            return Told()
        return Told(**{**fields, "errors": tuple(fields["errors"])})


@contextlib.contextmanager
def writing(machine: Machine, device: str, offset: int, blocks: int) -> Iterator[Writing]:
    """Inside, blocks of a device are written to and read back; they are left as they were.

    `offset` in bytes; a block has `direct_writer.SIZE`. One writer at a time on a machine.
    """
    machine.run("rm", "-f", "--", REPORT)
    process = machine.start(
        "python3", "-c", inspect.getsource(direct_writer), device, str(offset), str(blocks), REPORT
    )
    try:
        yield Writing(machine)
    finally:
        process.stop()
