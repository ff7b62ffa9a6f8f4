from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from sbsim.errors import UsageError, WaitedInVain
from sbsim.machines import WallClock
from sbsim.management.entities import (
    Cluster,
    ClusterRef,
    Host,
    HostRef,
    ManagementNode,
    PrimaryStorage,
    SharedBlock,
    State,
    Status,
    Zone,
)
from sbsim.management.operation import Operation, Progress
from sbsim.management.store import Store


class FastClock:
    """Time that passes only in sleep; `on_sleep` sees each one."""

    def __init__(self) -> None:
        self.time = 0.0
        self.on_sleep: list[Any] = []

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds
        if self.on_sleep:
            self.on_sleep.pop()()


def uuid(number: int) -> str:
    return f"{number:032x}"


ZONE = Zone(uuid(1), "zone-1", 1.5)
CLUSTER = Cluster(uuid(2), "cluster-1", ZONE.uuid, 2.5)
HOST = Host(uuid(3), "host1", CLUSTER.uuid, "172.20.11.107", 3.5)
OTHER = Host(uuid(4), "host2", CLUSTER.uuid, "172.20.11.108", 3.5)
STORAGE = PrimaryStorage(uuid(5), "ps", "text", ZONE.uuid, True, 4.5, formed=True, vg_uuid="a-b",
                         total=20, available=10)  # fmt: skip
SECOND = PrimaryStorage(uuid(6), "ps", "", ZONE.uuid, False, 4.5)
BLOCK = SharedBlock(uuid(7), STORAGE.uuid, "3600140500000000", 5.5)
REF = HostRef(STORAGE.uuid, HOST.uuid, 1, Status.CONNECTED)
ALL = [ZONE, CLUSTER, ManagementNode(uuid(8), "mn", "172.20.12.249", 6.5), HOST, OTHER, STORAGE,
       SECOND, BLOCK, ClusterRef(STORAGE.uuid, CLUSTER.uuid), REF,
       Operation(uuid(9), "attach", STORAGE.uuid, "1:2:b", "claimed", "{}", 7.5)]  # fmt: skip


@pytest.fixture
def full(store: Store) -> Store:
    with store.transaction() as rows:
        for row in ALL:
            rows.add(row)
    return store


def test_rows_come_back_as_they_were_given(full: Store) -> None:
    again = Store(full.path, WallClock())
    with again.transaction() as rows:
        for row in ALL:
            assert row in rows.all(type(row))
        assert [host.name for host in rows.all(Host)] == ["host1", "host2"]


def test_rows_come_in_the_order_they_were_added(store: Store) -> None:
    names = ["c", "a", "b"]
    with store.transaction() as rows:
        for number, name in enumerate(names):
            rows.add(Zone(uuid(90 - number), name, 1.0))
    with store.transaction() as rows:
        assert [zone.name for zone in rows.all(Zone)] == names
        assert [zone.name for zone in rows.all(Zone, name=["a", "c"])] == ["c", "a"]


def test_change_touches_one_row(full: Store) -> None:
    with full.transaction() as rows:
        assert rows.change(HOST, state=State.DISABLED).state is State.DISABLED
    with full.transaction() as rows:
        assert [host.state for host in rows.all(Host)] == [State.DISABLED, State.ENABLED]


def test_a_block_that_raises_leaves_nothing(full: Store) -> None:
    def fail() -> None:
        with full.transaction() as rows:
            rows.remove(BLOCK)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with full.transaction() as rows:
        assert rows.all(SharedBlock) == [BLOCK]


