"""python3, for the one program that is run with it: the target program, in this process."""

from __future__ import annotations

import json

from sbsim.sim.machine import Call, Output, tool
from sbsim.sim.storage_server import target_server
from sbsim.target import pyz
from sbsim.target.program import COMMANDS, run
from sbsim.target.unit import PROGRAM


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
