"""A simulated machine: its files, cards, units, disks; and the first door to it."""

from __future__ import annotations

import errno
import functools
import hashlib
import itertools
import os
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from sbsim.errors import CommandFailed, CommandTimeout, MachineError
from sbsim.machines.machine import DEFAULT_TIMEOUT_SECONDS, Process, Result
from sbsim.sim import releases, views
from sbsim.sim.block_devices import BlockDevices
from sbsim.sim.device_mapper import DeviceMapper
from sbsim.sim.errors import NotSimulated
from sbsim.sim.files import FileSystem
from sbsim.sim.kvm.host import InstancesOf
from sbsim.sim.lvm.daemons import LVMLOCKD_UNIT, SANLOCK_UNIT, LockDaemons
from sbsim.sim.network import Card, Network
from sbsim.sim.packages import Package, Packages
from sbsim.sim.process import SimulatedProcess, Stop
from sbsim.sim.san import multipathd
from sbsim.sim.san.array import Array
from sbsim.sim.san.fc import FcPorts
from sbsim.sim.san.initiator import Initiator
from sbsim.sim.san.multipathd import Multipathd
from sbsim.sim.san.nexus import Nexuses
from sbsim.sim.scheduler import Scheduler
from sbsim.sim.udev import Udev

NO_SUCH_COMMAND = 127
FOLDERS = ("/etc/iscsi/nodes", "/etc/iscsi/send_targets", "/etc/systemd/system",
           "/etc/udev/rules.d", "/dev", "/proc", "/run", "/sys", "/tmp", "/var/lib",
           "/var/tmp", "/var/target", "/root")  # fmt: skip


@dataclass(frozen=True)
class Call:
    """One call of a tool: the words after its name, and what it reads from its input."""

    machine: SimulatedMachine
    argv: tuple[str, ...]
    input: bytes

    @property
    def words(self) -> tuple[str, ...]:
        """The words after the tool's name."""
        return self.argv[1:]

    def unknown(self, what: str) -> NotSimulated:
        """The error for a use that the tool's simulation does not know."""
        return NotSimulated(self.machine.name, self.argv, what, "sbsim/sim/tools")


@dataclass(frozen=True)
class Output:
    """What a tool gives, and the virtual seconds that it takes."""

    stdout: str = ""
    stderr: str = ""
    status: int = 0
    seconds: float = 0.05


Tool = Callable[[Call], Output]
TOOLS: dict[str, Tool] = {}
# What a call that is to run on does until it is told to stop.
Program = Callable[[Stop], Output]
PROGRAMS: dict[str, Callable[[Call], Program]] = {}


def tool(*names: str) -> Callable[[Tool], Tool]:
    """Decorate the function that is a tool of these names on every machine."""

    def register(function: Tool) -> Tool:
        for name in names:
            assert name not in TOOLS, name
            TOOLS[name] = function
        return function

    return register


def program(name: str) -> Callable[[Callable[[Call], Program]], Callable[[Call], Program]]:
    """Decorate what reads the call of a command that can run on, and returns what it then does."""

    def register(function: Callable[[Call], Program]) -> Callable[[Call], Program]:
        PROGRAMS[name] = function
        return function

    return register


