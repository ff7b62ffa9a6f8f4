"""The memory that a lab's machines take from this one."""

from __future__ import annotations

from pathlib import Path

from sbsim.errors import LabError
from sbsim.lab.plan import Plan


def check_memory(plan: Plan) -> None:
    """Raise LabError if the machines of `plan` need more memory than is free."""
    needed = sum(machine.memory for machine in plan.machines)
    available = _available_memory()
    if needed > available:
        raise LabError(
            f"the lab's {len(plan.machines)} machines need {needed >> 20} MiB of memory, "
            f"{available >> 20} MiB are free; lower `memory` in [lab.scale] of the description"
        )


def _available_memory() -> int:
    text = Path("/proc/meminfo").read_text()
    line = next(line for line in text.splitlines() if line.startswith("MemAvailable:"))
    return int(line.split()[1]) * 1024
