"""Reading and writing on a host's block devices: by which path, how long it waits, how it fails."""

from __future__ import annotations

import errno
import functools
import os
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, TypeVar

from sbsim.sim.device_mapper import MappedDevice
from sbsim.sim.disk.space import OutOfRange, Space
from sbsim.sim.errors import NotSimulated
from sbsim.sim.san.initiator import GIVEN_UP
from sbsim.sim.san.scsi import Disk

Answer = TypeVar("Answer")
# How often I/O that waits for its session looks again.
PATIENCE_SECONDS = 0.1


class HostDevice:
    """A block device of a machine, opened: a disk that came by a path, a map of several, a volume.

    I/O to a portal that does not answer waits until its session is given up, and fails then; a map
    goes on by its next path. Raises OSError: ENOENT, ENXIO, EIO.
    """

    def __init__(self, machine: Any, path: str) -> None:
        self._machine = machine
        self.path = path
        disks = {one.path: one for one in machine.initiator.disks}
        machine.multipathd.look()
        found: Disk | MappedDevice | None = disks.get(path) or machine.mapper.at(path)
        if found is None:
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        self.device = found

    @property
    def size(self) -> int:
        """Its bytes, as the host knows them."""
        return self.device.size

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

    def _parts(
        self, device: Disk | MappedDevice, offset: int, count: int
    ) -> Iterator[tuple[Disk | MappedDevice, int, int]]:
        """Where the bytes of a range lie: on which disk or map, from which byte on, how many."""
        if isinstance(device, Disk) or not device.table:
            yield device, offset, count
            return
        end = offset + count
        if offset < 0 or end > device.size:
            self._fail(errno.EIO)
        for row in device.table:
            start, stop = max(offset, row.start), min(end, row.start + row.size)
            if start < stop:
                yield from self._parts(row.lower, row.at + start - row.start, stop - start)

    def _by(self, device: Disk | MappedDevice, act: Callable[[Space], Answer]) -> Answer:
        if isinstance(device, Disk):
            return self._by_disk(device, act)
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
        initiator = self._machine.initiator
        if disk.gone:
            self._fail(errno.ENXIO)
        session = initiator.session_of(disk)
        while not initiator.answers(session):
            if initiator.device_state(session) == GIVEN_UP or disk.gone:
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


def _read(space: Space, at: int, count: int) -> bytes:
    return space.read(at, count)


def _write(space: Space, at: int, data: bytes) -> None:
    space.write(at, data)
