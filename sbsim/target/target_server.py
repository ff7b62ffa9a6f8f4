"""A storage server's array, reached through its machine."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from sbsim.errors import CommandFailed, SbsimError
from sbsim.machines.machine import Machine, Result
from sbsim.target import pyz
from sbsim.target.differences import Difference
from sbsim.target.failure import TargetFailure
from sbsim.target.model import Array
from sbsim.target.results import Changes, Reading
from sbsim.target.unit import PROGRAM

LIMIT_SECONDS = 300.0

T = TypeVar("T", Changes, Reading)


class TargetServer:
    """The array of one storage server; `owner` marks what this deployment makes there.

    Example: `TargetServer(machine, "tutorial").apply(wanted_array(deployment, server, password))`

    Every call raises MachineError if the machine cannot be reached or has no python3, and
    SbsimError with the target program's own words if the array cannot be as asked.
    """

    def __init__(self, machine: Machine, owner: str = "sbsim") -> None:
        self._machine = machine
        self._owner = owner
        self._installed = False

    @property
    def name(self) -> str:
        """The storage server's name."""
        return self._machine.name

    def apply(self, wanted: Array) -> Changes:
        """Make the array what is wanted, and come back after a reboot as it is now.

        Only what differs is touched: sessions of initiators that are not concerned go on.
        """
        return self._ask("apply", Changes, {"owner": self._owner, "array": wanted.to_json()})

    def read(self, wanted: Array | None = None) -> Reading:
        """Return what is there, secrets as `***`; with `wanted`, how it differs from that."""
        question = {} if wanted is None else {"array": wanted.to_json()}
        return self._ask("read", Reading, question)

    def differences(self, wanted: Array) -> tuple[Difference, ...]:
        """Return how what is there differs from what is wanted, passwords included but masked."""
        return self.read(wanted).differences

    def remove(self) -> Changes:
        """Take away all that `apply` made, the program itself included."""
        changes = self._ask("remove", Changes, {"owner": self._owner})
        self._machine.run("rm", "-f", "--", PROGRAM)
        folder = PROGRAM.rpartition("/")[0]
        self._machine.run("rmdir", "--ignore-fail-on-non-empty", "--", folder)
        self._installed = False
        return changes

    def install(self) -> bool:
        """Copy the program to the machine if another one is there; return whether it was."""
        self._installed = True
        found = self._machine.run("sha256sum", "--", PROGRAM, check=False)
        if found.ok and found.stdout.split()[0] == pyz.digest():
            return False
        self._machine.run("mkdir", "-p", "--", PROGRAM.rpartition("/")[0])
        self._machine.write(PROGRAM, pyz.program(), mode=0o644)
        return True

    def _ask(self, command: str, answer: type[T], question: dict[str, Any]) -> T:
        if not self._installed:
            self.install()
        argv = ("python3", PROGRAM, command)
        text = json.dumps(question)
        result = self._machine.run(*argv, input=text, timeout=LIMIT_SECONDS, check=False)
        if _lost(result):  # the machine was made anew, or put back to an older state
            self.install()
            result = self._machine.run(*argv, input=text, timeout=LIMIT_SECONDS, check=False)
        return self._answer(result, answer)

    def _answer(self, result: Result, answer: type[T]) -> T:
        if result.status == 127:
            raise SbsimError(
                f"{self.name}: expected python3, which the target program needs, found none; "
                "install it there"
            )
        try:
            value = json.loads(result.stdout)
            if isinstance(value, dict) and isinstance(value.get("error"), str):
                raise SbsimError(f"{self.name}: {value['error']}")
            return answer.from_json(value)
        except (ValueError, TargetFailure):
            raise CommandFailed(
                self.name, result.argv, result.status, result.stdout, result.stderr
            ) from None


def _lost(result: Result) -> bool:
    """Whether Python found no program to run: it says so, and ends with status 2."""
    return result.status == 2 and not result.stdout and "can't open file" in result.stderr
