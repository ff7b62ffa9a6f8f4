"""A program that writes to a device, reads back what it wrote, and tells how it went.

``python3 direct_writer.py DEVICE OFFSET BLOCKS REPORT`` goes round through BLOCKS blocks of 4 KiB
from the byte OFFSET on, past every cache, until it is told to stop (TERM) or gets an error; then
it writes back what had stood there. REPORT is replaced about twice a second and at the end: JSON
with `writes`, `errors` (texts, at most one), `mismatches`, and `longest_gap`, the most seconds
that passed from one write's end to the next one's. Standard library alone: it runs on the host.
"""

from __future__ import annotations

import json
import mmap
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

SIZE = 4096
PACE_SECONDS = 0.01
REPORT_SECONDS = 0.5


class Device(Protocol):
    """What is written to, in bytes from an offset on. Raises OSError."""

    def read(self, offset: int, count: int) -> bytes:
        """So many bytes."""

    def write(self, offset: int, data: bytes) -> None:
        """Put bytes there; when it returns they are there."""


class DirectFile:
    """A device's node, opened past every cache: offsets and counts are multiples of `SIZE`."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_RDWR | getattr(os, "O_DIRECT", 0))
        self._buffer = mmap.mmap(-1, SIZE)  # aligned, as direct I/O wants it

    def read(self, offset: int, count: int) -> bytes:
        """One block as it stands there."""
        os.preadv(self._file, [self._buffer], offset)
        return self._buffer[:count]

    def write(self, offset: int, data: bytes) -> None:
        """Replace one block."""
        self._buffer[:] = data
        os.pwrite(self._file, self._buffer, offset)


class Stop(Protocol):
    """Tells when to end."""

    def wait(self, timeout: float) -> bool:
        """Wait so many seconds; whether the end has come."""


class Writer:
    """One run over `blocks` blocks of `device` from the byte `offset` on.

    `save` takes the report whenever it is due, `now` tells seconds.
    """

    def __init__(
        self,
        device: Device,
        offset: int,
        blocks: int,
        save: Callable[[str], object],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.writes = self.mismatches = 0
        self.errors: list[str] = []
        self.longest_gap = 0.0
        self._device = device
        self._offset = offset
        self._blocks = blocks
        self._save = save
        self._now = now

    def read(self, block: int) -> bytes:
        """One block as it stands on the device."""
        return self._device.read(self._offset + block * SIZE, SIZE)

    def write(self, block: int, data: bytes) -> None:
        """Replace one block."""
        self._device.write(self._offset + block * SIZE, data)

    def run(self, stopped: Stop) -> None:
        """Write until stopped; leave the device as it was."""
        before = [self.read(block) for block in range(self._blocks)]
        try:
            self._loop(stopped)
            for block, data in enumerate(before):
                self.write(block, data)
        except OSError as error:
            self.errors = [str(error)]
        self.save()

    def _loop(self, stopped: Stop) -> None:
        last = saved = self._now()
        number = 0
        while not stopped.wait(PACE_SECONDS):
            data = number.to_bytes(8, "big") * (SIZE // 8)
            self.write(number % self._blocks, data)
            self.mismatches += self.read(number % self._blocks) != data
            number += 1
            now = self._now()
            self.writes = number
            self.longest_gap = max(self.longest_gap, now - last)
            last = now
            if now - saved >= REPORT_SECONDS:
                self.save()
                saved = now

    def save(self) -> None:
        """Give the report."""
        told = {
            "writes": self.writes,
            "errors": self.errors,
            "mismatches": self.mismatches,
            "longest_gap": self.longest_gap,
        }
        self._save(json.dumps(told))


def replacing(path: str) -> Callable[[str], object]:
    """Return what replaces a file's text in one step."""

    def save(text: str) -> None:
        aside = Path(f"{path}.new")
        aside.write_text(text)
        aside.replace(path)

    return save


def main(argv: list[str]) -> int:
    """Run until the end; 1 if there was an error or a mismatch."""
    device, offset, blocks, report = argv
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    writer = Writer(DirectFile(device), int(offset), int(blocks), replacing(report))
    writer.run(stopped)
    return 1 if writer.errors or writer.mismatches else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
