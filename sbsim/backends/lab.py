"""The lab as a backend: real kernels in virtual machines that sbsim boots itself."""

from __future__ import annotations

import contextlib
import os
import shutil
import statistics
import time
from functools import partial
from pathlib import Path
from typing import Any

import paramiko

from sbsim.backends.backend import Progress, Traits, described
from sbsim.deployment import Deployment
from sbsim.errors import LabError, MachineError, SbsimError
from sbsim.kvm.hypervisor import Hypervisor, Hypervisors
from sbsim.lab import lab as labs
from sbsim.lab import manifest, states
from sbsim.lab.accelerator import kvm_works
from sbsim.lab.aims import COLD_UP, COMMAND, IMAGE, RESTORE, STORED_UP, Reached
from sbsim.lab.fitness import check_fits
from sbsim.lab.folder import LabFolder
from sbsim.lab.image import ensure_image, image_folder
from sbsim.lab.keys import ensure_keys
from sbsim.lab.memory import check_memory
from sbsim.lab.plan import Plan, plan_for
from sbsim.lab.recipe import Recipe, default_recipe
from sbsim.machines import Machine, WallClock, parallel, real
from sbsim.machines.clock import wait_until
from sbsim.machines.ssh import SshMachine

SSH_PORT = 22
SETTLE_LIMIT_SECONDS = 240.0
# The file in a saved state's folder that tells what it was made from.
VERSION = "version"
_CAPABILITIES = {
    "machines",
    "real_kernel",
    "array_control",
    "power_cycle",
    "programs",
    "link_faults",
    "disposable",
    "kept_states",
    "pool",
    "vm_instances",
}


