"""The storage server beside LIO, as far as it can be tried without one."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from sbsim.target import system as module
from sbsim.target.failure import TargetFailure
from sbsim.target.system import System

SYSTEM = System()


def test_a_written_file_is_for_its_owner_only_and_leaves_nothing_aside(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    SYSTEM.write(str(path), "one", 0o600)
    SYSTEM.write(str(path), "two", 0o600)
    assert SYSTEM.read(str(path)) == "two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]


def test_a_file_that_cannot_be_written_keeps_the_old_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        SYSTEM.write(str(path), "new")
    assert [entry.read_text() for entry in tmp_path.iterdir()] == ["old"]


def test_what_is_not_there_reads_as_none(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing")
    assert SYSTEM.read(missing) is None
    assert SYSTEM.attribute(missing) is None
    assert SYSTEM.file_size(missing) is None
    assert SYSTEM.is_block(missing) is None
    assert not SYSTEM.exists(missing)
    assert not SYSTEM.remove(missing)


def test_sparse_files_take_no_room_and_are_never_shortened(tmp_path: Path) -> None:
    path = str(tmp_path / "folder" / "lun.img")
    SYSTEM.make_sparse(path, 1 << 30)
    SYSTEM.make_sparse(path, 512)
    assert SYSTEM.file_size(path) == 1 << 30
    assert Path(path).stat().st_blocks == 0
    assert Path(path).stat().st_mode & 0o077 == 0


def test_plain_files_and_folders_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    assert SYSTEM.file_size(str(tmp_path / "file")) == 4
    assert SYSTEM.file_size(str(tmp_path)) == -1
    assert SYSTEM.is_block("/dev/null") is False


def test_links_are_made_once(tmp_path: Path) -> None:
    link = str(tmp_path / "wants" / "unit")
    assert SYSTEM.link(link, "/nowhere")
    assert not SYSTEM.link(link, "/nowhere")
    assert SYSTEM.link(link, "/elsewhere")
    assert SYSTEM.exists(link)
    assert SYSTEM.remove(link)


def test_folders_and_links_of_configfs_are_listed(tmp_path: Path) -> None:
    for name in ("lun_2", "lun_10"):
        (tmp_path / name).mkdir()
    (tmp_path / "attribute").write_text("1\n")
    (tmp_path / "lun_2" / "alias").symlink_to(tmp_path / "lun_10")
    assert SYSTEM.folders_in(str(tmp_path)) == ["lun_10", "lun_2"]
    assert SYSTEM.link_in(str(tmp_path / "lun_2")) == str(tmp_path / "lun_10")
    assert SYSTEM.link_in(str(tmp_path)) is None
    assert SYSTEM.attribute(str(tmp_path / "attribute")) == "1"


def test_only_empty_folders_are_removed(tmp_path: Path) -> None:
    assert SYSTEM.make_folder(str(tmp_path / "a" / "b"))
    assert not SYSTEM.make_folder(str(tmp_path / "a" / "b"))
    SYSTEM.remove_folder(str(tmp_path / "a"))
    assert (tmp_path / "a" / "b").is_dir()
    SYSTEM.remove_folder(str(tmp_path / "a" / "b"))
    SYSTEM.remove_folder(str(tmp_path / "a"))
    assert not (tmp_path / "a").exists()


def test_two_paths_to_one_thing_are_the_same(tmp_path: Path) -> None:
    (tmp_path / "disk").write_text("")
    (tmp_path / "link").symlink_to("disk")
    assert SYSTEM.same_device(str(tmp_path / "link"), str(tmp_path / "disk"))
    assert not SYSTEM.same_device(str(tmp_path / "link"), str(tmp_path / "other"))


def test_the_lock_of_another_tool_is_waited_for_and_then_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / "lock"
    monkeypatch.setattr(module, "LOCK", str(lock))
    monkeypatch.setattr(module, "LOCK_LIMIT_SECONDS", -1.0)
    with SYSTEM.lock(), lock.open("w") as other:
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with pytest.raises(TargetFailure, match=r"another tool .* has held"), SYSTEM.lock():
            pass
    with SYSTEM.lock():
        pass


def test_a_failed_command_says_what_it_said() -> None:
    with pytest.raises(TargetFailure, match=r"^`sh -c echo no >&2; exit 3`: no$"):
        SYSTEM.command("sh", "-c", "echo no >&2; exit 3")
    with pytest.raises(TargetFailure, match="`/no/such/tool`: "):
        SYSTEM.command("/no/such/tool")
    with pytest.raises(TargetFailure, match=r"^`false`: status 1$"):
        SYSTEM.command("false")


def test_a_missing_module_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*argv: str) -> str:
        raise TargetFailure("`modprobe x`: not found")

    made = System()
    monkeypatch.setattr(made, "command", fail)
    with pytest.raises(TargetFailure, match=r"the kernel module x is missing .*boot a kernel"):
        made.modprobe("x")


def test_configfs_is_mounted_only_if_it_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[tuple[str, ...]] = []
    made = System()
    monkeypatch.setattr(made, "command", lambda *argv: commands.append(argv))
    monkeypatch.setattr(module, "CONFIGFS", "/proc")
    made.mount_configfs()
    assert commands == []
    place = str(tmp_path / "config")
    monkeypatch.setattr(module, "CONFIGFS", place)
    made.mount_configfs()
    assert commands == [
        ("modprobe", "configfs"),
        ("mount", "-t", "configfs", "configfs", place),
    ]
