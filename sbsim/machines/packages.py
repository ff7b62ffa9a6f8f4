"""What is installed on a machine, and installing what is missing from the machine's own sources.

Tools: dpkg-query, apt-get (2.6). The platform installs so when it takes a host over (R2.5).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from sbsim.errors import PackageError, PackageLockHeld, RepositoryError, UnknownPackage
from sbsim.machines.machine import Machine, Result
from sbsim.machines.server import Server

REFRESH_LIMIT_SECONDS = 180.0
# Twenty packages take an emulated machine two minutes, three machines at once on two processors
# five: the packages' scripts start some fifty interpreters.
INSTALL_LIMIT_SECONDS = 1200.0
LOCK_LIMIT_SECONDS = 60


@dataclass(frozen=True)
class OsFamily:
    """What differs between families of releases; `ids` are the ID of their /etc/os-release.

    `names` are this family's names for packages, where they are not Debian's, by which the
    packages are called everywhere in sbsim.
    """

    name: str
    ids: frozenset[str]
    names: dict[str, str] = field(default_factory=dict)


DEBIAN = OsFamily("debian", frozenset({"debian", "ubuntu"}))
EL7 = OsFamily(
    "el7",
    frozenset({"centos", "rhel"}),
    {
        "multipath-tools": "device-mapper-multipath",
        "open-iscsi": "iscsi-initiator-utils",
        "sg3-utils": "sg3_utils",
    },
)
FAMILIES = (DEBIAN, EL7)

# SYSTEMD_OFFLINE: the packages enable their services, but start none. sanlock, wdmd, lvmlockd,
# lvmlocks, multipathd, lvm2-monitor and sockets would start before they are configured, and every
# one of their scripts would have systemd read all units again. wdmd would fail: it ends where
# there is no /dev/watchdog. Whoever configures a service starts it.
_ENVIRONMENT = ("env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C", "SYSTEMD_OFFLINE=1")
_APT = (
    *_ENVIRONMENT,
    "apt-get",
    "--quiet",
    "--yes",
    # Without it an update that fetched nothing ends with status 0.
    "--option=APT::Update::Error-Mode=any",
    f"--option=DPkg::Lock::Timeout={LOCK_LIMIT_SECONDS}",
)
_INSTALL = (
    "--no-install-recommends",
    "--option=Dpkg::Options::=--force-confdef",
    "--option=Dpkg::Options::=--force-confold",
    "--option=Dpkg::Use-Pty=0",
    "install",
)


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
        form = "${Package} ${db:Status-Status}\n"
        # Status 1: at least one is unknown. The known ones are printed all the same.
        result = self._machine.run("dpkg-query", "-W", "-f", form, *wanted, check=False)
        if result.status not in (0, 1):
            raise PackageError(self._machine.name, wanted, f"dpkg-query failed: {_said(result)}")
        return parse_installed(result.stdout) & set(wanted)

    def install(self, names: Iterable[str]) -> tuple[str, ...]:
        """Install those of `names` that are missing; return them, in the order given.

        Nothing missing changes nothing, and asks no repository. Configuration files stay as they
        are, and no service is started. Raises RepositoryError, UnknownPackage, PackageLockHeld,
        or PackageError where packages are left half installed or the family is not Debian's;
        CommandTimeout after `INSTALL_LIMIT_SECONDS`.
        """
        wanted = tuple(dict.fromkeys(names))
        if not wanted:
            return ()
        self._refuse_other_family(wanted)
        present = self.installed(wanted)
        missing = tuple(name for name in wanted if name not in present)
        if not missing:
            return ()
        self._apt(missing, REFRESH_LIMIT_SECONDS, "update")
        self._apt(missing, INSTALL_LIMIT_SECONDS, *_INSTALL, "--", *missing)
        # Left out while the packages' scripts ran; without it systemd knows no new unit, and udev
        # none of the new rules at the first device that needs them.
        self._machine.run("systemctl", "daemon-reload")
        self._machine.run("udevadm", "control", "--reload")
        if left := set(missing) - self.installed(missing):
            text = f"apt-get succeeded, but they are not installed: {', '.join(sorted(left))}"
            raise PackageError(self._machine.name, missing, text)
        return missing

    def _refuse_other_family(self, wanted: Collection[str]) -> None:
        family = family_of(Server(self._machine).os_release)
        if family is not DEBIAN:
            names = family.names if family else {}
            theirs = ", ".join(names.get(name, name) for name in wanted)
            text = f"sbsim installs on Debian's family only; install them yourself: {theirs}"
            raise PackageError(self._machine.name, wanted, text)

    def _apt(self, wanted: Collection[str], limit_seconds: float, *argv: str) -> None:
        result = self._machine.run(*_APT, *argv, timeout=limit_seconds, check=False)
        if not result.ok:
            raise apt_error(self._machine.name, wanted, result)


def family_of(os_release: str) -> OsFamily | None:
    """Return the family of a release such as ``debian-12``, None if none is known."""
    name = os_release.partition("-")[0]
    return next((family for family in FAMILIES if name in family.ids), None)


def parse_installed(text: str) -> frozenset[str]:
    """Return the installed packages of dpkg-query's lines ``name status``."""
    lines = (line.split() for line in text.splitlines())
    return frozenset(line[0] for line in lines if line[1:] == ["installed"])


def apt_error(machine: str, wanted: Collection[str], result: Result) -> PackageError:
    """Return the error that apt-get's messages mean."""
    said = _said(result)
    for fragments, error, advice in _MEANINGS:
        if any(fragment in said for fragment in fragments):
            return error(machine, wanted, f"{said}; {advice}")
    return PackageError(machine, wanted, f"{said}; look at `dpkg --audit` there")


_MEANINGS: tuple[tuple[tuple[str, ...], type[PackageError], str], ...] = (
    (
        ("Could not get lock", "Unable to acquire the dpkg", "Unable to lock"),
        PackageLockHeld,
        "another apt or dpkg is at work there: wait for its end, then try again",
    ),
    (
        ("Unable to locate package", "has no installation candidate"),
        UnknownPackage,
        "check the names, and that the repository in /etc/apt/sources.list holds them",
    ),
    (
        ("Failed to fetch", "Unable to parse package file", "does not have a Release file",
         "Malformed entry", "is not signed", "cache file is corrupted"),
        RepositoryError,
        "check /etc/apt/sources.list and that the repository is there and complete",
    ),
    (
        ("dpkg was interrupted",),
        PackageError,
        "run `dpkg --configure -a` there, then try again",
    ),
)  # fmt: skip


def _said(result: Result) -> str:
    """Return apt's errors, without what it says beside them."""
    lines = [line.removeprefix("E: ").strip() for line in result.stderr.splitlines()
             if line.startswith("E: ")]  # fmt: skip
    said = "; ".join(dict.fromkeys(lines)) or result.stderr.strip() or "it said nothing"
    return f"status {result.status}, {said[:2000]}"
