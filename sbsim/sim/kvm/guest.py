"""The test guest on a simulated host: what `sbsim/kvm/guest/guest.c` does, on virtual time."""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sbsim.kvm.guest import ROOT_SECTOR, sector_of
from sbsim.sim.disk.qcow2 import Image, NotQcow2
from sbsim.sim.san.block_io import HostDevice

SECTOR = 512
MAGIC = b"sbsimvm1"
SLOT = struct.Struct("<8s16sIII")
BOOTABLE = b"\x55\xaa"
# Nine of the 18.2 ticks of a PC's clock.
ROUND_SECONDS = 9 / 18.2
UP_SECONDS = 2.0
MAX_DISKS = 8

Reader = Image | HostDevice


@dataclass
class Seen:
    """What the guest knows of its sector on one disk."""

    last: int = 0
    strangers: int = 0


@dataclass
class Guest:
    """A guest that runs. `disks` are those that its firmware has shown it; the first boots.

    `say` gets what it writes to its serial line; `ended` is called when it has powered off.
    """

    uuid: str
    machine: Any
    start: int
    disks: list[Reader]
    say: Callable[[str], object]
    ended: Callable[[], object]
    rounds: int = 0
    errors: int = 0
    seen: dict[int, Seen] = field(default_factory=dict)
    asked_to_end: bool = False
    running: bool = True

    def begin(self) -> None:
        """Start it, or let it go on somewhere else."""
        self._later(0.0 if self.rounds else UP_SECONDS)

    def _later(self, seconds: float) -> None:
        clock = self.machine.clock
        clock.after(seconds, functools.partial(clock.start, self.go_round))

    def go_round(self) -> None:
        """Visit every disk once, and tell of it."""
        if not self.running:
            return
        if self.asked_to_end and self.rounds:
            self.say(f"stopped {self.rounds}\n")
            self.running = False
            self.ended()
            return
        for number in range(min(len(self.disks), MAX_DISKS)):
            self.errors += self._visit(number)
            if not self.running:  # its power was cut while it waited for the disk
                return
        self.rounds += 1
        strangers = sum(one.strangers for one in self.seen.values())
        self.say(f"round {self.rounds} errors {self.errors} strangers {strangers}\n")
        self._later(ROUND_SECONDS)

    def _visit(self, number: int) -> int:
        """Read its sector of a disk, compare, write one higher; 1 if the disk refused."""
        sector = ROOT_SECTOR if number == 0 else sector_of(self.uuid)
        place, own = sector * SECTOR, bytes.fromhex(self.uuid)
        try:
            data = self.disks[number].read(place, SECTOR)
        except (OSError, NotQcow2):
            return 1
        magic, uuid, start, count, strangers = SLOT.unpack_from(data)
        known = self.seen.get(number)
        if known is None:
            known = self.seen[number] = Seen()
            if (magic, uuid) == (MAGIC, own):
                known.last, known.strangers = count, strangers
            if number == 0:
                self.say(f"found {known.last}\n")
        elif (count, start, uuid) != (known.last, self.start, own):
            known.strangers += 1
            known.last = max(known.last, count)
        slot = SLOT.pack(MAGIC, own, self.start, known.last + 1, known.strangers)
        try:
            self.disks[number].write(place, slot + data[SLOT.size :])
        except (OSError, NotQcow2):
            return 1
        known.last += 1
        return 0


def boots(disk: Reader) -> bool:
    """Whether a firmware finds something to boot on a disk."""
    return disk.size >= SECTOR and disk.read(SECTOR - 2, 2) == BOOTABLE
