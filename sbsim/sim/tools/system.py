"""Names, processors, memory, time, units: uname, hostnamectl, nproc, lsmem, date, systemctl, ….

And bash, as far as a pipeline goes.
"""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Iterator

from sbsim.sim.machine import Call, Output, SimulatedMachine, tool
from sbsim.sim.options import read
from sbsim.sim.san import fc
from sbsim.sim.san.nexus import MAX_LUN
from sbsim.sim.scheduler import BEGINNING

BLOCK = 128 * 2**20
ACTIVE, INACTIVE = "active", "inactive"
MASK = "/dev/null"
# The kinds of the file systems that a machine has mounted, in their order.
MOUNTED = (
    "overlay", "proc", "sysfs", "securityfs", "selinuxfs", "cgroup2", "pstore", "bpf", "devtmpfs",
    "tmpfs", "devpts", "tmpfs", "tmpfs", "ramfs", "ramfs", "erofs",
)  # fmt: skip


@tool("uname")
def uname(call: Call) -> Output:
    """The name that the machine calls itself by, or its kernel's release."""
    options = read(call, flags=("--nodename", "-r"))
    words = []
    if "--nodename" in options:
        words.append(call.machine.host_name)
    if "-r" in options:
        words.append(call.machine.about.kernel)
    return Output(" ".join(words) + "\n")


@tool("hostnamectl")
def hostnamectl(call: Call) -> Output:
    """Name the machine."""
    options = read(call)
    if options.rest[:1] != ("set-hostname",) or len(options.rest) != 2:
        raise call.unknown(f"use of hostnamectl: {' '.join(options.rest)}")
    call.machine.host_name = options.rest[1]
    return Output(seconds=0.5)


@tool("nproc")
def nproc(call: Call) -> Output:
    """How many processors there are."""
    read(call, flags=("--all",))
    return Output(f"{call.machine.cpus}\n")


@tool("lsmem")
def lsmem(call: Call) -> Output:
    """How much memory there is."""
    options = read(call, flags=("--bytes",), values=("--summary",))
    if "--bytes" not in options or options.values.get("--summary") != "only":
        raise call.unknown("use of lsmem but with --bytes --summary=only")
    lines = {
        "Memory block size:": BLOCK,
        "Total online memory:": call.machine.memory,
        "Total offline memory:": 0,
    }
    return Output("".join(f"{name:<23}{value:>16}\n" for name, value in lines.items()))


@tool("date")
def date(call: Call) -> Output:
    """The seconds since 1970."""
    options = read(call)
    if options.rest != ("+%s",):
        raise call.unknown(f"use of date: {' '.join(options.rest)}")
    return Output(f"{BEGINNING + int(call.machine.clock.now())}\n")


@tool("findmnt")
def findmnt(call: Call) -> Output:
    """The kinds of the file systems that are mounted."""
    options = read(call, flags=("--noheadings",), values=("--output",))
    if "--noheadings" not in options or options.values.get("--output") != "FSTYPE":
        raise call.unknown("use of findmnt but for the kinds alone")
    return Output("".join(f"{kind}\n" for kind in MOUNTED))


@tool("bash")
def bash(call: Call) -> Output:
    """A pipeline of commands, with the words behind the script as $1, $2, …; all must succeed."""
    options = read(call, values=("-o", "-c"))
    words = shlex.split(options.values.get("-c", ""))
    if options.values.get("-o") != "pipefail" or set(";&<>()`") & set("".join(words)):
        raise call.unknown("use of bash but for a pipeline, with pipefail")
    given = {f"${number}": word for number, word in enumerate(options.rest)}
    data, said, seconds, status = call.input, "", 0.0, 0
    output = Output()
    for of_pipe, argv in itertools.groupby(words, lambda word: word == "|"):
        if of_pipe:
            continue
        output = call.machine.call(tuple(_filled(word, given) for word in argv), data)
        data = output.stdout.encode("utf-8", "surrogateescape")
        said, seconds = said + output.stderr, seconds + output.seconds
        status = output.status or status
    return Output(output.stdout, said, status, seconds)


def _filled(word: str, given: dict[str, str]) -> str:
    return re.sub(r"\$\d+", lambda match: given.get(match[0], ""), word)


@tool("getent")
def getent(call: Call) -> Output:
    """Addresses by the hosts file; status 2 if a name is unknown."""
    options = read(call, values=("-s",))
    if options.values.get("-s") != "files" or options.rest[:1] != ("hosts",):
        raise call.unknown("use of getent but `-s files hosts`")
    found, unknown = [], False
    for name in options.rest[1:]:
        lines = [(address, names) for address, names in _hosts(call.machine) if name in names]
        unknown |= not lines
        found += [f"{address:<15} {' '.join(names)}\n" for address, names in lines[:1]]
    return Output("".join(found), status=2 if unknown else 0)


