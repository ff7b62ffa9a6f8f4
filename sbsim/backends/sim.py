"""The simulator: a description's machines in this process, on virtual time."""

from __future__ import annotations

import contextlib
import functools
import os
import random
import shutil
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from sbsim.backends.backend import Progress, Traits, described
from sbsim.deployment import Deployment
from sbsim.errors import LabError
from sbsim.kvm.hypervisor import Hypervisor
from sbsim.machines import Machine
from sbsim.machines.parallel import run_by
from sbsim.sim.kvm.libvirt import SimulatedHypervisors
from sbsim.sim.scheduler import BEGINNING, Scheduler
from sbsim.sim.world import Kept, World

# What the simulated world can do.
CAPABILITIES = frozenset({
    "machines", "array_control", "disposable", "link_faults", "pool", "power_cycle",
    "virtual_time", "vm_instances",
})  # fmt: skip


# Folders of this process' worlds have its number in their names.
FOLDERS = "sbsim-sim-"


class _State(NamedTuple):
    """A kept state: the world, the store's bytes (None where there is none), its version."""

    world: Kept
    store: bytes | None
    version: str


class SimBackend:
    """A description's machines, simulated. They live and die with this process."""

    def __init__(self, deployment: Deployment, seed: int = 0) -> None:
        self._deployment = deployment
        self._world = World(deployment, seed)
        self._inside = contextlib.ExitStack()
        self._hypervisors: SimulatedHypervisors | None = None
        self._draw = random.Random(f"ids {seed}")
        self._kept: dict[str, _State] = {}

    @property
    def traits(self) -> Traits:
        """What the machines are."""
        facts: dict[str, Any] = {
            "cpus": os.cpu_count(),
            "memory": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
            "kvm": False,
        }
        capabilities = CAPABILITIES | described(self._deployment)
        return Traits("sim", capabilities, emulated=False, simulated=True, facts=facts)

    @property
    def clock(self) -> Scheduler:
        """Virtual time."""
        return self._world.clock

    def ids(self) -> str:
        """A uuid, drawn by the seed."""
        return self._draw.randbytes(16).hex()

    def time(self) -> float:
        """The seconds since 1970 in the simulated world."""
        return BEGINNING + self.clock.now()

    @property
    def store(self) -> Path:
        """The management plane's file; it goes with this process."""
        return Path(self._folder) / "management.db"

    @functools.cached_property
    def _folder(self) -> str:
        """Made only for who asks for it; what runs that were killed have left goes first."""
        for left in Path(tempfile.gettempdir()).glob(f"{FOLDERS}*"):
            if not Path("/proc", left.name.split("-")[2]).exists():
                shutil.rmtree(left, ignore_errors=True)
        prefix = f"{FOLDERS}{os.getpid()}-"
        return self._inside.enter_context(tempfile.TemporaryDirectory(prefix=prefix))

    @property
    def machines(self) -> dict[str, Machine]:
        """Every machine by name."""
        return dict(self._world.machines)

    @property
    def hypervisor(self) -> Hypervisor:
        """Every host's libvirt: the test driver's, and what runs in the world."""
        if self._hypervisors is None:
            self._hypervisors = SimulatedHypervisors(self._world, Path(self._folder))
            self._inside.callback(self._hypervisors.close)
        return self._hypervisors

    @property
    def console_logs(self) -> None:
        """Simulated machines have no consoles."""

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
        self._world.happened()

    def restart(self, machine: str) -> None:
        """Restart a machine."""
        self.power(machine, on=False)
        self.power(machine, on=True)

    def link(self, machine: str, link: str, up: bool) -> None:
        """Pull or plug a machine's cable to a link."""
        for card in self._world.machines[machine].cards:
            if card.link == link:
                card.plugged = up
        self._world.happened()

    def resize_disk(self, server: str, device: str, size: int) -> None:
        """Give the disk behind a storage server's LUN another size."""
        files = self._world.machines[server].files
        files.device(device).size = size
        self._world.happened()

    def save(self, name: str, progress: Progress, version: str = "") -> None:
        """Keep the world and the store under a name, for as long as this process lives."""
        store = self.store.read_bytes() if self.store.exists() else None
        self._kept[name] = _State(self._world.keep(), store, version)

    def has(self, name: str, version: str = "") -> bool:
        """Whether a state was kept under that name, made from that version."""
        return name in self._kept and self._kept[name].version == version

    def forget(self, name: str) -> None:
        """Remove a kept state; nothing if there is none."""
        self._kept.pop(name, None)

    def restore(self, name: str, progress: Progress) -> None:
        """Bring the world, its time and the store back to a kept state."""
        if name not in self._kept:
            raise LabError(f"no state {name!r} of the simulated world was kept; save it first")
        kept = self._kept[name]
        self._world.go_back(kept.world)
        if kept.store is None:
            self.store.unlink(missing_ok=True)
        else:
            self.store.write_bytes(kept.store)