class LabBackend:
    """A description's machines in a lab. `keep` leaves the lab up when this process ends.

    Raises UsageError for a description that a lab cannot be.
    """

    def __init__(
        self, deployment: Deployment | None, name: str | None = None, keep: bool = False
    ) -> None:
        self._deployment = deployment
        if name is None:
            name = deployment.name if deployment else ""
        if deployment:
            check_fits(deployment)
        self._folder = LabFolder(name)
        self._keep = keep
        self._owned = False
        self._lab: labs.Lab | None = None
        self._plan: Plan | None = None
        self._kvm = False
        self._machines: dict[str, SshMachine] = {}
        self._hypervisors = Hypervisors(lambda machine: self._machines[machine])
        self.reached = Reached()

    @classmethod
    def attached(cls, lab: labs.Lab) -> LabBackend:
        """The backend of a lab that is up, whatever description it was started from."""
        backend = cls(None, name=lab.name, keep=True)
        status = lab.status()
        backend._lab, backend._plan, backend._kvm = lab, lab.plan(), status["kvm"]
        backend._open_machines()
        return backend

    # --- what it is -------------------------------------------------------------------------

    @property
    def traits(self) -> Traits:
        """What the machines are."""
        capabilities = set(_CAPABILITIES)
        if self._kvm:
            capabilities.add("measured_io")
        if self._deployment:
            capabilities |= described(self._deployment)
        return Traits(
            backend="lab",
            capabilities=frozenset(capabilities),
            emulated=not self._kvm,
            simulated=False,
            facts=_facts(self._kvm),
        )

    @property
    def owned(self) -> bool:
        """Whether this backend booted the lab."""
        return self._owned

    @property
    def clock(self) -> WallClock:
        """The wall clock."""
        return WallClock()

    def ids(self) -> str:
        """A uuid that nothing else has."""
        return real.ids()

    def time(self) -> float:
        """The seconds since 1970."""
        return real.now()

    @property
    def store(self) -> Path:
        """The management plane's file, beside the keeper's socket: it ends with the lab."""
        return self._folder.store

    @property
    def machines(self) -> dict[str, Machine]:
        """Every machine by name."""
        return dict(self._machines)

    @property
    def hypervisor(self) -> Hypervisor:
        """Opens a machine's libvirt, through the connection that the machine has."""
        return self._hypervisors

    @property
    def console_logs(self) -> Path:
        """The folder with each machine's console."""
        return self._folder.console

    # --- up and down ------------------------------------------------------------------------

    def up(self, progress: Progress) -> None:
        """Boot the machines, restore them if they were booted before, or use the lab that is up."""
        assert self._deployment is not None, "an attached backend is up already"
        recipe = default_recipe()
        image = self._ensure_image(recipe, progress)
        self._kvm = kvm_works(image)
        self._plan = plan_for(self._deployment, recipe.key)
        self._lab = labs.find(self._folder)
        if self._lab is not None:
            self._check_fits(self._lab)
            progress(f"the lab {self._folder.name} is up already")
            self._open_machines()
            # Side by side: on an emulated machine each connection takes a second.
            parallel(self._machines.values(), _greet)
        else:
            self._start(progress)
        if self._keep:
            self._lab_or_fail().keep()

    def _ensure_image(self, recipe: Recipe, progress: Progress) -> Path:
        began, there = self.clock.now(), image_folder(recipe).is_dir()
        image = ensure_image(recipe, progress)
        if not there:
            self.reached.seconds[IMAGE] = self.clock.now() - began
        return image

    def _check_fits(self, lab: labs.Lab) -> None:
        status = lab.status()
        if self._plan is None or status["plan"] != self._plan.key:
            raise LabError(
                f"the lab {lab.name} is up with other machines than this description's; "
                "end it with `sbsim lab down`"
            )
        if status["phase"] != "up":
            raise LabError(f"the lab {lab.name} is {status['phase']}; try again when it is up")

    def _start(self, progress: Progress) -> None:
        assert self._plan is not None
        check_memory(self._plan)
        began = self.clock.now()
        if not self._kvm:
            progress("KVM does not work here: the machines are emulated, which is slower")
        state = states.sound_state(self._plan, states.BOOTED, self._kvm)
        self._lab = labs.start(self._folder, self._plan, self._kvm)
        self._owned = True
        try:
            self._lab.up(state, progress)
            self._open_machines()
            if state is None:
                self._settle(progress)
                self.save(states.BOOTED, progress)
            else:
                self._set_clocks()
            aim = COLD_UP if state is None else STORED_UP
            self.reached.seconds[aim] = self.clock.now() - began
        except BaseException:
            self._keep_consoles(progress)
            self.down()
            raise

    def _keep_consoles(self, progress: Progress) -> None:
        """Move the consoles of a lab that failed to where they outlive it."""
        kept = self._folder.path.with_name(f"{self._folder.name}-failed")
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(self._folder.path, kept, ignore=shutil.ignore_patterns("*.sock", "lock"))
        progress(f"the consoles and the keeper's log are kept in {kept}")

    def down(self) -> None:
        """End the lab if this backend started it and was not told to keep it."""
        self._hypervisors.close()
        for machine in self._machines.values():
            machine.close()
        self._machines = {}
        if self._lab is not None and self._owned:
            self._lab.down()
        self._lab, self._owned = None, False

    def _open_machines(self) -> None:
        assert self._plan is not None
        lab, keys = self._lab_or_fail(), ensure_keys()
        client = paramiko.Ed25519Key.from_private_key_file(str(keys.client))
        host_key = paramiko.Ed25519Key.from_private_key_file(str(keys.host))
        self._machines = {
            name: SshMachine(name, partial(lab.connect, name, SSH_PORT), "root", client, host_key)
            for name in (planned.name for planned in self._plan.machines)
        }

    def _settle(self, progress: Progress) -> None:
        progress("waiting until every machine has started all of its services")
        parallel(self._machines.values(), _sound)

    def _set_clocks(self) -> None:
        parallel(self._machines.values(), _set_clock)

    # --- states and faults ------------------------------------------------------------------

    def save(self, name: str, progress: Progress, version: str = "") -> None:
        """Keep the state of all machines under a name, for this plan."""
        assert self._plan is not None
        lab = self._lab_or_fail()
        states.check_room(self._plan)
        self._drop_connections()

        def fill(aside: Path) -> None:
            lab.save(aside, progress)
            if self.store.exists():
                shutil.copy(self.store, aside / self.store.name)
            (aside / VERSION).write_text(version)

        states.make_state(self._plan, name, self._kvm, fill)
        self._set_clocks()

    def has(self, name: str, version: str = "") -> bool:
        """Whether an undamaged state of this plan was kept under that name and version."""
        assert self._plan is not None
        made_from = states.state_folder(self._plan, name, self._kvm) / VERSION
        if not made_from.is_file() or made_from.read_text() != version:
            return False
        return states.sound_state(self._plan, name, self._kvm) is not None

    def forget(self, name: str) -> None:
        """Remove a kept state; nothing if there is none."""
        assert self._plan is not None
        manifest.remove(states.state_folder(self._plan, name, self._kvm))

    def restore(self, name: str, progress: Progress) -> None:
        """Bring all machines back to a kept state."""
        assert self._plan is not None
        began = self.clock.now()
        folder = states.sound_state(self._plan, name, self._kvm)
        if folder is None:
            raise LabError(f"there is no sound saved state {name!r} of this lab; save it first")
        self._drop_connections()
        self._lab_or_fail().restore(folder, progress)
        self._restore_store(folder / self.store.name)
        self._set_clocks()
        self.reached.seconds[RESTORE] = self.clock.now() - began

    def time_command(self) -> None:
        """Measure what a command costs: the middle one of all machines' times."""
        times = [machine.run("true").seconds for machine in self._machines.values()]
        self.reached.seconds[COMMAND] = statistics.median(times)

    def _restore_store(self, kept: Path) -> None:
        """The store as it was then; none, where there was none yet."""
        if kept.exists():
            aside = self.store.with_suffix(".new")
            shutil.copy(kept, aside)
            aside.replace(self.store)
        else:
            self.store.unlink(missing_ok=True)

    def power(self, machine: str, on: bool) -> None:
        """Cut or restore a machine's power; it may come back with units that failed."""
        lab = self._lab_or_fail()
        lab.machine(machine, "power_on" if on else "power_off")
        self._machines[machine].reconnect()
        if on:
            lab.machine(machine, "wait_ready")
            _settled(self._machines[machine])

    def restart(self, machine: str) -> None:
        """Restart a machine from within; return when systemd has started everything."""
        wanted = self._machines[machine]
        before = wanted.boot_id
        with contextlib.suppress(MachineError):  # the connection breaks: that is the point
            wanted.run("systemctl", "reboot", check=False, timeout=10)

        def rebooted() -> bool:
            wanted.reconnect()
            try:
                return wanted.boot_id != before
            except SbsimError:
                return False

        wait_until(
            self.clock, rebooted, SETTLE_LIMIT_SECONDS, f"{machine} to restart", every_seconds=1
        )
        _settled(wanted)

    def link(self, machine: str, link: str, up: bool) -> None:
        """Pull or plug a machine's cable to one link."""
        self._lab_or_fail().machine(machine, "link", link=link, up=up)

    def resize_disk(self, server: str, device: str, size: int) -> None:
        """Give the disk behind a storage server's LUN another size."""
        self._lab_or_fail().machine(server, "resize_disk", device=device, size=size)

    def _drop_connections(self) -> None:
        self._hypervisors.close()
        for machine in self._machines.values():
            machine.reconnect()

    def _lab_or_fail(self) -> labs.Lab:
        if self._lab is None:
            raise LabError(f"the lab {self._folder.name} is not up; start it with `sbsim lab up`")
        return self._lab


def _settled(machine: SshMachine) -> str:
    """Wait until systemd has started all there is; return "running", or in a word what it is."""
    state = machine.run(
        "systemctl", "is-system-running", "--wait", timeout=SETTLE_LIMIT_SECONDS, check=False
    )
    return state.stdout.strip()


def _sound(machine: SshMachine) -> None:
    """Wait until systemd has started all; a unit that failed is the lab's fault."""
    state = _settled(machine)
    if state != "running":
        failed = machine.run("systemctl", "--failed", "--no-legend", "--plain", check=False).stdout
        raise LabError(f"{machine.name} is {state} after its boot:\n{failed}")


def _greet(machine: SshMachine) -> None:
    with contextlib.suppress(MachineError):  # that it is silent is for the tests to find
        machine.run("true")


def _set_clock(machine: SshMachine) -> None:
    # A machine that was paused lags by as long as it was.
    machine.run("date", "--utc", "--set", f"@{time.time():.3f}")


def _facts(kvm: bool) -> dict[str, Any]:
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {"cpus": os.cpu_count(), "memory": memory, "kvm": kvm}
