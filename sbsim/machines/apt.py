"""Debian's packages: what is installed, and installing from the machine's own sources.

Tools: dpkg-query, apt-get (2.6).
"""

from __future__ import annotations

from collections.abc import Collection

from sbsim.errors import PackageError, PackageLockHeld, RepositoryError, UnknownPackage
from sbsim.machines.machine import Machine, Result

REFRESH_LIMIT_SECONDS = 180.0
# Twenty packages take an emulated machine two minutes, three machines at once on two processors
# five: the packages' scripts start some fifty interpreters.
INSTALL_LIMIT_SECONDS = 1200.0
LOCK_LIMIT_SECONDS = 60

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


def installed(machine: Machine, names: Collection[str]) -> frozenset[str]:
    """Return those of `names` that are installed completely."""
    form = "${Package} ${db:Status-Status}\n"
    # Status 1: at least one is unknown. The known ones are printed all the same.
    result = machine.run("dpkg-query", "-W", "-f", form, *names, check=False)
    if result.status not in (0, 1):
        raise PackageError(machine.name, names, f"dpkg-query failed: {_said(result)}")
    return parse_installed(result.stdout) & set(names)


def install(machine: Machine, names: Collection[str]) -> None:
    """Install packages. Raises RepositoryError, UnknownPackage, PackageLockHeld, PackageError."""
    _apt(machine, names, REFRESH_LIMIT_SECONDS, "update")
    _apt(machine, names, INSTALL_LIMIT_SECONDS, *_INSTALL, "--", *names)


def _apt(machine: Machine, wanted: Collection[str], limit_seconds: float, *argv: str) -> None:
    result = machine.run(*_APT, *argv, timeout=limit_seconds, check=False)
    if not result.ok:
        raise apt_error(machine.name, wanted, result)


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
