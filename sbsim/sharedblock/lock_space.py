"""Lock spaces on one host, as lvmlockd and sanlock tell of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from sbsim.machines import Machine
from sbsim.sharedblock.errors import UnreadableReport

LockMode = Literal["un", "sh", "ex"]

LVMLOCKCTL = ("lvmlockctl", "--info")
SANLOCK = ("sanlock", "client", "gets")
SANLOCK_STATUS = ("sanlock", "client", "status", "-D")

# When a watchdog has surely reset a host. Releases before 3.9 have no setting for it.
FIRE_SECONDS = 60

_GROUP = re.compile(r"VG (?P<name>\S+) lock_type=(?P<type>\S+) (?P<uuid>\S+)(?P<rest>.*)")
_LOCK = re.compile(r"LK (?P<kind>GL|VG|LV) (?P<mode>un|sh|ex)(?: ver \d+)?(?: (?P<lv>\S+))?.*")
# s lvm_NAME:HOST_ID:PATH:OFFSET, and a word where it is on its way: ADD, REM.
_SPACE = re.compile(
    r"s (?P<name>[^:]+):(?P<host>\d+):(?P<path>.*):(?P<offset>\d+)(?: (?P<flags>.*))?"
)
_FIRE = re.compile(r"^\s*watchdog_fire_timeout=(\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class HeldLock:
    """A lock as lvmlockd holds it; `lv` is the logical volume's LVM uuid for one of kind LV."""

    kind: Literal["GL", "VG", "LV"]
    mode: LockMode
    lv: str | None


@dataclass(frozen=True)
class LockSpace:
    """A volume group's lock space in lvmlockd."""

    vg: str
    lock_type: str
    vg_uuid: str
    locks: tuple[HeldLock, ...]

    @property
    def has_global_lock(self) -> bool:
        """Whether the global lock lies in this group."""
        return any(lock.kind == "GL" for lock in self.locks)


@dataclass(frozen=True)
class DeltaLease:
    """A host's place in a lock space, as sanlock holds it. `joined`: neither coming nor going."""

    name: str
    host_id: int
    path: str
    joined: bool


def parse_lvmlockctl(text: str) -> tuple[LockSpace, ...]:
    """Read `lvmlockctl --info`; lines of kinds that are not known here are passed over."""
    spaces: list[LockSpace] = []
    for line in text.splitlines():
        if match := _GROUP.fullmatch(line.strip()):
            spaces.append(LockSpace(match["name"], match["type"], match["uuid"], ()))
        elif match := _LOCK.fullmatch(line.strip()):
            if not spaces:
                raise UnreadableReport("lvmlockctl", text, "a lock before any group")
            last = spaces.pop()
            lock = HeldLock(match["kind"], match["mode"], match["lv"])  # type: ignore[arg-type]
            spaces.append(LockSpace(last.vg, last.lock_type, last.vg_uuid, (*last.locks, lock)))
    return tuple(spaces)


def parse_sanlock(text: str) -> tuple[DeltaLease, ...]:
    """Read `sanlock client gets`."""
    found = []
    for line in text.splitlines():
        if line.startswith("s "):
            match = _SPACE.fullmatch(line.strip())
            if match is None:
                raise UnreadableReport("sanlock", line, "expected s NAME:HOST:PATH:OFFSET")
            found.append(
                DeltaLease(match["name"], int(match["host"]), match["path"], not match["flags"])
            )
    return tuple(found)


def read_lock_spaces(machine: Machine) -> tuple[LockSpace, ...]:
    """The lock spaces that lvmlockd holds; none if it does not run."""
    return parse_lvmlockctl(machine.run(*LVMLOCKCTL, check=False).stdout)


def read_delta_leases(machine: Machine) -> tuple[DeltaLease, ...]:
    """The lock spaces that sanlock is in; none if it does not run."""
    return parse_sanlock(machine.run(*SANLOCK, check=False).stdout)


def parse_fire_seconds(text: str) -> int:
    """Read `sanlock client status -D`: when a host's watchdog has surely reset it."""
    match = _FIRE.search(text)
    return int(match[1]) if match else FIRE_SECONDS


def read_fire_seconds(machine: Machine) -> int:
    """When sanlock takes a host's watchdog to have reset it, as the running daemon has it.

    What sanlock.conf says does not tell: a release that does not know the key passes over it.
    """
    return parse_fire_seconds(machine.run(*SANLOCK_STATUS).stdout)
