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
from sbsim.machines.apt import apt_error, parse_installed
from sbsim.machines.packages import DEBIAN, EL7, Packages, family_of
from sbsim.machines.yum import yum_error

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
        if path != "/etc/os-release":
            raise FileNotFoundError(path)
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
    with pytest.raises(PackageError, match="missing: sanlock"):
        Packages(machine).install(WANTED)


def test_unknown_family_is_refused(machine: FakeDebian) -> None:
    machine.release = "ID=gentoo\n"
    with pytest.raises(PackageError, match=r"centos, debian, .* not on gentoo; install them your"):
        Packages(machine).install(WANTED)
    assert machine.commands == []


class FakeCentos(FakeDebian):
    """The same by rpm and yum, which succeeds where it finds only some of the packages."""

    def __init__(self, installed: set[str], offered: set[str]) -> None:
        super().__init__(installed, offered)
        self.release = 'ID="centos"\nVERSION_ID="7"\n'

    def yum(self) -> list[tuple[str, ...]]:
        return [argv for argv in self.commands if "yum" in argv]

    def _answer(self, argv: tuple[str, ...]) -> tuple[int, str, str]:
        if argv[:3] == ("env", "LC_ALL=C", "rpm"):
            names = argv[argv.index("--queryformat") + 2 :]
            missing = [name for name in names if name not in self.packages]
            text = "".join(
                f"package {name} is not installed\n" if name in missing else f"{name}\n"
                for name in names
            )
            return len(missing), text, ""
        if "yum" not in argv:
            return super()._answer(argv)
        if "install" in self.errors:
            return 1, "", self.errors["install"]
        names = argv[argv.index("install") + 1 :]
        self.packages |= set(names) & self.offered
        return 0, "".join(f"No package {one} available.\n" for one in names), ""


@pytest.fixture
def centos() -> FakeCentos:
    return FakeCentos({"lvm2"}, {"sanlock", "device-mapper-multipath"})


def test_el7_installs_by_its_own_names_and_tells_debians(centos: FakeCentos) -> None:
    wanted = ("lvm2", "sanlock", "multipath-tools")
    assert Packages(centos).install(wanted) == ("sanlock", "multipath-tools")
    assert [argv[-3:] for argv in centos.yum()] == [
        ("install", "sanlock", "device-mapper-multipath")
    ]
    assert Packages(centos).installed(wanted) == set(wanted)
    assert Packages(centos).install(wanted) == ()
    assert len(centos.yum()) == 1


def test_yum_that_passes_over_what_it_does_not_know_is_not_believed(centos: FakeCentos) -> None:
    with pytest.raises(PackageError, match="missing: parted"):
        Packages(centos).install(("sanlock", "parted"))


@pytest.mark.parametrize(
    ("text", "error", "advice"),
    [
        (
            "Another app is currently holding the yum lock; exiting as configured by exit_on_lock",
            PackageLockHeld,
            "try again",
        ),
        ("There are no enabled repos.", RepositoryError, "/etc/yum.repos.d"),
        ("failure: repodata/repomd.xml from base: [Errno 256]", RepositoryError, "complete"),
        ("No package lvm3 available.\nError: Nothing to do", UnknownPackage, "check the names"),
        ("Error: Protected multilib versions", PackageError, "yum history"),
    ],
)
def test_what_yum_says_is_a_named_error(text: str, error: type[PackageError], advice: str) -> None:
    found = yum_error("host1", WANTED, Result(("yum",), 1, "", text, 1.0))
    assert type(found) is error
    assert advice in str(found)


def test_families_by_release() -> None:
    assert family_of("debian-12") is DEBIAN
    assert family_of("centos-7.4") is EL7
    assert family_of("gentoo") is None
