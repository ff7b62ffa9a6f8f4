"""fio on a machine: run under a limit, stopped with whoever waits for it."""

from __future__ import annotations

from sbsim.bench.errors import FioFailed, NoFio
from sbsim.bench.fio_output import FioOutput, parse_fio
from sbsim.errors import CommandFailed
from sbsim.machines import Machine

JOB_FILE = "/run/sbsim-bench.fio"
# What fio takes beside the seconds that its jobs run, on an emulated machine.
_START_SECONDS = 60.0
_JOB_SECONDS = 2.0


class Fio:
    """fio on one machine."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    @property
    def machine(self) -> str:
        """The machine's name."""
        return self._machine.name

    def version(self) -> str:
        """Such as ``fio-3.33``. Raises NoFio."""
        try:
            return self._machine.run("fio", "--version").stdout.strip()
        except CommandFailed as error:
            raise NoFio(
                f"{self.machine}: fio does not run ({error.stderr.strip() or error.status}); "
                "expected it installed, do so with the system's package tool"
            ) from error

    def run(self, job: str, seconds: float) -> FioOutput:
        """Run a job file whose jobs take that long in all.

        Raises UnreadableFio, FioFailed. However this ends, fio runs no longer.
        """
        self._machine.write(JOB_FILE, job.encode(), mode=0o600)
        process = self._machine.start("fio", "--output-format=json+", JOB_FILE)
        limit = 2 * seconds + _START_SECONDS + _JOB_SECONDS * job.count("\n[")
        try:
            done = process.wait(limit)
        except BaseException:
            process.stop()
            raise
        if not done.ok and "{" not in done.stdout:
            said = done.stderr.strip() or done.stdout.strip() or f"status {done.status}"
            raise FioFailed(f"{self.machine}: fio failed: {said}")
        return parse_fio(done.stdout, f"fio on {self.machine}")
