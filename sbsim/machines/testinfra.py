"""The bridge to pytest-testinfra: its questions (packages, services, files) over our machines.

Example: ``testinfra_host(machine).service("ssh").is_running``
"""

from __future__ import annotations

from typing import Any

from testinfra.backend.base import BaseBackend, CommandResult
from testinfra.host import Host

from sbsim.machines.machine import DEFAULT_TIMEOUT_SECONDS, Machine


class MachineBackend(BaseBackend):  # type: ignore[misc]
    """A testinfra backend that runs commands on a machine of ours, with its time-out and record.

    testinfra composes shell strings; they are given to ``sh -c`` as one argument.
    """

    NAME = "sbsim"

    def __init__(self, machine: Machine, timeout: float = DEFAULT_TIMEOUT_SECONDS) -> None:
        super().__init__(machine.name)
        self._machine = machine
        self._timeout = timeout

    def run(self, command: str, *args: str, **_kwargs: Any) -> CommandResult:
        """Run one of testinfra's commands."""
        text = self.get_command(command, *args)
        done = self._machine.run("sh", "-c", text, timeout=self._timeout, check=False)
        return self.result(done.status, self.encode(text), done.stdout, done.stderr)


def testinfra_host(machine: Machine) -> Host:
    """A testinfra host whose commands go over `machine`."""
    return Host(MachineBackend(machine))


# pytest would take the name for a test wherever it is imported.
testinfra_host.__test__ = False  # type: ignore[attr-defined]