@pytest.mark.parametrize(
    "row",
    [
        SharedBlock(uuid(20), SECOND.uuid, BLOCK.disk_id, 1.0),
        SharedBlock(uuid(20), SECOND.uuid, "", 1.0),
        SharedBlock(uuid(20), uuid(99), "other", 1.0),
        HostRef(STORAGE.uuid, OTHER.uuid, 1),
        HostRef(STORAGE.uuid, OTHER.uuid, 0),
        HostRef(STORAGE.uuid, OTHER.uuid, 2001),
        Host(uuid(20), "host1", CLUSTER.uuid, "other", 1.0),
        Host(uuid(20), "other", CLUSTER.uuid, HOST.address, 1.0),
        Zone(uuid(20), "zone-1", 1.0),
        Zone("short", "zone-2", 1.0),
        PrimaryStorage(uuid(20), "", "", ZONE.uuid, False, 1.0),
        PrimaryStorage(uuid(20), "n" * 256, "", ZONE.uuid, False, 1.0),
        PrimaryStorage(uuid(20), "n", "d" * 2049, ZONE.uuid, False, 1.0),
        PrimaryStorage(uuid(20), "n", "", ZONE.uuid, False, 1.0, total=1, available=2),
        ClusterRef(STORAGE.uuid, CLUSTER.uuid),
        Operation(uuid(20), "detach", STORAGE.uuid, "o", "s", "{}", 1.0),
    ],
)
def test_what_must_never_be_is_refused_by_the_file_itself(full: Store, row: object) -> None:
    with pytest.raises(IntegrityError), full.transaction() as rows:
        rows.add(row)


def test_same_host_id_in_two_storages_and_ended_operations_are_no_conflict(full: Store) -> None:
    with full.transaction() as rows:
        rows.add(HostRef(SECOND.uuid, HOST.uuid, 1))
        rows.add(Operation(uuid(20), "attach", STORAGE.uuid, "", "", "{}", 1.0, Progress.UNDONE))


def test_storage_that_is_attached_cannot_be_removed(full: Store) -> None:
    with pytest.raises(IntegrityError), full.transaction() as rows:
        rows.remove(STORAGE)


def test_storages_disks_go_with_it(full: Store) -> None:
    with full.transaction() as rows:
        rows.remove(rows.all(ClusterRef)[0])
        rows.remove(REF)
        rows.remove(STORAGE)
        assert rows.all(SharedBlock) == []


def test_nothing_lies_beside_the_file(full: Store) -> None:
    assert list(full.path.parent.iterdir()) == [full.path]


def test_newer_file_is_refused_with_advice(full: Store) -> None:
    with sqlite3.connect(full.path) as other:
        other.execute("UPDATE schema SET version = 99")
    other.close()
    with pytest.raises(UsageError, match=r"store\.db: written by a newer sbsim .*version 99.*use"):
        Store(full.path, WallClock())


@pytest.mark.parametrize("statement", ["CREATE TABLE cats (a)", "CREATE TABLE schema (version)",
    "CREATE TABLE schema (application, version)"])  # fmt: skip
def test_foreign_database_is_refused_and_not_touched(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "cats.db"
    with sqlite3.connect(path) as other:
        other.execute(statement)
    other.close()
    before = path.read_bytes()
    with pytest.raises(UsageError, match=r"cats\.db: cannot be opened .* move this file away"):
        Store(path, WallClock())
    assert path.read_bytes() == before


@pytest.mark.parametrize("text", ["a text\n" * 2000, "short"])
def test_file_that_is_no_database_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"notes\.txt.*not a database.*another path"):
        Store(path, WallClock())
    assert path.read_text() == text


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere/store\.db: cannot be opened"):
        Store(tmp_path / "nowhere" / "store.db", WallClock())


def test_busy_file_is_tried_again_by_the_clock(full: Store) -> None:
    clock = FastClock()
    mine = Store(full.path, clock)
    other = sqlite3.connect(full.path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    clock.on_sleep = [lambda: other.execute("ROLLBACK"), lambda: None]
    with mine.transaction() as rows:
        assert rows.one(Zone) == ZONE
    other.close()
    assert clock.on_sleep == []


def test_file_that_stays_busy_is_given_up_with_its_name(full: Store) -> None:
    mine = Store(full.path, FastClock())
    with (
        full.transaction(),
        pytest.raises(WaitedInVain, match=r"30 s .*store\.db"),
        mine.transaction(),
    ):
        pass
