"""The third door: a libvirt connection to a machine, through the connection that it has already.

libvirt's client speaks to a unix socket; behind that socket we put the machine's own libvirtd, by
way of a helper of libvirt's that joins its standard input and output to the daemon's socket. So a
host needs no port, no certificate and no second login.
"""

from __future__ import annotations

import contextlib
import socket
import tempfile
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import libvirt

from sbsim.errors import MachineError
from sbsim.machines.machine import Stream

HELPER = ("virt-ssh-helper", "qemu:///system")
_CHUNK = 65536
# libvirt finds out that a daemon is gone by itself; the helper's start is what takes time.
OPEN_LIMIT_SECONDS = 120.0


class Streaming(Protocol):
    """A machine that can be talked with through a command's standard input and output."""

    @property
    def name(self) -> str:
        """Its name."""

    def stream(self, *argv: str) -> Stream:
        """Start a command and be connected to it. Raises MachineError."""


Hypervisor = Callable[[str], libvirt.virConnect]


def no_hypervisor(name: str) -> libvirt.virConnect:
    """The hypervisor of machines that run no instances."""
    raise MachineError(f"{name}: this backend opens no libvirt")


class Hypervisors:
    """The libvirt connections of several machines, each opened when it is first asked for.

    Call it with a machine's name. A connection that has broken (a reboot, a restored state) is
    opened anew. Raises MachineError where the machine's libvirt does not answer.
    """

    def __init__(self, machine: Callable[[str], Streaming]) -> None:
        self._machine = machine
        self._lock = threading.Lock()
        self._open: dict[str, libvirt.virConnect] = {}
        # At the end of the process the threads that carry the bytes are gone before the
        # connections, and libvirt would wait for ever for the answer to its goodbye.
        self._at_exit = weakref.finalize(self, _close, self._open)
        # Errors come as exceptions; the library's own copy on stderr says them twice.
        libvirt.registerErrorHandler(lambda _context, _error: None, None)

    def __call__(self, name: str) -> libvirt.virConnect:
        """The connection to one machine's libvirt."""
        with self._lock:
            there = self._open.get(name)
            if there is None or not _alive(there):
                self._open[name] = there = open_connection(self._machine(name))
            return there

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            _close(self._open)


def _close(connections: dict[str, libvirt.virConnect]) -> None:
    for one in connections.values():
        with contextlib.suppress(libvirt.libvirtError):
            one.close()
    connections.clear()


def open_connection(machine: Streaming) -> libvirt.virConnect:
    """Open a machine's libvirt. Raises MachineError with libvirt's own words."""
    stream = machine.stream(*HELPER)
    with tempfile.TemporaryDirectory(prefix="sbsim-libvirt-") as folder:
        path = Path(folder) / "socket"
        with socket.socket(socket.AF_UNIX) as door:
            door.bind(str(path))
            door.listen(1)
            door.settimeout(OPEN_LIMIT_SECONDS)
            threading.Thread(target=_join, args=(door, stream), daemon=True).start()
            try:
                return libvirt.open(f"qemu+unix:///system?socket={path}")
            except libvirt.libvirtError as error:
                stream.close()
                raise MachineError(
                    f"{machine.name}: its libvirt does not answer: {error}; look at "
                    "`systemctl status libvirtd` there"
                ) from error


def _join(door: socket.socket, stream: Stream) -> None:
    """Carry bytes both ways between the client that comes to `door` and the stream."""
    try:
        client, _ = door.accept()
    except OSError:
        stream.close()
        return
    threading.Thread(target=_carry_in, args=(client, stream), daemon=True).start()
    with contextlib.suppress(OSError):
        while data := stream.recv(_CHUNK):
            client.sendall(data)
    with contextlib.suppress(OSError):
        client.shutdown(socket.SHUT_RDWR)
    client.close()


def _carry_in(client: socket.socket, stream: Stream) -> None:
    with contextlib.suppress(OSError):
        while data := client.recv(_CHUNK):
            stream.sendall(data)
        stream.shutdown_write()
    with contextlib.suppress(OSError):
        stream.close()


def _alive(connection: libvirt.virConnect) -> bool:
    try:
        return bool(connection.isAlive()) and connection.getLibVersion() > 0
    except libvirt.libvirtError:
        return False
