"""The first door: what can be asked of a machine, wherever it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

DEFAULT_TIMEOUT_SECONDS = 60.0
OUTPUT_LIMIT_BYTES = 16 * 2**20


@dataclass(frozen=True)
class Result:
    """What a command did: `status` as a shell would give it, output as text, wall seconds.

    Output that is not UTF-8 is decoded with surrogate escapes, so that `.encode(errors=
    "surrogateescape")` gives the bytes back.
    """

    argv: tuple[str, ...]
    status: int
    stdout: str
    stderr: str
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether the command ended with status 0."""
        return self.status == 0

    @property
    def lines(self) -> list[str]:
        """The lines of the output, without their ends."""
        return self.stdout.splitlines()


class Process(Protocol):
    """A command that runs on."""

    def poll(self) -> Result | None:
        """The result if it has ended, else None."""

    def wait(self, timeout: float = DEFAULT_TIMEOUT_SECONDS) -> Result:
        """Wait for its end. Raises CommandTimeout, and stops it, after `timeout` seconds."""

    def stop(self) -> Result:
        """End it (TERM, then KILL) with all that it started; return what it had said."""


class Stream(Protocol):
    """Both ends of a command's standard input and output, as a connected socket has them."""

    def recv(self, size: int) -> bytes:
        """Up to so many bytes of its output, as soon as there are any; empty at its end."""

    def sendall(self, data: bytes) -> object:
        """Give it input. Raises OSError once it has ended."""

    def shutdown_write(self) -> object:
        """Tell it that no more input comes."""

    def close(self) -> object:
        """Let go of it; a command that reads its input ends then."""


class Machine(Protocol):
    """A server. Never takes a shell string: every argument reaches the command as it is given."""

    @property
    def name(self) -> str:
        """Its name in the description."""

    @property
    def boot_id(self) -> str:
        """Changes with every boot of its kernel."""

    def run(
        self,
        *argv: str,
        input: bytes | str | None = None,
        timeout: float = DEFAULT_TIMEOUT_SECONDS,
        check: bool = True,
    ) -> Result:
        """Run a command to its end.

        Raises CommandFailed for a status other than 0 unless `check` is false; CommandTimeout
        after `timeout` seconds; OutputTooLong past 16 MiB; MachineError if it cannot be reached.
        """

    def start(self, *argv: str) -> Process:
        """Start a command and come back at once."""

    def read(self, path: str) -> bytes:
        """A file's content. Raises FileNotFoundError, PermissionError, IsADirectoryError."""

    def write(self, path: str, data: bytes, mode: int = 0o644, owner: str | None = None) -> None:
        """Replace a file in one step: readers see the old content or the new, never a part.

        `owner` is ``user:group``; None leaves the file to root. Kernel attributes (sysfs,
        configfs) cannot be replaced: write them with ``run("tee", path, input=…)``.
        """
