"""The door to a storage server: the program is there, is asked, and its words come back."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from sbsim.errors import CommandFailed, SbsimError
from sbsim.machines.machine import Process, Result
from sbsim.target import pyz
from sbsim.target.program import run
from sbsim.target.server import Server
from sbsim.target.target_server import TargetServer
from sbsim.target.unit import PROGRAM
from suites.unit.target.arrays import array, lun
from suites.unit.target.kernel import Kernel

WANTED = array(lun(0))


class StorageMachine:
    """A machine whose python3 runs the target program's own function on a server in memory."""

    name = "array-1"
    boot_id = "boot-1"

    def __init__(self, server: Server) -> None:
        self.files: dict[str, bytes] = {}
        self.argvs: list[tuple[str, ...]] = []
        self.python: Callable[[str, bytes], Result] | None = None
        self._server = server

    def run(
        self,
        *argv: str,
        input: bytes | str | None = None,
        timeout: float = 60,
        check: bool = True,
    ) -> Result:
        self.argvs.append(argv)
        if argv[0] == "python3":
            assert isinstance(input, str)
            return self._python(argv, input.encode())
        if argv[0] == "sha256sum":
            held = self.files.get(argv[-1])
            same = held == pyz.program()
            text = f"{pyz.digest() if same else 'another'}  {argv[-1]}\n"
            return Result(argv, 0 if held else 1, text if held else "", "", 0.1)
        if argv[0] == "rm":
            self.files.pop(argv[-1], None)
        return Result(argv, 0, "", "", 0.1)

    def _python(self, argv: tuple[str, ...], data: bytes) -> Result:
        if self.python is not None:
            return self.python(argv[-1], data)
        if argv[1] not in self.files:
            text = f"python3: can't open file '{argv[1]}': [Errno 2] No such file or directory\n"
            return Result(argv, 2, "", text, 0.1)
        status, answer = run(argv[2:], lambda: data, self._server)
        return Result(argv, status, json.dumps(answer) + "\n", "", 0.1)

    def start(self, *argv: str) -> Process:
        raise AssertionError("nothing is left running")

    def read(self, path: str) -> bytes:
        return self.files[path]

    def write(self, path: str, data: bytes, mode: int = 0o644, owner: str | None = None) -> None:
        self.files[path] = data


@pytest.fixture
def machine(server: Server) -> StorageMachine:
    return StorageMachine(server)


@pytest.fixture
def array_server(machine: StorageMachine) -> TargetServer:
    return TargetServer(machine, "me")


def test_program_is_copied_once(machine: StorageMachine, array_server: TargetServer) -> None:
    assert array_server.apply(WANTED).changes
    assert machine.files[PROGRAM] == pyz.program()
    machine.argvs.clear()
    assert not array_server.apply(WANTED)
    assert machine.argvs == [("python3", PROGRAM, "apply")]


def test_another_program_is_replaced(machine: StorageMachine, array_server: TargetServer) -> None:
    machine.files[PROGRAM] = b"old"
    array_server.read()
    assert machine.files[PROGRAM] == pyz.program()
    assert not array_server.install()


def test_program_is_copied_again_to_a_machine_made_anew(
    machine: StorageMachine, array_server: TargetServer
) -> None:
    array_server.read()
    machine.files.clear()
    assert array_server.read().array == array_server.read().array
    assert PROGRAM in machine.files


def test_secrets_are_never_in_the_command(
    machine: StorageMachine, array_server: TargetServer
) -> None:
    array_server.apply(WANTED)
    array_server.differences(WANTED)
    assert "canary" not in str(machine.argvs)


def test_what_is_there_is_read_and_compared(array_server: TargetServer) -> None:
    array_server.apply(WANTED)
    reading = array_server.read()
    assert (reading.array, reading.owner) == (WANTED.masked(), "me")
    assert array_server.differences(WANTED) == ()
    assert [str(one) for one in array_server.differences(array(lun(0), lun(1)))] == [
        "backstore block/lun-1 is missing"
    ]


def test_removal_takes_the_program_away_too(
    machine: StorageMachine, array_server: TargetServer, kernel: Kernel
) -> None:
    array_server.apply(WANTED)
    assert array_server.remove().changes
    assert (machine.files, kernel.state) == ({}, {})


def test_the_programs_error_names_the_machine(array_server: TargetServer) -> None:
    with pytest.raises(SbsimError) as caught:
        array_server.apply(array(lun(0, path="/dev/no")))
    assert str(caught.value).startswith("array-1: LUN lun-0: /dev/no is not there")


def test_a_machine_without_python_is_named(
    machine: StorageMachine, array_server: TargetServer
) -> None:
    machine.python = lambda command, data: Result(
        ("python3", PROGRAM, command), 127, "", "sh: 1: exec: python3: not found\n", 0.1
    )
    with pytest.raises(SbsimError, match=r"array-1: expected python3, .* found none"):
        array_server.read()


@pytest.mark.parametrize("stdout", ["", "Killed", "[]", '{"changes": 1}', '{"error": 1}'])
def test_an_answer_that_is_none_is_a_failed_command(
    stdout: str, machine: StorageMachine, array_server: TargetServer
) -> None:
    machine.python = lambda command, data: Result(
        ("python3", PROGRAM, command), 137, stdout, "Killed", 0.1
    )
    with pytest.raises(CommandFailed, match="ended with status 137: Killed"):
        array_server.apply(WANTED)
