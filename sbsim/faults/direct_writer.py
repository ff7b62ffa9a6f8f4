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
from pathlib import Path

SIZE = 4096
PACE_SECONDS = 0.01
REPORT_SECONDS = 0.5


class Writer:
    """One run over `blocks` blocks from `offset` on."""

    def __init__(self, device: str, offset: int, blocks: int) -> None:
        self.writes = self.mismatches = 0
        self.errors: list[str] = []
        self.longest_gap = 0.0
        self._file = os.open(device, os.O_RDWR | getattr(os, "O_DIRECT", 0))
        self._offset = offset
        self._blocks = blocks
        self._buffer = mmap.mmap(-1, SIZE)  # aligned, as direct I/O wants it

    def read(self, block: int) -> bytes:
        """One block as it stands on the device."""
        os.preadv(self._file, [self._buffer], self._offset + block * SIZE)
        return self._buffer[:]

    def write(self, block: int, data: bytes) -> None:
        """Replace one block."""
        self._buffer[:] = data
        os.pwrite(self._file, self._buffer, self._offset + block * SIZE)

    def run(self, stopped: threading.Event, report: str) -> None:
        """Write until stopped; leave the device as it was."""
        before = [self.read(block) for block in range(self._blocks)]
        try:
            self._loop(stopped, report)
            for block, data in enumerate(before):
                self.write(block, data)
        except OSError as error:
            self.errors = [str(error)]
        self.save(report)

    def _loop(self, stopped: threading.Event, report: str) -> None:
        last = saved = time.monotonic()
        number = 0
        while not stopped.wait(PACE_SECONDS):
            data = number.to_bytes(8, "big") * (SIZE // 8)
            self.write(number % self._blocks, data)
            self.mismatches += self.read(number % self._blocks) != data
            number += 1
            now = time.monotonic()
            self.writes = number
            self.longest_gap = max(self.longest_gap, now - last)
            last = now
            if now - saved >= REPORT_SECONDS:
                self.save(report)
                saved = now

    def save(self, report: str) -> None:
        """Replace the report."""
        told = {
            "writes": self.writes,
            "errors": self.errors,
            "mismatches": self.mismatches,
            "longest_gap": self.longest_gap,
        }
        aside = Path(f"{report}.new")
        aside.write_text(json.dumps(told))
        aside.replace(report)


def main(argv: list[str]) -> int:
    """Run until the end; 1 if there was an error or a mismatch."""
    device, offset, blocks, report = argv
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    writer = Writer(device, int(offset), int(blocks))
    writer.run(stopped, report)
    return 1 if writer.errors or writer.mismatches else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