class SimulatedMachine:
    """A server in the simulated world; serves as a `Machine`.

    `name` is the description's; the machine itself may call itself otherwise.
    """

    def __init__(
        self, name: str, release: str, cpus: int, memory: int, clock: Scheduler, network: Network
    ) -> None:
        self._name = name
        self.release = release
        self.about = releases.about(release)
        self.cpus = cpus
        self.memory = memory
        self.clock = clock
        self.network = network
        self.cards: list[Card] = []
        self.on = True
        self.host_name = "localhost"
        self.boots = 1
        self.files = FileSystem()
        for folder in FOLDERS:
            self.files.make_folders(folder)
        self.bring(releases.files(release, "machine"))
        self.units: dict[str, str] = {}  # by unit: active, inactive
        self.enabled: set[str] = set()
        self.sysctls: dict[str, str] = {}
        self.packages = Packages(release)
        self.initiator = Initiator(self)
        self.fc = FcPorts(self)
        self.scsi = Nexuses(self)
        self.mapper = DeviceMapper()
        self.block = BlockDevices(self)
        self.udev = Udev(self)
        self.multipathd = Multipathd(self)
        self.lock_daemons = LockDaemons(self)
        self.instances = InstancesOf(self)
        # What a unit's start and stop do, beside its being active.
        self.services: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
            multipathd.UNIT: (self.multipathd.start, self.multipathd.stop),
            **{
                unit: (
                    functools.partial(self.lock_daemons.start, unit),
                    functools.partial(self.lock_daemons.stop, unit),
                )
                for unit in (SANLOCK_UNIT, LVMLOCKD_UNIT)
            },
        }
        self.draw = random.Random(name)
        self.daemon_name = ""  # as iscsid read it when it started
        self.files.mount("/sys", views.sys_of(self))
        self.files.mount("/proc", views.proc_of(self))
        self.array: Array | None = None
        self.at_boot: list[Callable[[], object]] = []

    @property
    def name(self) -> str:
        """Its name in the description."""
        return self._name

    @property
    def boot_id(self) -> str:
        """Changes with every boot."""
        self._must_be_on()
        digest = hashlib.sha256(f"{self._name} {self.boots}".encode()).hexdigest()
        cuts = (0, 8, 12, 16, 20, 32)
        return "-".join(digest[a:b] for a, b in itertools.pairwise(cuts))

    # --- the door -----------------------------------------------------------------------------

    def run(
        self,
        *argv: str,
        input: bytes | str | None = None,
        timeout: float = DEFAULT_TIMEOUT_SECONDS,
        check: bool = True,
    ) -> Result:
        """Run a tool; see `Machine.run`. Raises NotSimulated for what no tool here knows."""
        self._must_be_on()
        data = input.encode("utf-8", "surrogateescape") if isinstance(input, str) else input or b""
        began = self.clock.now()
        output = self.call(argv, data)
        if output.seconds > timeout:
            self.clock.sleep(timeout)
            raise CommandTimeout(self._name, argv, timeout)
        self.clock.sleep(output.seconds)
        seconds = self.clock.now() - began
        result = Result(argv, output.status, output.stdout, output.stderr, seconds)
        if check and result.status:
            raise CommandFailed(self._name, argv, result.status, result.stdout, result.stderr)
        return result

    def call(self, argv: tuple[str, ...], input: bytes) -> Output:
        """What a tool gives, at once. Raises NotSimulated for what no tool here knows."""
        name = os.path.basename(argv[0])
        if name in self.about.lacks or self.packages.lacks(name):
            said = self.about.no_command.format(name=name)
            return Output(stderr=f"{said}\n", status=NO_SUCH_COMMAND)
        known = TOOLS.get(name)
        if known is None:
            raise NotSimulated(self._name, argv, f"command {name}", "sbsim/sim/tools")
        return known(Call(self, argv, input))

    def start(self, *argv: str) -> Process:
        """Start a program that runs on. Raises NotSimulated for what is none here."""
        self._must_be_on()
        name = os.path.basename(argv[0])
        if name not in PROGRAMS:
            raise NotSimulated(self._name, argv, f"program {name} that runs on", "sbsim/sim/tools")
        call = Call(self, argv, b"")
        program = PROGRAMS[name](call)

        def run(stop: Stop) -> tuple[int, str, str]:
            output = program(stop)
            return output.status, output.stdout, output.stderr

        return SimulatedProcess(self._name, argv, self.clock, run)

    def read(self, path: str) -> bytes:
        """A file's content."""
        self._must_be_on()
        return self.files.read(path)

    def write(self, path: str, data: bytes, mode: int = 0o644, owner: str | None = None) -> None:
        """Replace a file in one step; see `Machine.write`."""
        self._must_be_on()
        if not self.files.is_dir(os.path.dirname(path)):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        self.files.write(path, data, mode)

    def bring(self, files: Mapping[str, bytes]) -> None:
        """Put files in place, as an installation does: one that is there already stays."""
        for path, data in files.items():
            self.files.make_folders(os.path.dirname(path))
            if not self.files.exists(path):
                self.files.write(path, data)

    def install(self, names: Iterable[str]) -> list[Package]:
        """Install packages of the release's archive with what they need; those that were missing.

        Every one of `names` must be offered.
        """
        fresh = self.packages.missing(names)
        self.packages.installed += [one.name for one in fresh]
        for one in fresh:
            self.bring(releases.files(self.release, f"packages/{one.name}"))
        return fresh

    # --- power --------------------------------------------------------------------------------

    def power_off(self) -> None:
        """Cut its power: what was only in memory is gone."""
        self.on = False
        self.instances.kill()
        self.initiator.power_off()
        self.fc.power_off()
        self.mapper.clear()
        self.block.clear()
        self.udev.clear()
        self.multipathd.stop()
        self.lock_daemons.kill()
        self.units.clear()
        self.sysctls.clear()
        self.daemon_name = ""

    def boot(self) -> None:
        """Start it; whatever is to come back at a boot does."""
        self.on = True
        self.boots += 1
        self.units.update(dict.fromkeys(self.enabled, "active"))
        for action in self.at_boot:
            action()

    def reconnect(self) -> None:
        """There is no connection to drop."""

    def _must_be_on(self) -> None:
        if not self.on:
            raise MachineError(f"{self._name}: no answer: its power is off")
