"""The packages of EL7: what is installed, and installing from the machine's own repositories.

Tools: rpm (4.11), yum (3.4.3); by their manuals and sources, not yet by a real machine.
"""

from __future__ import annotations

from collections.abc import Collection

from sbsim.errors import PackageError, PackageLockHeld, RepositoryError, UnknownPackage
from sbsim.machines.machine import Machine, Result

INSTALL_LIMIT_SECONDS = 1200.0
FORM = "%{NAME}\\n"
# Without exit_on_lock it waits for another one for ever. Scripts of packages start no service.
_YUM = ("env", "LC_ALL=C", "yum", "--assumeyes", "--setopt=exit_on_lock=1")


def installed(machine: Machine, names: Collection[str]) -> frozenset[str]:
    """Return those of `names` that are installed."""
    # The status is the number of those that are not; for each there is a line of text.
    query = ("env", "LC_ALL=C", "rpm", "--query", "--queryformat", FORM)
    result = machine.run(*query, *names, check=False)
    return frozenset(result.lines) & set(names)


def install(machine: Machine, names: Collection[str]) -> None:
    """Install packages. Raises RepositoryError, UnknownPackage, PackageLockHeld, PackageError.

    yum leaves out what no repository has, and succeeds if there is anything else to do.
    """
    argv = (*_YUM, "install", *names)
    result = machine.run(*argv, timeout=INSTALL_LIMIT_SECONDS, check=False)
    if not result.ok:
        raise yum_error(machine.name, names, result)


def yum_error(machine: str, wanted: Collection[str], result: Result) -> PackageError:
    """Return the error that yum's messages mean."""
    text = f"{result.stdout}\n{result.stderr}"
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    said = f"status {result.status}, {'; '.join(lines[-5:]) or 'it said nothing'}"
    for fragments, error, advice in _MEANINGS:
        if any(fragment in text for fragment in fragments):
            return error(machine, wanted, f"{said}; {advice}")
    return PackageError(machine, wanted, f"{said}; look at `yum history` there")


_MEANINGS: tuple[tuple[tuple[str, ...], type[PackageError], str], ...] = (
    (
        ("holding the yum lock",),
        PackageLockHeld,
        "another yum is at work there: wait for its end, then try again",
    ),
    (
        ("There are no enabled repos", "Cannot find a valid baseurl", "Cannot retrieve metalink",
         "repodata/repomd.xml", "No more mirrors to try"),
        RepositoryError,
        "check the repositories in /etc/yum.repos.d and that they are there and complete",
    ),
    (
        ("No package ",),
        UnknownPackage,
        "check the names, and that a repository in /etc/yum.repos.d holds them",
    ),
)  # fmt: skip
