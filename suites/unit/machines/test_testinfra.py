from __future__ import annotations

import subprocess

from sbsim.machines import Result
from sbsim.machines.testinfra import testinfra_host


class Here:
    """This very machine, through the same door."""

    name = "here"
    boot_id = "now"

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    def run(
        self, *argv: str, input: object = None, timeout: float = 60, check: bool = True
    ) -> Result:
        self.asked.append(argv)
        done = subprocess.run(argv, capture_output=True, text=True, timeout=timeout, check=False)
        return Result(argv, done.returncode, done.stdout, done.stderr, 0.0)


def test_testinfra_asks_over_our_machine() -> None:
    machine = Here()
    host = testinfra_host(machine)  # type: ignore[arg-type]
    assert host.file("/etc/passwd").is_file
    assert not host.file("/no/such/file").exists
    assert host.file("/etc/passwd").contains("root")
    assert all(argv[:2] == ("sh", "-c") for argv in machine.asked)


def test_arguments_with_blanks_and_quotes_stay_one() -> None:
    host = testinfra_host(Here())  # type: ignore[arg-type]
    assert host.run("printf %%s %s", "a 'b' c").stdout == "a 'b' c"
    assert host.run("exit 7").rc == 7
