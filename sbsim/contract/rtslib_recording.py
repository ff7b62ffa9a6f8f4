"""What rtslib gave on a real kernel, step by step."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sbsim.contract import rtslib_scenario as scenario
from sbsim.contract.configfs_recording import LIMIT_SECONDS, Disk, look_at_disk, prepare, short
from sbsim.machines import Machine
from sbsim.target.pyz import libraries, packed

PROGRAM = "/var/tmp/sbsim-contract.pyz"


@dataclass(frozen=True)
class RtslibRecording:
    """What one kernel gave: of each step its name and answer, in their order."""

    kernel: str
    disk: Disk
    steps: tuple[list[Any], ...]

    def save(self, folder: Path) -> None:
        """Write the file; the same recording always gives the same bytes."""
        steps = [json.dumps(one, sort_keys=True) for one in self.steps]
        head = f'"kernel": {json.dumps(self.kernel)},\n"disk": {json.dumps(vars(self.disk))},\n'
        path = folder / f"rtslib-{short(self.kernel)}.json"
        path.write_text(f'{{\n{head}"steps": [\n' + ",\n".join(steps) + "\n]}\n")


def load(path: Path) -> RtslibRecording:
    """Read it again."""
    data = json.loads(path.read_text())
    return RtslibRecording(data["kernel"], Disk(**data["disk"]), tuple(data["steps"]))


def record(machine: Machine, device: str) -> RtslibRecording:
    """Take every step on a machine's own LIO, which must hold nothing; leave it so.

    `device` is a block device that nobody uses; what is on it is lost.
    """
    prepare(machine)
    main = Path(scenario.__file__).read_bytes()
    machine.write(PROGRAM, packed([("__main__.py", main), *libraries()]))
    done = machine.run("python3", PROGRAM, device, timeout=LIMIT_SECONDS)
    files = (scenario.FILE_A, scenario.FILE_B, scenario.SAVED, PROGRAM)
    machine.run("rm", "-f", *files)
    kernel = machine.run("uname", "-r").stdout.strip()
    return RtslibRecording(kernel, look_at_disk(machine, device), tuple(json.loads(done.stdout)))
