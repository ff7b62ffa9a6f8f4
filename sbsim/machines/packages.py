"""What is installed on a machine, and installing what is missing from the machine's own sources.

The platform installs so when it takes a host over (R2.5).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from sbsim.errors import PackageError
from sbsim.machines import apt, yum
from sbsim.machines.machine import Machine
from sbsim.machines.server import Server


class Manager(Protocol):
    """A family's package manager: a module with these two functions."""

    def installed(self, machine: Machine, names: Collection[str]) -> frozenset[str]:
        """Return those of `names` that are installed completely."""

    def install(self, machine: Machine, names: Collection[str]) -> None:
        """Install packages; files stay as they are, no service is started. PackageError."""


@dataclass(frozen=True)
class OsFamily:
    """What differs between families of releases; `ids` are the ID of their /etc/os-release.

    `names` are this family's names for packages, where they are not Debian's, by which the
    packages are called everywhere in sbsim.
    """

    name: str
    ids: frozenset[str]
    manager: Manager
    names: dict[str, str] = field(default_factory=dict)


DEBIAN = OsFamily("debian", frozenset({"debian", "ubuntu"}), apt)
EL7 = OsFamily(
    "el7",
    frozenset({"centos", "rhel"}),
    yum,
    {
        "multipath-tools": "device-mapper-multipath",
        "open-iscsi": "iscsi-initiator-utils",
        "sg3-utils": "sg3_utils",
    },
)
FAMILIES = (DEBIAN, EL7)


class Packages:
    """The packages of one machine, called by Debian's names.

    Example: `Packages(machine).install(("lvm2", "sanlock"))`
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def installed(self, names: Iterable[str]) -> frozenset[str]:
        """Return those of `names` that are installed completely."""
        wanted = tuple(dict.fromkeys(names))
        if not wanted:
            return frozenset()
        family = self._family(wanted)
        ours = {family.names.get(name, name): name for name in wanted}
        found = family.manager.installed(self._machine, tuple(ours))
        return frozenset(ours[name] for name in found)

    def install(self, names: Iterable[str]) -> tuple[str, ...]:
        """Install those of `names` that are missing; return them, in the order given.

        Nothing missing changes nothing, and asks no repository. Configuration files stay as they
        are, and no service is started. Raises RepositoryError, UnknownPackage, PackageLockHeld,
        or PackageError where packages are left half installed or the family is not known;
        CommandTimeout where it takes too long.
        """
        wanted = tuple(dict.fromkeys(names))
        if not wanted:
            return ()
        family = self._family(wanted)
        present = self.installed(wanted)
        missing = tuple(name for name in wanted if name not in present)
        if not missing:
            return ()
        theirs = tuple(family.names.get(name, name) for name in missing)
        family.manager.install(self._machine, theirs)
        # Left out while the packages' scripts ran; without it systemd knows no new unit, and udev
        # none of the new rules at the first device that needs them.
        self._machine.run("systemctl", "daemon-reload")
        self._machine.run("udevadm", "control", "--reload")
        if left := set(missing) - self.installed(missing):
            text = f"installing succeeded, but they are missing: {', '.join(sorted(left))}"
            raise PackageError(self._machine.name, missing, text)
        return missing

    def _family(self, wanted: Collection[str]) -> OsFamily:
        release = Server(self._machine).os_release
        family = family_of(release)
        if family is None:
            known = ", ".join(sorted(id for one in FAMILIES for id in one.ids))
            text = f"sbsim installs on {known}, not on {release}; install them yourself"
            raise PackageError(self._machine.name, wanted, text)
        return family


def family_of(os_release: str) -> OsFamily | None:
    """Return the family of a release such as ``debian-12``, None if none is known."""
    name = os_release.partition("-")[0]
    return next((family for family in FAMILIES if name in family.ids), None)
