"""Reading and writing on a host's block devices: by which path, how long it waits, how it fails."""

from __future__ import annotations

import errno
import functools
import os
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, TypeVar

from sbsim.sim.device_mapper import MappedDevice, Row
from sbsim.sim.disk.space import OutOfRange, Space
from sbsim.sim.errors import NotSimulated
from sbsim.sim.san.nexus import GIVEN_UP
from sbsim.sim.san.scsi import Disk

Answer = TypeVar("Answer")
# How often I/O that waits for its session looks again.
PATIENCE_SECONDS = 0.1


class HostDevice:
    """A block device of a machine, opened: a disk that came by a path, a map of several, a volume.

    A storage server's own disks, too. I/O to a portal that does not answer waits until its session
    is given up, and fails then; a map goes on by its next path. Raises OSError: ENOENT, ENXIO, EIO.
    """

    def __init__(self, machine: Any, path: str, device: Any = None) -> None:
        """Open what lies at a path; `device` is that, where it is known."""
        self._machine = machine
        self.device = device or machine.block.at(path) or machine.files.device(path)
        if self.device is None:
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        self.path: str = getattr(self.device, "path", path)

    @property
    def size(self) -> int:
        """Its bytes, as the host knows them."""
        return int(self.device.size)

    @property
    def best_io(self) -> int:
        """The size of the I/O that it likes best, 0 if it does not tell; a map has its disks'."""
        device = self.device
        while isinstance(device, MappedDevice) and device.over:
            device = device.over[0]
        return int(getattr(device, "best_io", 0))

    @property
    def answers(self) -> bool:
        """Whether I/O would be done now, or has to wait for a session."""
        return self._answers(self.device)

    def read(self, offset: int, count: int) -> bytes:
        """So many bytes."""
        return b"".join(
            self._by(device, functools.partial(_read, at=at, count=size))
            for device, at, size in self._parts(self.device, offset, count)
        )

    def write(self, offset: int, data: bytes) -> None:
        """Put bytes there; they reach the array's device."""
        done = 0
        for device, at, size in self._parts(self.device, offset, len(data)):
            part = data[done : done + size]
            self._by(device, functools.partial(_write, at=at, data=part))
            done += size
        self._machine.udev.written(self.device)

    def _parts(self, device: Any, offset: int, count: int) -> Iterator[tuple[Any, int, int]]:
        """Where the bytes of a range lie: on which disk or map, from which byte on, how many."""
        rows = rows_of(device)
        if not rows:
            yield device, offset, count
            return
        end = offset + count
        if offset < 0 or end > device.size:
            self._fail(errno.EIO)
        for row in rows:
            start, stop = max(offset, row.start), min(end, row.start + row.size)
            if start < stop:
                yield from self._parts(row.lower, row.at + start - row.start, stop - start)

    def _answers(self, device: Any) -> bool:
        scsi = self._machine.scsi
        if isinstance(device, Disk):
            return not device.gone and scsi.answers(scsi.nexus_of(device))
        if rows := rows_of(device):
            return all(self._answers(row.lower) for row in rows)
        if not isinstance(device, MappedDevice):
            return True
        used = [one for one in self._machine.multipathd.map_on(device).paths if one.alive]
        return bool(used) and all(self._answers(one.disk) for one in used)

    def _by(self, device: Any, act: Callable[[Space], Answer]) -> Answer:
        if isinstance(device, Disk):
            return self._by_disk(device, act)
        if not isinstance(device, MappedDevice):
            return self._act(device.space, act)
        one = self._machine.multipathd.map_on(device)
        while True:
            path = one.next_path()
            if path is None:
                if not one.queues:
                    self._fail(errno.EIO)
                self._machine.clock.sleep(PATIENCE_SECONDS)
                self._machine.multipathd.look()
                continue
            try:
                return self._by_disk(path.disk, act)
            except OSError:
                one.lost(path)

    def _by_disk(self, disk: Disk, act: Callable[[Space], Answer]) -> Answer:
        scsi = self._machine.scsi
        if disk.gone:
            self._fail(errno.ENXIO)
        nexus = scsi.nexus_of(disk)
        while not scsi.answers(nexus):
            if scsi.device_state(nexus) == GIVEN_UP or disk.gone:
                self._fail(errno.EIO)
            self._machine.clock.sleep(PATIENCE_SECONDS)
        device = disk.device()
        return self._act(device.space, act) if device else self._fail(errno.EIO)

    def _act(self, space: Space | None, act: Callable[[Space], Answer]) -> Answer:
        if space is None:
            what = "bytes of a LUN that is no block device on the array"
            raise NotSimulated(self._machine.name, (self.path,), what, "sbsim/sim/lio")
        try:
            return act(space)
        except OutOfRange:
            self._fail(errno.EIO)

    def _fail(self, number: int) -> NoReturn:
        raise OSError(number, os.strerror(number))


def rows_of(device: Any) -> tuple[Row, ...]:
    """The rows by which a device lies on others; none where it is a disk or a map of paths."""
    found: tuple[Row, ...] = getattr(device, "table", ())
    return found


def _read(space: Space, at: int, count: int) -> bytes:
    return space.read(at, count)


def _write(space: Space, at: int, data: bytes) -> None:
    space.write(at, data)
