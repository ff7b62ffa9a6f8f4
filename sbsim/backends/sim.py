"""The simulator: a description's machines in this process, on virtual time."""

from __future__ import annotations

import contextlib
import functools
import os
import tempfile
from pathlib import Path
from typing import Any

from sbsim.backends.backend import Progress, Traits
from sbsim.deployment import Deployment
from sbsim.errors import SbsimError
from sbsim.initiator.paths import has_several
from sbsim.kvm.hypervisor import Hypervisor, no_hypervisor
from sbsim.machines import Machine
from sbsim.machines.parallel import run_by
from sbsim.sim.scheduler import Scheduler
from sbsim.sim.world import World

# What the simulated world can do so far: chapters 2 to 3.4. The pool is still to come.
CAPABILITIES = frozenset({
    "machines", "array_control", "disposable", "link_faults", "power_cycle", "virtual_time",
})  # fmt: skip


class SimBackend:
    """A description's machines, simulated. They live and die with this process."""

    def __init__(self, deployment: Deployment, seed: int = 0) -> None:
        self._deployment = deployment
        self._world = World(deployment, seed)
        self._inside = contextlib.ExitStack()

    @property
    def traits(self) -> Traits:
        """What the machines are."""
        facts: dict[str, Any] = {
            "cpus": os.cpu_count(),
            "memory": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
            "kvm": False,
        }
        capabilities = set(CAPABILITIES)
        if any(has_several(self._deployment, host) for host in self._deployment.hosts):
            capabilities.add("paths")
        return Traits("sim", frozenset(capabilities), emulated=False, simulated=True, facts=facts)

    @property
    def clock(self) -> Scheduler:
        """Virtual time."""
        return self._world.clock

    @property
    def store(self) -> Path:
        """The management plane's file; it goes with this process."""
        return Path(self._folder) / "management.db"

    @functools.cached_property
    def _folder(self) -> str:
        """Made only for who asks for it: a run that is killed leaves no folder behind."""
        return self._inside.enter_context(tempfile.TemporaryDirectory(prefix="sbsim-sim-"))

    @property
    def machines(self) -> dict[str, Machine]:
        """Every machine by name."""
        return dict(self._world.machines)

    @property
    def hypervisor(self) -> Hypervisor:
        """There is none yet."""
        return no_hypervisor

    @property
    def owned(self) -> bool:
        """The world is this backend's own."""
        return True

    def up(self, progress: Progress) -> None:
        """Have everything from now on live by the world's clock."""
        self._inside.enter_context(run_by(self._world.clock.run_all))

    def down(self) -> None:
        """End the world."""
        self._inside.close()

    def power(self, machine: str, on: bool) -> None:
        """Cut or restore a machine's power."""
        found = self._world.machines[machine]
        if on:
            found.boot()
        else:
            found.power_off()

    def restart(self, machine: str) -> None:
        """Restart a machine."""
        self.power(machine, on=False)
        self.power(machine, on=True)

    def link(self, machine: str, link: str, up: bool) -> None:
        """Pull or plug a machine's cable to a link."""
        for card in self._world.machines[machine].cards:
            if card.link == link:
                card.plugged = up

    def resize_disk(self, server: str, device: str, size: int) -> None:
        """Give the disk behind a storage server's LUN another size."""
        files = self._world.machines[server].files
        files.device(device).size = size

    def save(self, name: str, progress: Progress, version: str = "") -> None:
        """Not yet."""
        raise SbsimError("the simulated world cannot be kept yet")

    def has(self, name: str, version: str = "") -> bool:
        """No state is kept."""
        return False

    def forget(self, name: str) -> None:
        """No state is kept."""

    def restore(self, name: str, progress: Progress) -> None:
        """Not yet."""
        raise SbsimError("the simulated world cannot go back to a kept state yet")
