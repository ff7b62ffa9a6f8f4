"""Multipathing of a host in memory: what is asked for, what is left behind, what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sbsim.errors import CommandFailed, WaitedInVain
from sbsim.initiator import lsblk
from sbsim.initiator.errors import InitiatorError, LunsWouldMerge
from sbsim.initiator.lsblk import BlockDevice, parse_lsblk
from sbsim.initiator.multipath import BACKUP, Multipath, refuse_merges
from sbsim.initiator.multipath_conf import PATH, with_settings
from sbsim.initiator.multipath_map import MAPS_ARGV
from sbsim.machines import Process, Result
from sbsim.testing import FakeClock

from .captured import captured


class FakeMultipathd:
    """A Debian host: files, whether multipathd runs, and answers that are prepared."""

    name = "host1"
    boot_id = "b"

    def __init__(self) -> None:
        self.files = {"/etc/os-release": "ID=debian\nVERSION_ID=12\n"}
        self.running = False
        self.commands: list[tuple[str, ...]] = []
        self.answers: dict[tuple[str, ...], list[str]] = {}

    def run(
        self,
        *argv: str,
        input: bytes | str | None = None,
        timeout: float = 60.0,
        check: bool = True,
    ) -> Result:
        self.commands.append(argv)
        if prepared := self.answers.get(argv):
            return Result(argv, 0, prepared.pop(0) if len(prepared) > 1 else prepared[0], "", 0.1)
        status = self._answer(*argv)
        if status and check:
            raise CommandFailed(self.name, argv, status, "", "")
        return Result(argv, status, "", "", 0.1)

    def _answer(self, tool: str, *words: str) -> int:
        if tool == "systemctl":
            if words[0] == "is-active":
                return 0 if self.running else 3
            self.running = words[0] != "stop"
        elif tool == "test":
            there = any(path == words[1] or path.startswith(f"{words[1]}/") for path in self.files)
            return 0 if there else 1
        elif tool == "mkdir":
            self.files[f"{words[-1]}/"] = ""
        elif tool == "touch":
            self.files[words[0]] = ""
        elif tool == "cp":
            target, source = words[-2:]
            self.files[f"{target}/{source.rpartition('/')[2]}"] = self.files[source]
        elif tool == "mv":
            for path in [path for path in self.files if path.startswith(f"{words[1]}/")]:
                self.files[path.replace(words[1], words[2])] = self.files.pop(path)
        elif tool == "rm":
            for path in [path for path in self.files if path.startswith(words[-1])]:
                del self.files[path]
        return 0

    def start(self, *argv: str) -> Process:
        raise AssertionError("nothing runs on")

    def read(self, path: str) -> bytes:
        if path not in self.files:
            raise FileNotFoundError(path)
        return self.files[path].encode()

    def write(self, path: str, data: bytes, mode: int = 0o644, owner: str | None = None) -> None:
        self.files[path] = data.decode()


@pytest.fixture
def machine() -> FakeMultipathd:
    return FakeMultipathd()


@pytest.fixture
def multipath(machine: FakeMultipathd, clock: FakeClock) -> Multipath:
    return Multipath(machine, clock)


def test_enable_writes_the_settings_then_starts_the_daemon(
    machine: FakeMultipathd, multipath: Multipath
) -> None:
    assert len(multipath.enable()) == 3
    assert machine.files[PATH] == with_settings("")
    assert machine.commands[-1] == ("systemctl", "enable", "--now", "multipathd.service")


def test_enable_again_changes_nothing(machine: FakeMultipathd, multipath: Multipath) -> None:
    multipath.enable()
    before = dict(machine.files)
    machine.commands.clear()
    assert multipath.enable() == ()
    assert machine.files == before
    assert {argv[:2] for argv in machine.commands} == {
        ("systemctl", "is-active"),
        ("test", "-e"),
        lsblk.ARGV[:2],
    }


def test_running_daemon_takes_new_settings_without_a_restart(
    machine: FakeMultipathd, multipath: Multipath
) -> None:
    machine.running, machine.files[PATH] = True, "defaults {\n}\n"
    multipath.enable()
    assert machine.commands[-1] == ("multipathd", "reconfigure")
    assert not any("enable" in argv for argv in machine.commands)


def test_el7_lets_mpathconf_make_the_file_first(
    machine: FakeMultipathd, multipath: Multipath
) -> None:
    machine.files["/etc/os-release"] = "ID=centos\nVERSION_ID=7\n"
    multipath.enable()
    assert ("mpathconf", "--enable", "--with_multipathd", "n") in machine.commands


def test_remove_without_a_file_before_leaves_none(
    machine: FakeMultipathd, multipath: Multipath
) -> None:
    before = dict(machine.files)
    multipath.enable()
    assert multipath.remove()
    assert machine.files == before
    assert not machine.running
    assert ("multipath", "-F") in machine.commands
    assert multipath.remove() == ()


def test_remove_puts_the_operators_file_back_and_leaves_a_daemon_that_ran(
    machine: FakeMultipathd, multipath: Multipath
) -> None:
    machine.running, machine.files[PATH] = True, "defaults {\n    no_path_retry queue\n}\n"
    before = dict(machine.files)
    multipath.enable()
    assert f"{BACKUP}/multipath.conf" in machine.files
    multipath.remove()
    assert machine.files == before
    assert machine.running
    assert ("multipath", "-F") not in machine.commands


def test_busy_multipathd_is_asked_again(machine: FakeMultipathd, multipath: Multipath) -> None:
    machine.answers[lsblk.ARGV] = [captured("debian12/lsblk/lsblk_-J.four_luns.txt")]
    machine.answers[MAPS_ARGV] = ["timeout\n", "timeout\n", '{"maps": []}\n']
    assert multipath.read() == ()
    assert machine.commands.count(MAPS_ARGV) == 3


def test_multipathd_that_stays_busy_is_an_error(
    machine: FakeMultipathd, multipath: Multipath
) -> None:
    machine.answers[MAPS_ARGV] = ["timeout\n"]
    with pytest.raises(WaitedInVain, match="host1's multipathd to answer; it says 'timeout'"):
        multipath.read()


def test_refused_resize_is_an_error(machine: FakeMultipathd, multipath: Multipath) -> None:
    machine.answers["multipathd", "resize", "map", "a"] = ["fail\n"]
    with pytest.raises(InitiatorError, match=r"host1: .*said 'fail', expected 'ok'"):
        multipath.resize("a")


# --- two LUNs in one map --------------------------------------------------------------------


@pytest.fixture
def paths() -> tuple[BlockDevice, BlockDevice]:
    """A real disk, and a second path to it."""
    disk = parse_lsblk(captured("debian12/lsblk/lsblk_-J.four_luns.txt"))[0]
    assert disk.wwn
    assert disk.hctl
    return disk, replace(disk, hctl=replace(disk.hctl, host=99), path="/dev/sdz", kname="sdz")


def test_paths_of_one_lun_may_merge(paths: tuple[BlockDevice, BlockDevice]) -> None:
    refuse_merges("host1", paths)


@pytest.mark.parametrize("changes", [{"serial": "s2"}, {"size": 2**31}, {"model": "b"}])
def test_luns_with_one_wwn_are_refused(
    paths: tuple[BlockDevice, BlockDevice], changes: dict[str, object]
) -> None:
    first, second = paths
    other = replace(second, **changes)  # type: ignore[arg-type]
    with pytest.raises(LunsWouldMerge, match=rf"{first.wwn}.*{first.path} \[.*/dev/sdz \[99:"):
        refuse_merges("host1", [first, other])


def test_disks_with_other_wwns_are_several_luns(
    paths: tuple[BlockDevice, BlockDevice],
) -> None:
    first, second = paths
    refuse_merges("host1", [first, replace(second, wwn="0x6001405b", serial="s2")])


def test_nothing_is_changed_where_luns_would_merge(
    machine: FakeMultipathd, multipath: Multipath
) -> None:
    text = captured("debian12/lsblk/lsblk_-J.four_luns.txt")
    ids = [disk.wwn for disk in parse_lsblk(text) if disk.wwn]
    machine.answers[lsblk.ARGV] = [text.replace(ids[0], ids[1])]
    before = dict(machine.files)
    with pytest.raises(LunsWouldMerge):
        multipath.enable()
    assert (machine.files, machine.running) == (before, False)
