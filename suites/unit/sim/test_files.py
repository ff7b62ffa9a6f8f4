"""A simulated machine's files beside a real folder: the same calls give the same."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sbsim.sim.files import FileSystem

NAMES = st.sampled_from(["a", "b", "c"])
paths = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
calls = st.one_of(
    st.tuples(st.just("mkdir"), paths),
    st.tuples(st.just("rmdir"), paths),
    st.tuples(st.just("unlink"), paths),
    st.tuples(st.just("symlink"), st.sampled_from(["a", "b/c", "../a", "nowhere"]), paths),
    st.tuples(st.just("write"), paths),
    st.tuples(st.just("read"), paths),
    st.tuples(st.just("listdir"), paths),
    st.tuples(st.just("readlink"), paths),
    st.tuples(st.just("lstat"), paths),
)


def real(root: Path, name: str, *words: str) -> object:
    path = str(root / words[-1])
    if name == "symlink":
        return os.symlink(words[0], path)
    if name == "write":
        return Path(path).write_bytes(b"text") and None
    if name == "read":
        return Path(path).read_bytes()
    if name == "listdir":
        return sorted(os.listdir(path))
    if name == "lstat":
        return stat.S_IFMT(os.lstat(path).st_mode)
    return getattr(os, name)(path)


def simulated(files: FileSystem, name: str, *words: str) -> object:
    path = f"/above/top/{words[-1]}"
    if name == "symlink":
        return files.symlink(words[0], path)
    if name == "write":
        return files.write(path, b"text")
    if name == "listdir":
        return sorted(files.listdir(path))
    if name == "lstat":
        return stat.S_IFMT(files.lstat(path))
    return getattr(files, name)(path)


def outcome(call: object, *arguments: object) -> object:
    try:
        return call(*arguments)  # type: ignore[operator]
    except OSError as error:
        return f"errno {error.errno}"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(calls, max_size=25))
def test_calls_give_what_the_operating_system_gives(
    tmp_path_factory: pytest.TempPathFactory, asked: list[tuple[str, ...]]
) -> None:
    # Links may lead out of it, but not out of its parent, which is this example's own.
    root, files = tmp_path_factory.mktemp("above") / "top", FileSystem()
    root.mkdir()
    files.make_folders("/above/top")
    for one in asked:
        assert outcome(simulated, files, *one) == outcome(real, root, *one), one


def test_files_have_sizes_permissions_and_other_names() -> None:
    files = FileSystem()
    files.make_folders("/var/tmp")
    files.truncate("/var/tmp/sparse", 2**40)
    assert files.size("/var/tmp/sparse") == 2**40
    files.write("/var/tmp/secret", b"x", mode=0o600)
    assert stat.S_IMODE(files.stat("/var/tmp/secret")) == 0o600
    files.rename("/var/tmp/secret", "/var/tmp/sparse")
    assert files.read("/var/tmp/sparse") == b"x"
    assert not files.exists("/var/tmp/secret")


def test_device_is_found_through_its_links() -> None:
    files = FileSystem()
    files.make_device("/dev/vdb", "a disk")
    files.make_folders("/dev/volume-1")
    files.symlink("../vdb", "/dev/volume-1/lun")
    assert files.device("/dev/volume-1/lun") == "a disk"
    assert files.realpath("/dev/volume-1/lun") == "/dev/vdb"
    assert files.device("/dev") is None
    with contextlib.suppress(OSError):
        files.read("/dev/vdb")
