"""A machine whose every command is told to an observer: the evidence of a run."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from sbsim.errors import CommandFailed, CommandTimeout, SbsimError
from sbsim.machines.machine import DEFAULT_TIMEOUT_SECONDS, Machine, Process, Result


@dataclass(frozen=True)
class CommandRecord:
    """One command as it happened. `status` is None where it never ended by itself.

    Files read and written appear as the commands ``@read PATH`` and ``@write PATH``: their content
    is not recorded, it may hold secrets.
    """

    at: float
    machine: str
    argv: tuple[str, ...]
    status: int | None
    seconds: float
    stdout: str
    stderr: str


Observer = Callable[[CommandRecord], None]


class RecordedMachine:
    """Wraps a machine; behaves as it does and tells `observer` afterwards."""

    def __init__(self, machine: Machine, observer: Observer) -> None:
        self._machine = machine
        self._observer = observer

    @property
    def name(self) -> str:
        """The wrapped machine's name."""
        return self._machine.name

    @property
    def boot_id(self) -> str:
        """The wrapped machine's boot id."""
        return self._machine.boot_id

    def run(
        self,
        *argv: str,
        input: bytes | str | None = None,
        timeout: float = DEFAULT_TIMEOUT_SECONDS,
        check: bool = True,
    ) -> Result:
        """Run a command and record it, however it ends."""
        at, began = time.time(), time.monotonic()
        try:
            result = self._machine.run(*argv, input=input, timeout=timeout, check=check)
        except CommandFailed as error:
            self._tell(at, began, argv, error.status, error.stdout, error.stderr)
            raise
        except SbsimError as error:
            self._tell(at, began, argv, None, "", str(error))
            raise
        self._tell(at, began, argv, result.status, result.stdout, result.stderr)
        return result

    def start(self, *argv: str) -> Process:
        """Start a command; it is recorded when its end is seen."""
        return _RecordedProcess(self._machine.start(*argv), argv, self)

    def read(self, path: str) -> bytes:
        """Read a file; that it was read is recorded, not what it holds."""
        at, began = time.time(), time.monotonic()
        try:
            data = self._machine.read(path)
        except OSError as error:
            self._tell(at, began, ("@read", path), 1, "", str(error))
            raise
        self._tell(at, began, ("@read", path), 0, "", "")
        return data

    def write(self, path: str, data: bytes, mode: int = 0o644, owner: str | None = None) -> None:
        """Write a file; that it was written is recorded, not what it holds."""
        at, began = time.time(), time.monotonic()
        try:
            self._machine.write(path, data, mode, owner)
        except OSError as error:
            self._tell(at, began, ("@write", path), 1, "", str(error))
            raise
        self._tell(at, began, ("@write", path), 0, "", "")

    def _tell(
        self,
        at: float,
        began: float,
        argv: tuple[str, ...],
        status: int | None,
        stdout: str,
        stderr: str,
    ) -> None:
        seconds = time.monotonic() - began
        self._observer(CommandRecord(at, self.name, argv, status, seconds, stdout, stderr))


class _RecordedProcess:
    def __init__(self, process: Process, argv: tuple[str, ...], machine: RecordedMachine) -> None:
        self._process = process
        self._argv = argv
        self._machine = machine
        self._at, self._began = time.time(), time.monotonic()
        self._told = False

    def poll(self) -> Result | None:
        """The result if it has ended, else None."""
        result = self._process.poll()
        return self._record(result) if result else None

    def wait(self, timeout: float = DEFAULT_TIMEOUT_SECONDS) -> Result:
        """Wait for its end."""
        try:
            return self._record(self._process.wait(timeout))
        except CommandTimeout as error:
            self._tell(None, "", str(error))
            raise

    def stop(self) -> Result:
        """End it."""
        return self._record(self._process.stop())

    def _record(self, result: Result) -> Result:
        self._tell(result.status, result.stdout, result.stderr)
        return result

    def _tell(self, status: int | None, stdout: str, stderr: str) -> None:
        if not self._told:
            self._told = True
            self._machine._tell(self._at, self._began, self._argv, status, stdout, stderr)
