"""A machine of the lab through its door: what `Machine` promises, held against a real sshd.

Slow: one machine is booted for all tests here, and emulated that takes some twenty seconds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial

import paramiko
import pytest

from sbsim.errors import CommandFailed, CommandTimeout, OutputTooLong, SbsimError
from sbsim.lab import lab as labs
from sbsim.lab.folder import LabFolder
from sbsim.lab.keys import ensure_keys
from sbsim.lab.plan import Plan
from sbsim.machines.machine import OUTPUT_LIMIT_BYTES
from sbsim.machines.ssh import SshMachine
from sbsim.machines.testinfra import testinfra_host

pytestmark = [pytest.mark.lab, pytest.mark.slow]


@pytest.fixture(scope="module")
def machine(solo_plan: Plan, kvm: bool) -> Iterator[SshMachine]:
    lab = labs.start(LabFolder("test-machine"), solo_plan, kvm)
    try:
        lab.up(None)
        key = paramiko.Ed25519Key.from_private_key_file(str(ensure_keys().client))
        found = SshMachine("solo", partial(lab.connect, "solo", 22), "root", key, None)
        yield found
        found.close()
    finally:
        lab.down()


def test_output_status_and_errors_come_back(machine: SshMachine) -> None:
    result = machine.run("sh", "-c", "echo out; echo err >&2; exit 3", check=False)
    assert (result.stdout, result.stderr, result.status) == ("out\n", "err\n", 3)


@pytest.mark.parametrize(
    "text", ["a b", "'", '"', "$HOME", "`id`", "a\nb", "", "-n", "*", "\\", "ü"]
)
def test_argument_reaches_the_command_as_it_is(machine: SshMachine, text: str) -> None:
    assert machine.run("printf", "%s|", text).stdout == f"{text}|"


def test_nul_in_an_argument_is_refused(machine: SshMachine) -> None:
    with pytest.raises(SbsimError, match="NUL"):
        machine.run("echo", "a\0b")


def test_status_other_than_zero_raises_with_command_and_words(machine: SshMachine) -> None:
    with pytest.raises(CommandFailed) as caught:
        machine.run("ls", "/no/such/place")
    assert caught.value.status == 2
    assert "solo: `ls /no/such/place` ended with status 2" in str(caught.value)


def test_unknown_command_is_status_127(machine: SshMachine) -> None:
    assert machine.run("no-such-command", check=False).status == 127


def test_command_past_its_limit_is_ended_with_its_children(machine: SshMachine) -> None:
    with pytest.raises(CommandTimeout, match="did not end within 1 s"):
        machine.run("sh", "-c", "sleep 4321 & sleep 4321", timeout=1)
    assert machine.run("pgrep", "-f", "sleep 4321", check=False).status == 1


def test_command_that_ignores_term_is_killed(machine: SshMachine) -> None:
    with pytest.raises(CommandTimeout):
        machine.run("sh", "-c", "trap '' TERM; while :; do sleep 4322; done", timeout=1)
    assert machine.run("pgrep", "-f", "sleep 4322", check=False).status == 1


def test_endless_output_is_cut(machine: SshMachine) -> None:
    with pytest.raises(OutputTooLong, match=str(OUTPUT_LIMIT_BYTES)):
        machine.run("cat", "/dev/zero", timeout=300)


def test_input_is_given_whole_and_ended(machine: SshMachine) -> None:
    data = bytes(range(256)) * 1000
    result = machine.run("sha256sum", input=data)
    assert result.stdout.split()[0] == hashlib.sha256(data).hexdigest()


def test_started_command_is_polled_and_stopped(machine: SshMachine) -> None:
    process = machine.start("sh", "-c", "echo begun; sleep 4323")
    assert process.poll() is None
    assert process.stop().stdout == "begun\n"
    assert machine.run("pgrep", "-f", "sleep 4323", check=False).status == 1


def test_file_is_written_whole_with_mode_and_read_back(machine: SshMachine) -> None:
    data = bytes(range(256)) * 40
    machine.write("/root/a file", data, mode=0o640, owner="root:disk")
    assert machine.read("/root/a file") == data
    assert machine.run("stat", "-c", "%a %U:%G", "/root/a file").stdout == "640 root:disk\n"
    assert machine.run("find", "/root", "-name", ".a file*").stdout == ""


def test_failed_write_leaves_the_file_and_nothing_aside(machine: SshMachine) -> None:
    machine.write("/root/kept", b"old")
    with pytest.raises(CommandFailed):
        machine.write("/root/kept", b"new", owner="nobody-of-this-name")
    assert machine.read("/root/kept") == b"old"
    assert machine.run("find", "/root", "-name", ".kept*").stdout == ""


def test_kernel_file_is_read_though_it_tells_no_size(machine: SshMachine) -> None:
    assert machine.read("/proc/sys/kernel/ostype") == b"Linux\n"


def test_missing_file_is_a_file_not_found_error(machine: SshMachine) -> None:
    with pytest.raises(FileNotFoundError):
        machine.read("/no/such/file")


def test_connection_that_was_dropped_is_made_anew(machine: SshMachine) -> None:
    before = machine.boot_id
    machine.reconnect()
    assert machine.boot_id == before


def test_testinfra_asks_the_real_machine(machine: SshMachine) -> None:
    host = testinfra_host(machine)
    assert host.service("ssh").is_running
    assert host.package("open-iscsi").is_installed
    # R2.5: what the platform installs when it takes a host over is not there before.
    assert not host.package("sanlock").is_installed
    assert not host.package("lvm2-lockd").is_installed
    assert not host.package("multipath-tools").is_installed


def test_offered_packages_lie_in_the_machines_own_repository(machine: SshMachine) -> None:
    listed = machine.run("sh", "-c", "ls /packages").stdout
    for name in ("lvm2-lockd", "sanlock", "multipath-tools"):
        assert f"{name}_" in listed
