"""A machine whose fio does what it is told at the pace that a test gives each device."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sbsim.errors import CommandFailed
from sbsim.machines.machine import DEFAULT_TIMEOUT_SECONDS, Result

_JOB = re.compile(r"\[(?P<name>[^\]]+)\]\n(?P<options>(?:[^\[\n].*\n?)*)")


@dataclass
class FioMachine:
    """`paces`: I/Os a second by device. `jobs` are the job files that were run."""

    name: str
    paces: Mapping[str, Callable[[], float]]
    answers: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    jobs: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    stopped: int = 0
    fails: BaseException | None = None
    boot_id = "one"

    def run(
        self,
        *argv: str,
        input: bytes | str | None = None,
        timeout: float = DEFAULT_TIMEOUT_SECONDS,
        check: bool = True,
    ) -> Result:
        if argv not in self.answers:
            raise CommandFailed(self.name, argv, 127, "", f"{argv[0]}: not found")
        return Result(argv, 0, self.answers[argv], "", 0.1)

    def start(self, *argv: str) -> FioMachine:
        assert argv[:2] == ("fio", "--output-format=json+")
        self.jobs.append(self.files[argv[2]].decode())
        return self

    def poll(self) -> Result | None:
        return None

    def wait(self, timeout: float = DEFAULT_TIMEOUT_SECONDS) -> Result:
        if self.fails is not None:
            raise self.fails
        return Result(("fio",), 0, self._output(self.jobs[-1]), "", 1.0)

    def stop(self) -> Result:
        self.stopped += 1
        return Result(("fio",), -15, "", "", 1.0)

    def read(self, path: str) -> bytes:
        return self.files[path]

    def write(self, path: str, data: bytes, mode: int = 0o644, owner: str | None = None) -> None:
        self.files[path] = data

    def _output(self, job: str) -> str:
        rows = []
        for match in _JOB.finditer(job):
            options = dict(
                line.split("=", 1) for line in match["options"].splitlines() if "=" in line
            )
            if match["name"] != "global":
                rows.append(_row(match["name"], self.paces[options["filename"]]()))
        return json.dumps({"fio version": "fio-3.33", "jobs": rows})


def _row(name: str, pace: float) -> dict[str, Any]:
    done = round(pace * 3)
    side = {
        "io_bytes": done * 4096, "runtime": 3000, "total_ios": done,
        "clat_ns": {"max": 2_000_000, "bins": {str(round(1e9 / pace)): done}},
    }  # fmt: skip
    none = {"io_bytes": 0, "runtime": 0, "total_ios": 0, "clat_ns": {"max": 0}}
    return {
        "jobname": name, "error": 0, "read": side, "write": none, "usr_cpu": 1.0, "sys_cpu": 2.0,
        "job_runtime": 3000, "ctx": 1,
    }  # fmt: skip
