"""A lab as its users see it: found or started by name, asked over its keeper's socket."""

from __future__ import annotations

import array
import contextlib
import json
import os
import select
import shutil
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sbsim.errors import LabError
from sbsim.lab.domains import QEMU
from sbsim.lab.folder import LabFolder, connect, mount_point
from sbsim.lab.plan import Plan
from sbsim.machines.clock import WallClock, wait_until

Progress = Callable[[str], None]

START_LIMIT_SECONDS = 60.0
DOWN_LIMIT_SECONDS = 30.0


def ignore(_text: str) -> None:
    """A progress that nobody follows."""


class Lab:
    """One lab that is there. Made by `find` or `start`, never directly."""

    def __init__(self, folder: LabFolder, leash: int | None = None) -> None:
        self.folder = folder
        self._leash = leash

    @property
    def name(self) -> str:
        """The lab's name."""
        return self.folder.name

    def status(self) -> dict[str, Any]:
        """``{"pid", "plan", "phase", "kvm", "machines": {name: state}}``."""
        status: dict[str, Any] = self._ask("status")
        return status

    def plan(self) -> Plan:
        """What the lab was started with."""
        return Plan.from_json(self._ask("plan"))

    def up(self, state: Path | None, progress: Progress = ignore) -> None:
        """Boot every machine, or restore them from a saved state; nothing if they are up."""
        self._ask("up", progress, state=str(state) if state else None)

    def save(self, folder: Path, progress: Progress = ignore) -> None:
        """Save memory and disks of all machines into an empty folder."""
        self._ask("save", progress, folder=str(folder))

    def restore(self, folder: Path, progress: Progress = ignore) -> None:
        """Bring all machines back to a saved state. Connections to them are dead afterwards."""
        self._ask("restore", progress, folder=str(folder))

    def machine(self, name: str, action: str, **arguments: Any) -> None:
        """Do something to one machine: power_on, power_off, wait_ready, pause, resume, link,
        resize_disk.
        """
        self._ask("machine", machine=name, action=action, **arguments)

    def connect(self, machine: str, port: int) -> socket.socket:
        """A connected TCP socket to a machine, handed over by the keeper."""
        with self._request("connect", machine=machine, port=port) as client:
            line, descriptors = _receive(client)
            _raise_error(json.loads(line))
            return socket.socket(fileno=descriptors[0])

    def keep(self) -> None:
        """Let the lab live on when this process ends."""
        self._ask("keep")

    def down(self) -> None:
        """End the lab and everything in it; return when nothing of it is left."""
        with contextlib.suppress(LabError):  # it is gone already
            self._ask("down")
        wait_until(
            WallClock(),
            lambda: not self.folder.alive(),
            DOWN_LIMIT_SECONDS,
            f"the keeper of the lab {self.name} to end",
            every_seconds=0.02,
        )
        if self._leash is not None:
            os.close(self._leash)
            self._leash = None
        shutil.rmtree(self.folder.path, ignore_errors=True)

    # --- the socket -------------------------------------------------------------------------

    def _request(self, operation: str, **arguments: Any) -> socket.socket:
        try:
            client = connect(self.folder.socket)
        except OSError as error:
            raise LabError(
                f"the lab {self.name} does not answer ({error}); start it with `sbsim lab up`"
            ) from error
        client.sendall(json.dumps({"op": operation, **arguments}).encode() + b"\n")
        return client

    def _ask(self, operation: str, progress: Progress = ignore, **arguments: Any) -> Any:
        with self._request(operation, **arguments) as client, client.makefile("r") as answers:
            for line in answers:
                answer = json.loads(line)
                if "progress" in answer:
                    progress(answer["progress"])
                    continue
                _raise_error(answer)
                return answer["result"]
        raise LabError(f"the keeper of the lab {self.name} ended; see {self.folder.log}")


def find(folder: LabFolder) -> Lab | None:
    """The lab of that name if its keeper lives, else None."""
    return Lab(folder) if folder.alive() else None


def start(folder: LabFolder, plan: Plan, kvm: bool) -> Lab:
    """Start a keeper for `plan`; its machines are not booted yet.

    The lab ends with this process unless `keep` is called. Raises LabError with what the keeper
    said if it does not come to life.
    """
    if not Path(QEMU).exists():
        raise LabError(f"QEMU is missing ({QEMU}); install it: apt-get install qemu-system-x86")
    if folder.alive():
        raise LabError(f"the lab {folder.name} is running already; see `sbsim lab status`")
    shutil.rmtree(folder.path, ignore_errors=True)
    folder.console.mkdir(parents=True)
    mount_point().mkdir(exist_ok=True)
    leash_end, leash = os.pipe()
    ready, ready_end = os.pipe()
    plan_end, plan_start = os.pipe()
    _spawn(folder, plan_end, (leash_end, ready_end), "kvm" if kvm else "tcg")
    for end in (leash_end, ready_end, plan_end):
        os.close(end)
    try:
        # Should the keeper end at once, what it said tells why.
        with contextlib.suppress(BrokenPipeError), os.fdopen(plan_start, "w") as pipe:
            pipe.write(plan.to_json())
        said = _wait_ready(ready)
    finally:
        os.close(ready)
    lab = Lab(folder, leash)
    if said != "ready":
        os.close(leash)
        raise LabError(
            f"the lab {folder.name} could not be started: {said or folder.log.read_text()[-2000:]}"
        )
    return lab


def _spawn(folder: LabFolder, plan: int, kept: tuple[int, ...], how: str) -> None:
    """Start the keeper in namespaces of its own; `plan` is its stdin, `kept` it inherits.

    Not through subprocess: that would want to wait for a process which is meant to stay.
    """
    argv = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc",
            sys.executable, "-m", "sbsim.lab.init", folder.name, *map(str, kept), how]  # fmt: skip
    for descriptor in kept:
        os.set_inheritable(descriptor, True)
    with folder.log.open("wb") as log:
        os.posix_spawnp(
            argv[0],
            argv,
            {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "SBSIM_LAB": folder.name},
            file_actions=[
                (os.POSIX_SPAWN_DUP2, plan, 0),
                (os.POSIX_SPAWN_DUP2, log.fileno(), 1),
                (os.POSIX_SPAWN_DUP2, log.fileno(), 2),
            ],
            setsid=True,
        )


def _wait_ready(ready: int) -> str:
    """What the keeper says when it listens, or when it fails; empty if it died or hangs."""
    readable, _, _ = select.select([ready], [], [], START_LIMIT_SECONDS)
    return os.read(ready, 65536).decode(errors="replace") if readable else ""


def _receive(client: socket.socket) -> tuple[bytes, array.array[int]]:
    data, descriptors = b"", array.array("i")
    while not data.endswith(b"\n"):
        part, received, _, _ = socket.recv_fds(client, 65536, 1)
        if not part:
            raise LabError("the keeper ended before it answered")
        data += part
        descriptors.extend(received)
    return data, descriptors


def _raise_error(answer: dict[str, Any]) -> None:
    if "error" in answer:
        raise LabError(answer["error"])
