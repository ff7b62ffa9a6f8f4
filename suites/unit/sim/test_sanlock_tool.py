"""`sanlock` on a simulated host, beside what a real one printed."""

from __future__ import annotations

from pathlib import Path

from sbsim.backends.sim import SimBackend
from sbsim.sharedblock.lock_space import FIRE_SECONDS, SANLOCK_STATUS, read_fire_seconds
from sbsim.sharedblock.sanlock_conf import PATH
from sbsim.sim.sanlock.daemon import FIRE_SECONDS as SIMULATED_FIRE_SECONDS

from .pooled import VG, backend, connect

assert backend  # a fixture
HOST = "sharedblock-host1"
CAPTURED = Path(__file__).parents[3] / "fixtures/captured/debian12/sanlock/status-D.txt"
# Each daemon has its own.
OWN = ("daemon ", "    our_host_name=", "    helper_", "    monotime=")


def daemon_lines(text: str) -> list[str]:
    """What is said of the daemon itself."""
    lines = text.splitlines()
    first = next(number for number, line in enumerate(lines) if number and line[0] != " ")
    return [line.partition("=")[0] if line.startswith(OWN) else line for line in lines[1:first]]


def test_daemon_is_told_as_a_real_one_with_the_same_settings(backend: SimBackend) -> None:
    connect(backend, HOST, 1, first=True)
    told = backend.machines[HOST].run(*SANLOCK_STATUS).stdout
    assert daemon_lines(told) == daemon_lines(CAPTURED.read_text())
    assert f"\ns lvm_{VG}:1:/dev/mapper/{VG}-lvmlock:0\n    list=spaces\n" in told


def test_key_that_this_release_does_not_know_changes_nothing(backend: SimBackend) -> None:
    machine = backend.machines[HOST]
    machine.run("env", "apt-get", "install", "--", "lvm2", "lvm2-lockd", "sanlock")
    machine.run("mkdir", "-p", PATH.rpartition("/")[0])
    machine.write(PATH, b"watchdog_fire_timeout = 1\n", 0o644)
    connect(backend, HOST, 1, first=True)
    assert read_fire_seconds(machine) == FIRE_SECONDS == SIMULATED_FIRE_SECONDS
