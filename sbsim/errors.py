"""Every error that sbsim raises on purpose, in one tree.

A message says what was expected, what was found and what to do next. The command line prints the
message alone and ends with the error's exit status; a traceback means a defect of sbsim itself.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sbsim.deployment.finding import Finding


class SbsimError(Exception):
    """Root of the tree. `exit_status` is what the command line ends with."""

    exit_status = 1


class UsageError(SbsimError):
    """The user asked for something that cannot be: nothing was changed."""

    exit_status = 2


class DescriptionError(UsageError):
    """A deployment description is wrong; `findings` holds every fault found, in file order."""

    def __init__(self, path: str, findings: Sequence[Finding]) -> None:
        self.path = path
        self.findings = tuple(findings)
        count = len(self.findings)
        lines = [f"{path}: {count} finding{'s' if count != 1 else ''}"]
        super().__init__("\n".join([*lines, *(f"  {finding}" for finding in self.findings)]))


class MachineError(SbsimError):
    """A machine could not be reached, or stopped answering."""


class CommandError(MachineError):
    """A command on a machine did not do what was asked. `argv` is the command as given."""

    def __init__(self, machine: str, argv: Sequence[str], text: str) -> None:
        self.machine = machine
        self.argv = tuple(argv)
        super().__init__(f"{machine}: `{shlex.join(argv)}` {text}")


class CommandFailed(CommandError):
    """A command ended with a status other than 0."""

    def __init__(
        self, machine: str, argv: Sequence[str], status: int, stdout: str, stderr: str
    ) -> None:
        self.status = status
        self.stdout = stdout
        self.stderr = stderr
        said = stderr.strip() or stdout.strip() or "it said nothing"
        super().__init__(machine, argv, f"ended with status {status}: {said[-2000:]}")


class CommandTimeout(CommandError):
    """A command did not end within its limit and was stopped."""

    def __init__(self, machine: str, argv: Sequence[str], seconds: float) -> None:
        self.seconds = seconds
        super().__init__(machine, argv, f"did not end within {seconds:g} s and was stopped")


class OutputTooLong(CommandError):
    """A command printed more than the limit and was stopped."""

    def __init__(self, machine: str, argv: Sequence[str], limit_bytes: int) -> None:
        super().__init__(machine, argv, f"printed more than {limit_bytes} bytes and was stopped")


class PackageError(MachineError):
    """Packages could not be installed on a machine. `packages` are those that were missing."""

    def __init__(self, machine: str, packages: Collection[str], text: str) -> None:
        self.machine = machine
        self.packages = tuple(packages)
        super().__init__(f"{machine}: cannot install {', '.join(packages)}: {text}")


class RepositoryError(PackageError):
    """A package repository is not there, or broken."""


class UnknownPackage(PackageError):
    """No repository of the machine has a package of that name."""


class PackageLockHeld(PackageError):
    """Another package manager is at work on the machine."""


class WaitedInVain(SbsimError):
    """A condition did not come true within its limit."""


class ParallelError(SbsimError):
    """An action failed on one or more machines; `errors` maps each one's name to what it raised."""

    def __init__(self, errors: dict[str, Exception]) -> None:
        self.errors = errors
        super().__init__("\n".join(f"{name}: {error}" for name, error in errors.items()))


class LabError(SbsimError):
    """The lab itself is at fault, not what runs in it."""


class ImageError(LabError):
    """The machines' image could not be made or is damaged."""
