from __future__ import annotations

from pathlib import Path

import pytest

from sbsim.errors import (
    CommandFailed,
    PackageError,
    PackageLockHeld,
    RepositoryError,
    SbsimError,
    UnknownPackage,
)
from sbsim.machines import Process, Result
from sbsim.machines.packages import DEBIAN, EL7, Packages, apt_error, family_of, parse_installed

CAPTURED = Path(__file__).parents[3] / "fixtures" / "captured" / "debian12" / "apt"
WANTED = ("lvm2", "sanlock")


def captured(name: str) -> str:
    return (CAPTURED / f"{name}.txt").read_text()


class FakeDebian:
    """A machine with packages and one repository; a prepared error ends apt with status 100."""

    name = "host1"
    boot_id = "b"

    def __init__(self, installed: set[str], offered: set[str]) -> None:
        self.packages = installed
        self.offered = offered
        self.release = "ID=debian\nVERSION_ID=12\n"
        self.errors: dict[str, str] = {}
        self.commands: list[tuple[str, ...]] = []

    def run(
        self,
        *argv: str,
        input: bytes | str | None = None,
        timeout: float = 60.0,
        check: bool = True,
    ) -> Result:
        self.commands.append(argv)
        status, out, err = self._answer(argv)
        if status and check:
            raise CommandFailed(self.name, argv, status, out, err)
        return Result(argv, status, out, err, 0.1)

    def start(self, *argv: str) -> Process:
        raise AssertionError("nothing runs on")

    def read(self, path: str) -> bytes:
        assert path == "/etc/os-release"
        return self.release.encode()

    def write(self, path: str, data: bytes, mode: int = 0o644, owner: str | None = None) -> None:
        raise AssertionError("no file is written")

    def apt(self) -> list[tuple[str, ...]]:
        return [argv for argv in self.commands if "apt-get" in argv]

    def _answer(self, argv: tuple[str, ...]) -> tuple[int, str, str]:
        if argv[0] == "dpkg-query":
            known = [name for name in argv[4:] if name in self.packages]
            text = "".join(f"{name} installed\n" for name in known)
            return (0 if len(known) == len(argv[4:]) else 1), text, ""
        if argv in (("systemctl", "daemon-reload"), ("udevadm", "control", "--reload")):
            return 0, "", ""
        verb = "update" if "update" in argv else "install"
        if verb in self.errors:
            return 100, "", self.errors[verb]
        if verb == "install":
            self.packages |= set(argv[argv.index("--") + 1 :]) & self.offered
        return 0, "", ""


@pytest.fixture
def machine() -> FakeDebian:
    return FakeDebian({"python3"}, {"lvm2", "sanlock"})


def test_only_missing_packages_are_installed(machine: FakeDebian) -> None:
    assert Packages(machine).install(("python3", *WANTED)) == WANTED
    assert machine.apt()[-1][-3:] == ("--", *WANTED)
    assert Packages(machine).installed(WANTED) == set(WANTED)


def test_second_install_asks_no_repository(machine: FakeDebian) -> None:
    Packages(machine).install(WANTED)
    machine.commands.clear()
    assert Packages(machine).install(WANTED) == ()
    assert [argv[0] for argv in machine.commands] == ["dpkg-query"]


def test_no_names_run_no_command(machine: FakeDebian) -> None:
    assert Packages(machine).install(()) == ()
    assert machine.commands == []


def test_apt_asks_nobody_keeps_files_and_starts_no_service(machine: FakeDebian) -> None:
    Packages(machine).install(WANTED)
    _, install = machine.apt()
    for word in (
        "DEBIAN_FRONTEND=noninteractive",
        "SYSTEMD_OFFLINE=1",
        "--yes",
        "--no-install-recommends",
        "--option=Dpkg::Options::=--force-confold",
    ):
        assert word in install
    assert ("systemctl", "daemon-reload") in machine.commands


def test_half_installed_package_is_not_installed() -> None:
    assert parse_installed("lvm2 half-configured\nsanlock config-files\n") == frozenset()
    assert parse_installed(captured("dpkg-query.two_of_four")) == {"open-iscsi", "python3"}


@pytest.mark.parametrize(
    ("verb", "output", "error", "advice"),
    [
        ("update", "update.no_repository", RepositoryError, "/etc/apt/sources.list"),
        ("update", "update.broken_index", RepositoryError, "/etc/apt/sources.list"),
        ("update", "update.locked", PackageLockHeld, "try again"),
        ("install", "install.empty_repository", UnknownPackage, "check the names"),
        ("install", "install.file_gone", RepositoryError, "complete"),
        ("install", "install.locked", PackageLockHeld, "try again"),
    ],
)
def test_captured_failure_is_a_named_error(
    machine: FakeDebian, verb: str, output: str, error: type[PackageError], advice: str
) -> None:
    machine.errors[verb] = captured(output)
    with pytest.raises(SbsimError, match="host1: cannot install lvm2, sanlock") as raised:
        Packages(machine).install(WANTED)
    assert type(raised.value) is error
    assert advice in str(raised.value)


def test_failure_of_another_kind_tells_what_apt_said() -> None:
    text = "E: Sub-process /usr/bin/dpkg returned an error code (1)\n"
    error = apt_error("host1", WANTED, Result(("apt-get",), 100, "", text, 1.0))
    assert type(error) is PackageError
    assert "returned an error code (1); look at `dpkg --audit`" in str(error)


def test_apt_that_installs_too_little_is_not_believed(machine: FakeDebian) -> None:
    machine.offered = {"lvm2"}
    with pytest.raises(PackageError, match="not installed: sanlock"):
        Packages(machine).install(WANTED)


def test_another_family_is_refused_with_its_own_names(machine: FakeDebian) -> None:
    machine.release = 'ID="centos"\nVERSION_ID="7"\n'
    with pytest.raises(PackageError, match="yourself: lvm2, device-mapper-multipath"):
        Packages(machine).install(("lvm2", "multipath-tools"))
    assert machine.apt() == []


def test_families_by_release() -> None:
    assert family_of("debian-12") is DEBIAN
    assert family_of("centos-7") is EL7
    assert family_of("gentoo") is None