def _hosts(machine: SimulatedMachine) -> Iterator[tuple[str, list[str]]]:
    for line in machine.files.read("/etc/hosts").decode().splitlines():
        words = line.partition("#")[0].split()
        if len(words) > 1:
            yield words[0], words[1:]


@tool("udevadm")
def udevadm(call: Call) -> Output:
    """Udev is always done: what appears is there at once."""
    options = read(call, flags=("--settle", "--reload"), values=("--timeout",))
    if options.rest[:1] not in (("settle",), ("control",), ("trigger",)):
        raise call.unknown(f"use of udevadm: {' '.join(options.rest)}")
    return Output()


@tool("modprobe")
def modprobe(call: Call) -> Output:
    """Load a module or take it out; iscsi_tcp's highest LUN number and FCoE have a meaning here."""
    options = read(call, flags=("-r", "-a"))
    module, *parameters = options.rest
    if fc.MODULE in options.rest:
        call.machine.fc.loaded = True
    if module == "iscsi_tcp":
        if "-r" in options and call.machine.initiator.sessions:
            return Output(stderr=f"modprobe: FATAL: Module {module} is in use.\n", status=1)
        given = dict(one.split("=", 1) for one in parameters)
        call.machine.scsi.max_lun = int(given.get("max_lun", MAX_LUN))
    return Output()


@tool("systemctl")
def systemctl(call: Call) -> Output:
    """Units: which are active and enabled."""
    options = read(call, flags=("--now", "--quiet", "--system", "--wait"), values=("--signal",))
    verb, *units = options.rest or ("",)
    machine = call.machine
    if verb == "is-active":
        states = [machine.units.get(unit, INACTIVE) for unit in units]
        shown = "" if "--quiet" in options else "".join(f"{one}\n" for one in states)
        return Output(shown, status=0 if ACTIVE in states else 3)
    if verb == "is-enabled":
        states = ["enabled" if unit in machine.enabled else "disabled" for unit in units]
        shown = "" if "--quiet" in options else "".join(f"{one}\n" for one in states)
        return Output(shown, status=0 if set(states) == {"enabled"} else 1)
    if verb == "is-system-running":
        return Output("running\n")
    if verb == "daemon-reload":
        return Output(seconds=0.3)
    if verb == "kill" and options.values.get("--signal") == "KILL":
        for unit in units:
            _kill(machine, unit)
        return Output()
    if verb in ("mask", "unmask"):
        said = "".join(_mask(machine, verb, unit) for unit in units)
        if verb == "mask" and "--now" in options:
            for unit in units:
                _change(machine, "stop", unit, now=False)
        return Output(stderr=said, seconds=0.3)
    if verb in ("enable", "disable", "start", "stop", "restart", "try-restart"):
        for unit in units:
            if verb in ("start", "restart") and _is_masked(machine, unit):
                return Output(stderr=f"Failed to {verb} {unit}: Unit {unit} is masked.\n", status=1)
            _change(machine, verb, unit, "--now" in options)
        return Output(seconds=0.3)
    raise call.unknown(f"use of systemctl: {verb}")


def _kill(machine: SimulatedMachine, unit: str) -> None:
    """End a unit's daemon at once: it lets go of nothing."""
    machine.units[unit] = "failed"
    machine.lock_daemons.kill(unit)


def _is_masked(machine: SimulatedMachine, unit: str) -> bool:
    path = f"/etc/systemd/system/{unit}"
    return machine.files.is_link(path) and machine.files.readlink(path) == MASK


def _mask(machine: SimulatedMachine, verb: str, unit: str) -> str:
    """Mask a unit or take that back; what systemctl says of it."""
    path = f"/etc/systemd/system/{unit}"
    masked = _is_masked(machine, unit)
    if verb == "mask" and not masked:
        machine.files.symlink(MASK, path)
        return f"Created symlink {path} → {MASK}.\n"
    if verb == "unmask" and masked:
        machine.files.unlink(path)
        return f'Removed "{path}".\n'
    return ""


def _change(machine: SimulatedMachine, verb: str, unit: str, now: bool) -> None:
    if verb == "enable":
        machine.enabled.add(unit)
    elif verb == "disable":
        machine.enabled.discard(unit)
    starts = verb in ("start", "restart") or (verb == "enable" and now)
    stops = verb == "stop" or (verb == "disable" and now)
    if starts:
        machine.units[unit] = ACTIVE
    elif stops:
        machine.units[unit] = INACTIVE
    if unit in machine.services and (starts or stops):
        start, stop = machine.services[unit]
        (start if starts else stop)()
