"""python3, for what is run with it: the target program and the writer, both in this process."""

from __future__ import annotations

import inspect
import json

from sbsim.initiator import direct_writer
from sbsim.initiator.direct_writer import Writer
from sbsim.sim.machine import Call, Output, Program, program, tool
from sbsim.sim.process import Stop
from sbsim.sim.san.block_io import HostDevice
from sbsim.sim.storage_server import target_server
from sbsim.target import pyz
from sbsim.target.program import COMMANDS, run
from sbsim.target.unit import PROGRAM


@program("python3")
def writer(call: Call) -> Program:
    """The program that writes to a device and tells how it goes."""
    flag, source, *words = call.words
    if (flag, source) != ("-c", inspect.getsource(direct_writer)) or len(words) != 4:
        raise call.unknown("program that runs on")
    path, offset, blocks, report = words
    machine = call.machine

    def save(text: str) -> None:
        machine.files.write(report, text.encode())

    def run(stop: Stop) -> Output:
        try:
            device = HostDevice(machine, path)
        except OSError as error:
            return Output(stderr=f"{error}\n", status=1)
        made = Writer(device, int(offset), int(blocks), save, machine.clock.now)
        made.run(stop)
        return Output(status=1 if made.errors or made.mismatches else 0)

    return run


@tool("python3")
def python3(call: Call) -> Output:
    """Run the target program on this machine's own LIO."""
    path, *words = call.words or ("",)
    machine = call.machine
    if path != PROGRAM or not words or words[0] not in COMMANDS:
        raise call.unknown(f"program {path}")
    if not machine.files.exists(PROGRAM):
        text = f"python3: can't open file '{PROGRAM}': [Errno 2] No such file or directory\n"
        return Output(stderr=text, status=2)
    assert machine.files.read(PROGRAM) == pyz.program(), "another program lies there"

    def command(*argv: str) -> str:
        return machine.run(*argv).stdout

    server = target_server(machine.files, machine.boot_id, command)
    status, answer = run(words, lambda: call.input, server)
    return Output(json.dumps(answer) + "\n", status=status, seconds=1.0)
