"""`kill -9` at every moment of an operation: the next one who comes finds it done or undoes it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sbsim.management import attachment, growth, inventory, primary_storage
from sbsim.management.entities import ClusterRef, HostRef, PrimaryStorage
from sbsim.management.management import Management
from sbsim.management.operation import Operation, Progress
from sbsim.management.recovery import recover

from .fake_san import GIB, SECOND_DISK, FakeSan
from .plane import HOSTS, at, new, plane


@pytest.fixture
def start(tmp_path: Path, filled_file: Path) -> Path:
    """A folder with a filled store and a SAN, to begin from."""
    folder = tmp_path / "start"
    folder.mkdir()
    shutil.copyfile(filled_file, folder / "store.db")
    FakeSan(HOSTS, folder / "san.json").save()
    return folder


def killed(tmp_path: Path, what: str, start: Path, many: int = 0, seed: int = 0) -> list[Path]:
    """The folders of the moments at which the operation was killed; the last ran to its end.

    Every moment, or so `many` that `seed` draws.
    """
    folder = tmp_path / "moments"
    folder.mkdir()
    script = Path(__file__).with_name("killed.py")
    argv = [sys.executable, str(script), str(folder), what, str(start), str(many), str(seed)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    moments = sorted(folder.iterdir())
    assert len(moments) > (many or 10)
    return moments


def survivor(folder: Path, ids: int = 5000) -> tuple[Management, FakeSan]:
    """Whoever comes next; the killed one is dead to it. Its uuids begin at `ids`."""
    store, san = at(folder)
    return plane(store, san, me="next", dead=("the killed one",), start=ids), san


def attached(management: Management, san: FakeSan) -> bool | None:
    """Whether the storage is attached, with all host refs or none. None: there is no storage."""
    with management.store.transaction() as rows:
        storages = rows.all(PrimaryStorage)
        clusters, refs = rows.all(ClusterRef), rows.all(HostRef)
        assert not rows.all(Operation, progress=Progress.RUNNING)
    joined = san.joined.get("lun-1", {})
    assert len(refs) == (3 if clusters else 0)
    assert len(joined) == len(refs)
    assert sorted(ref.host_id for ref in refs) == sorted(joined.values())
    return bool(clusters) if storages else None


def test_killed_add_is_done_or_undone(tmp_path: Path, start: Path) -> None:
    seen = set()
    for folder in killed(tmp_path, "add", start):
        management, san = survivor(folder)
        recover(management)
        found = attached(management, san)
        seen.add(found)
        if found is None:
            primary_storage.add(management, new())
        if not found:
            attachment.attach_to_cluster(management, "PS-1", "cluster-1")
        assert attached(management, san)
    assert seen == {None, False, True}


def test_killed_detach_is_finished(tmp_path: Path, start: Path) -> None:
    management, _ = survivor(start)
    primary_storage.add_and_attach(management, new(), ("cluster-1",))
    seen = set()
    for folder in killed(tmp_path, "detach", start):
        management, san = survivor(folder)
        began = bool(recover(management))
        seen.add((began, attached(management, san)))
    assert seen == {(False, True), (True, False), (False, False)}


def test_killed_add_of_a_disk_leaves_it_in_or_out(tmp_path: Path, start: Path) -> None:
    management, _ = survivor(start)
    primary_storage.add_and_attach(management, new(), ("cluster-1",))
    seen = set()
    for folder in killed(tmp_path, "add-disk", start):
        management, san = survivor(folder, ids=9000)
        recover(management)
        assert attached(management, san)
        disks = inventory.storage(management, "PS-1").disks
        in_group = "lun-2" in san.members[inventory.storage(management, "PS-1").uuid]
        assert (SECOND_DISK in disks) == in_group
        seen.add(in_group)
        if not in_group:
            growth.add_disk(management, "PS-1", SECOND_DISK)
        growth.refresh(management, "PS-1")
        assert inventory.storage(management, "PS-1").total == 36 * GIB
    assert seen == {False, True}


def test_killed_refresh_is_refreshed_by_the_next(tmp_path: Path, start: Path) -> None:
    management, _ = survivor(start)
    primary_storage.add_and_attach(management, new(), ("cluster-1",))
    for folder in killed(tmp_path, "refresh", start):
        management, san = survivor(folder, ids=9000)
        recover(management)
        assert attached(management, san)
        growth.refresh(management, "PS-1")


def test_killed_reconnect_leaves_it_attached(tmp_path: Path, start: Path) -> None:
    management, _ = survivor(start)
    primary_storage.add_and_attach(management, new(), ("cluster-1",))
    for folder in killed(tmp_path, "reconnect", start):
        management, san = survivor(folder)
        recover(management)
        assert attached(management, san)
