"""The machines of one lab: booted, watched, saved, restored, ended.

Lives in the keeper, inside the lab's namespaces. `progress` is told one line per step.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import libvirt

from sbsim.errors import LabError, WaitedInVain
from sbsim.lab.domains import Boot, card_xml, domain_xml, lun_disk, on_reboot, own_disk
from sbsim.lab.keys import Keys
from sbsim.lab.network import control_scope
from sbsim.lab.own_disk import make_own_disk
from sbsim.lab.plan import Plan, PlannedMachine
from sbsim.machines.clock import WallClock, wait_until
from sbsim.machines.parallel import parallel

Progress = Callable[[str], None]

SSH_PORT = 22
BOOT_LIMIT_SECONDS = 240.0
FORGET_LIMIT_SECONDS = 30.0
CONSOLE_LINES = 12

_STATES = {
    libvirt.VIR_DOMAIN_RUNNING: "running",
    libvirt.VIR_DOMAIN_PAUSED: "paused",
    libvirt.VIR_DOMAIN_SHUTDOWN: "shutting down",
    libvirt.VIR_DOMAIN_SHUTOFF: "off",
    libvirt.VIR_DOMAIN_CRASHED: "crashed",
}


@dataclass(frozen=True)
class Fleet:
    """All machines of a plan, over one open driver."""

    plan: Plan
    boot: Boot
    keys: Keys
    driver: libvirt.virConnect
    _answered: set[str] = field(default_factory=set)  # since their last start

    # --- life -------------------------------------------------------------------------------

    def power_on_all(self, progress: Progress) -> None:
        """Make every disk and boot every machine from nothing."""
        progress(f"making the disks of {len(self.plan.machines)} machines")
        parallel(self.plan.machines, self._make_disks)
        progress("starting " + ", ".join(machine.name for machine in self.plan.machines))
        parallel(self.plan.machines, self._create)
        self._wait_for_all(progress)

    def power_on(self, name: str) -> None:
        """Boot one machine that is off, from the disks it has."""
        machine = self._planned(name)
        if self._state(machine) != "off":
            raise LabError(f"{name} is {self._state(machine)}, not off")
        self._create(machine)

    def restart_on_reboot(self) -> None:
        """From now on start every machine that reboots.

        One that has not answered since its start did not mean to: its kernel gave up, and would
        again. It stays off, for whoever waits for it to see.
        """
        on_reboot(
            self.driver,
            lambda name: self._start_again(name) if name in self._answered else None,
        )

    def _start_again(self, name: str) -> None:
        """Start a machine that went off to reboot.

        libvirt tells that a machine has stopped before it has forgotten it, and meanwhile refuses
        another one of that name. What it refuses is in the keeper's log.
        """
        machine = self._planned(name)

        def started() -> bool:
            try:
                self._create(machine)
            except LabError as error:
                print(error, flush=True)
            return self._state(machine) != "off"

        wait_until(WallClock(), started, FORGET_LIMIT_SECONDS, f"{name} to start again")

    def power_off(self, name: str) -> None:
        """Cut one machine's power."""
        self._destroy(self._planned(name))

    def wait_ready(self, name: str) -> None:
        """Wait until one machine's ssh server greets."""
        self._wait_ready(self._planned(name))

    def pause(self, name: str) -> None:
        """Hold one machine's processors."""
        self._domain(self._planned(name)).suspend()

    def resume(self, name: str) -> None:
        """Let one machine's processors go on."""
        self._domain(self._planned(name)).resume()

    def set_link(self, name: str, link: str, up: bool) -> None:
        """Pull or plug the cable between one machine and a link of the description."""
        machine = self._planned(name)
        card = next((card for card in machine.cards if card.link == link), None)
        if card is None or not link:
            known = ", ".join(card.link for card in machine.cards if card.link)
            raise LabError(f"{name} has no network card on link {link!r}; it has one on {known}")
        self._domain(machine).updateDeviceFlags(
            card_xml(card, up=up), libvirt.VIR_DOMAIN_AFFECT_LIVE
        )

    def resize_disk(self, name: str, device: str, size: int) -> None:
        """Give a running machine's disk another size, while it is in use; `size` in bytes."""
        machine = self._planned(name)
        disk = next((disk for disk in machine.disks if disk.device == device), None)
        if disk is None:
            known = ", ".join(disk.device for disk in machine.disks) or "none"
            raise LabError(f"{name} has no disk {device!r} that could be resized; it has {known}")
        path = str(lun_disk(self.boot, machine, disk))
        self._domain(machine).blockResize(path, size, libvirt.VIR_DOMAIN_BLOCK_RESIZE_BYTES)

    def status(self) -> dict[str, str]:
        """Each machine's state by name: running, paused, off, …"""
        return {machine.name: self._state(machine) for machine in self.plan.machines}

    # --- states -----------------------------------------------------------------------------

    def save(self, folder: Path) -> None:
        """Write memory and disks of all machines into `folder`, at one moment; then go on."""
        domains = [self._domain(machine) for machine in self.plan.machines]
        for domain in domains:
            domain.suspend()
        parallel(self.plan.machines, lambda machine: self._save_machine(machine, folder))
        parallel(self.plan.machines, lambda machine: self._load_memory(machine, folder))
        self._resume_all()

    def restore(self, folder: Path) -> None:
        """Go back to what `save` wrote into `folder`, whatever the machines do now."""
        parallel(self.plan.machines, lambda machine: self._bring_back(machine, folder))
        self._resume_all()

    def _save_machine(self, machine: PlannedMachine, folder: Path) -> None:
        self._domain(machine).saveFlags(
            str(folder / f"{machine.name}.memory"), None, libvirt.VIR_DOMAIN_SAVE_PAUSED
        )
        self._copy_disks(machine, self.boot.disks, folder)

    def _bring_back(self, machine: PlannedMachine, folder: Path) -> None:
        self._destroy(machine)
        self._copy_disks(machine, folder, self.boot.disks)
        self._load_memory(machine, folder)

    def _load_memory(self, machine: PlannedMachine, folder: Path) -> None:
        self.driver.restoreFlags(
            str(folder / f"{machine.name}.memory"), None, libvirt.VIR_DOMAIN_SAVE_PAUSED
        )
        self._answered.add(machine.name)  # it was saved as one that runs

    def _resume_all(self) -> None:
        for machine in self.plan.machines:
            self._domain(machine).resume()

    def _copy_disks(self, machine: PlannedMachine, source: Path, target: Path) -> None:
        for path in self._disk_paths(machine):
            copy_sparse(source / path.name, target / path.name)

    # --- one machine ------------------------------------------------------------------------

    def connect(self, name: str, port: int) -> socket.socket:
        """A connected TCP socket to one machine's control address."""
        machine = self._planned(name)
        connection = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        connection.settimeout(10)
        try:
            connection.connect((machine.control, port, 0, control_scope()))
        except OSError as error:
            connection.close()
            raise LabError(f"{name} does not answer on port {port}: {error}") from error
        connection.settimeout(None)
        self._answered.add(name)
        return connection

    def _planned(self, name: str) -> PlannedMachine:
        try:
            return self.plan.machine(name)
        except KeyError:
            known = ", ".join(machine.name for machine in self.plan.machines)
            raise LabError(f"the lab has no machine {name}; it has {known}") from None

    def _disk_paths(self, machine: PlannedMachine) -> Iterator[Path]:
        yield own_disk(self.boot, machine)
        for disk in machine.disks:
            yield lun_disk(self.boot, machine, disk)

    def _make_disks(self, machine: PlannedMachine) -> None:
        make_own_disk(machine, self.keys, own_disk(self.boot, machine))
        for disk in machine.disks:
            with lun_disk(self.boot, machine, disk).open("wb") as file:
                file.truncate(disk.size)

    def _create(self, machine: PlannedMachine) -> None:
        self._answered.discard(machine.name)
        try:
            self.driver.createXML(domain_xml(machine, self.boot))
        except libvirt.libvirtError as error:
            raise LabError(f"{machine.name} cannot be started: {error}") from error

    def _domain(self, machine: PlannedMachine) -> libvirt.virDomain:
        try:
            return self.driver.lookupByName(machine.name)
        except libvirt.libvirtError as error:
            raise LabError(f"{machine.name} is off{self._last_words(machine)}") from error

    def _state(self, machine: PlannedMachine) -> str:
        try:
            state, _reason = self.driver.lookupByName(machine.name).state()
        except libvirt.libvirtError:
            return "off"
        return _STATES.get(state, f"in libvirt state {state}")

    def _destroy(self, machine: PlannedMachine) -> None:
        with contextlib.suppress(libvirt.libvirtError):  # it is off already
            self.driver.lookupByName(machine.name).destroy()

    # --- waiting ----------------------------------------------------------------------------

    def _wait_for_all(self, progress: Progress) -> None:
        waiting = {machine.name for machine in self.plan.machines}

        def wait(machine: PlannedMachine) -> None:
            self._wait_ready(machine)
            waiting.discard(machine.name)
            rest = f"; waiting for {', '.join(sorted(waiting))}" if waiting else ""
            progress(f"{machine.name} is up{rest}")

        parallel(self.plan.machines, wait)

    def _wait_ready(self, machine: PlannedMachine) -> None:
        try:
            wait_until(
                WallClock(), lambda: self._greets(machine), BOOT_LIMIT_SECONDS, "its ssh server"
            )
        except WaitedInVain as error:
            raise LabError(f"{machine.name}: {error}{self._last_words(machine)}") from error

    def _greets(self, machine: PlannedMachine) -> bool:
        if self._state(machine) in ("off", "crashed"):
            raise LabError(f"{machine.name} stopped while it booted{self._last_words(machine)}")
        try:
            with self.connect(machine.name, SSH_PORT) as connection:
                connection.settimeout(10)
                return connection.recv(4) == b"SSH-"
        except (LabError, OSError):
            return False

    def _last_words(self, machine: PlannedMachine) -> str:
        try:
            text = (self.boot.console / f"{machine.name}.log").read_text(errors="replace")
        except OSError:
            return "; it has printed nothing on its console"
        lines = [line.strip() for line in text.splitlines() if line.strip()][-CONSOLE_LINES:]
        return "; the last lines of its console:\n    " + "\n    ".join(lines)


def copy_sparse(source: Path, target: Path) -> None:
    """Copy a disk image, holes as holes."""
    done = subprocess.run(
        ["cp", "--sparse=always", "--reflink=auto", "--", str(source), str(target)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise LabError(f"cannot copy {source.name}: {done.stderr.strip()}")
