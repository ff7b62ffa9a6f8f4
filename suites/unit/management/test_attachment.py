from __future__ import annotations

from dataclasses import replace

import pytest

from sbsim.errors import MachineError
from sbsim.management import attachment, primary_storage
from sbsim.management.entities import ClusterRef, HostRef, PrimaryStorage
from sbsim.management.errors import ManagementError, Refused
from sbsim.management.management import Management
from sbsim.management.operation import Operation, Progress
from sbsim.sharedblock.request import ConnectRequest

from .fake_san import DISK, GIB, SECOND_DISK, FakeSan
from .plane import added, new, plane, statuses

CONNECTED = [(1, "Connected"), (2, "Connected"), (3, "Connected")]


def attach(management: Management, storage: PrimaryStorage, cluster: str = "cluster-1") -> None:
    attachment.attach_to_cluster(management, storage.uuid, cluster)


def attached(management: Management, storage: PrimaryStorage) -> int:
    with management.store.transaction() as rows:
        return len(rows.all(ClusterRef, primary_storage_uuid=storage.uuid))


def last(management: Management) -> Operation:
    with management.store.transaction() as rows:
        return rows.all(Operation)[-1]


def read(management: Management, storage: PrimaryStorage) -> PrimaryStorage:
    with management.store.transaction() as rows:
        found = rows.one(PrimaryStorage, uuid=storage.uuid)
    assert found is not None
    return found


def test_all_hosts_are_checked_before_one_connects_first_and_then_the_others(
    management: Management, san: FakeSan
) -> None:
    storage = added(management, wipe=True)
    attach(management, storage)
    assert {what for _, what in san.calls[:3]} == {"check_disks"}
    assert san.calls[3] == ("host1", "connect")
    assert sorted(san.calls[4:]) == [("host2", "connect"), ("host3", "connect")]
    assert san.requests[0] == ConnectRequest(
        storage.uuid, san.requests[0].host_uuid, 1, (DISK,), wipe=True, first=True, known=(DISK,)
    )
    assert [(ask.wipe, ask.first) for ask in san.requests[1:]] == [(False, False)] * 2
    assert statuses(management, storage) == CONNECTED
    now = read(management, storage)
    assert (now.formed, now.vg_uuid) == (True, "uuid-of-lun-1")
    assert (now.total, now.available) == (18 * GIB, 17 * GIB)
    assert last(management).progress is Progress.DONE


def test_host_is_told_of_the_disks_of_all_its_storages(
    management: Management, san: FakeSan
) -> None:
    attach(management, added(management))
    attach(management, added(management, name="PS-2", disks=(SECOND_DISK,)))
    assert [set(ask.known) for ask in san.requests] == [{DISK}] * 3 + [{DISK, SECOND_DISK}] * 3


def test_long_steps_are_told_beside_the_locks_own_waiting(
    management: Management, san: FakeSan
) -> None:
    told: list[str] = []
    san.seconds = {
        "host1": {"find_or_make_group": 28.2, "join": 0.4},
        "host2": {"find_or_make_group": 0.3, "join": 23.1},
    }
    added(management)
    attachment.attach_to_cluster(replace(management, progress=told.append), "PS-1", "cluster-1")
    assert "host1: volume group made in 28 s (sanlock alone: 21 s)" in told
    assert "host2: joined in 23 s (sanlock alone: 21 s)" in told
    assert not any(text.startswith("host3") for text in told)


def test_ids_are_the_rows_own_not_the_hosts_positions(management: Management, san: FakeSan) -> None:
    storage = added(management)
    attach(management, storage, "cluster-2")
    attach(management, storage)
    assert san.joined["lun-1"] == {"host4": 1, "host1": 2, "host2": 3, "host3": 4}
    attachment.detach_from_cluster(management, storage.uuid, "cluster-2")
    assert statuses(management, storage) == [(2, "Connected"), (3, "Connected"), (4, "Connected")]
    attach(management, storage, "cluster-2")
    assert san.joined["lun-1"]["host4"] == 1


def test_pool_that_was_formed_is_never_wiped_or_made_again(
    management: Management, san: FakeSan
) -> None:
    storage = added(management, wipe=True)
    attach(management, storage)
    attachment.detach_from_cluster(management, storage.uuid, "cluster-1")
    attach(management, storage)
    assert not any(ask.wipe or ask.first for ask in san.requests[3:])
    attachment.detach_from_cluster(management, storage.uuid, "cluster-1")
    san.groups.clear()
    with pytest.raises(ManagementError, match="created before and is gone"):
        attach(management, storage)
    assert san.groups == {}


@pytest.mark.parametrize("what", ["check_disks", "connect"])
@pytest.mark.parametrize("host", ["host1", "host3"])
def test_one_host_that_fails_undoes_all(
    management: Management, san: FakeSan, host: str, what: str
) -> None:
    storage = added(management)
    san.errors[host, what] = MachineError(f"{host}: its disk is on fire")
    with pytest.raises(ManagementError, match=f"PS.1001: PS-1.*{host}: its disk is on fire") as bad:
        attach(management, storage)
    assert (bad.value.code, bad.value.exit_status) == ("PS.1001", 1)
    assert "SYS" not in str(bad.value)
    assert statuses(management, storage) == []
    assert attached(management, storage) == 0
    assert not any(san.joined.values())
    assert last(management).progress is Progress.UNDONE
    san.errors.clear()
    attach(management, storage)
    assert statuses(management, storage) == CONNECTED


def test_every_failing_host_is_named_with_its_own_words(
    management: Management, san: FakeSan
) -> None:
    storage = added(management)
    del san.seen["host1"][DISK], san.seen["host3"][DISK]
    with pytest.raises(ManagementError) as bad:
        attach(management, storage)
    for host in ("host1", "host3"):
        assert f"{host}: can not find disk with {DISK}" in str(bad.value)
    assert "host2" not in str(bad.value)
    assert san.groups == {}


def test_same_id_for_different_storage_is_found_and_undone(
    management: Management, san: FakeSan
) -> None:
    san.guarded = False
    san.seen["host2"][DISK] = "lun-9"
    storage = added(management)
    with pytest.raises(ManagementError, match="but actually different storage") as bad:
        attach(management, storage)
    assert DISK in str(bad.value)
    assert "made on host1, host2" in str(bad.value)
    assert not any(san.joined.values())
    assert set(san.groups) == {"lun-1", "lun-9"}  # what was made stays on the LUNs
    assert statuses(management, storage) == []


def test_second_cluster_that_sees_different_storage_is_refused(
    management: Management, san: FakeSan
) -> None:
    storage = added(management)
    attach(management, storage)
    san.seen["host4"][DISK] = "lun-9"
    san.groups["lun-9"] = [storage.uuid, "another"]
    with pytest.raises(ManagementError, match=r"actually different storage.*host4: another"):
        attach(management, storage, "cluster-2")
    assert statuses(management, storage) == CONNECTED


def test_host_that_runs_with_another_id_is_refused(
    management: Management, san: FakeSan, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sbsim.sharedblock.request import Capacity, Connected

    def connect(self: object, request: ConnectRequest) -> Connected:
        return Connected(7, False, "u", Capacity(2, 1))

    monkeypatch.setattr(type(san.agents["host1"]), "connect", connect)
    with pytest.raises(ManagementError, match=r"host1: runs .* with host id 7, expected 1"):
        attach(management, added(management))


def test_rollback_that_fails_is_told_and_leaves_no_rows(
    management: Management, san: FakeSan
) -> None:
    storage = added(management)
    san.errors["host3", "connect"] = MachineError("host3: no")
    san.errors["host2", "disconnect"] = MachineError("host2: does not answer")
    with pytest.raises(ManagementError, match="not be disconnected again: host2: does not answer"):
        attach(management, storage)
    assert statuses(management, storage) == []


def test_attach_twice_is_refused_and_changes_nothing(management: Management, san: FakeSan) -> None:
    storage = added(management)
    attach(management, storage)
    calls = list(san.calls)
    with pytest.raises(Refused, match="PS-1 is attached to cluster-1 already") as bad:
        attach(management, storage)
    assert (bad.value.code, bad.value.exit_status) == ("PS.1001", 2)
    assert san.calls == calls
    assert statuses(management, storage) == CONNECTED


def test_zone_must_match(management: Management) -> None:
    storage = primary_storage.add(
        management, primary_storage.NewStorage("PS-2", "zone-2", (SECOND_DISK,))
    )
    with pytest.raises(Refused, match="different zones"):
        attach(management, storage)


def test_cluster_without_hosts_is_refused(management: Management) -> None:
    from sbsim.management.clusters import add_cluster

    add_cluster(management, "empty", "zone-1")
    with pytest.raises(Refused, match=r"no host that the platform knows.*sbsim host add"):
        attach(management, added(management), "empty")


def test_host_without_an_agent_is_named(management: Management, san: FakeSan) -> None:
    del san.seen["host2"]
    short = plane(management.store, san, start=500)
    with pytest.raises(ManagementError, match="host2: no agent answers"):
        attach(short, added(short))


def test_detach_takes_all_hosts_out_and_keeps_the_disks(
    management: Management, san: FakeSan
) -> None:
    storage = added(management)
    attach(management, storage)
    attachment.detach_from_cluster(management, "PS-1", "cluster-1")
    assert san.joined == {"lun-1": {}}
    assert san.groups == {"lun-1": [storage.uuid, "uuid-of-lun-1"]}
    assert statuses(management, storage) == []
    assert attached(management, storage) == 0


def test_detach_of_unattached_is_refused(management: Management) -> None:
    added(management)
    with pytest.raises(Refused, match=r"PS.1002: PS-1 is not attached to cluster-2"):
        attachment.detach_from_cluster(management, "PS-1", "cluster-2")


def test_detach_with_a_failing_host_stays_attached_and_can_go_on(
    management: Management, san: FakeSan
) -> None:
    storage = added(management)
    attach(management, storage)
    san.errors["host2", "disconnect"] = MachineError("host2: a volume is in use")
    with pytest.raises(ManagementError, match=r"PS.1002: PS-1 stays attached.*host2: a volume"):
        attachment.detach_from_cluster(management, "PS-1", "cluster-1")
    assert statuses(management, storage) == [
        (1, "Disconnected"),
        (2, "Connected"),
        (3, "Disconnected"),
    ]
    assert attached(management, storage) == 1
    san.errors.clear()
    attachment.detach_from_cluster(management, "PS-1", "cluster-1")
    assert attached(management, storage) == 0


def test_no_transaction_is_open_while_a_host_is_asked(management: Management, san: FakeSan) -> None:
    def ask() -> None:
        with management.store.transaction() as rows:  # would wait for itself in vain
            rows.all(HostRef)

    san.before = ask
    attach(management, added(management))
    attachment.detach_from_cluster(management, "PS-1", "cluster-1")


def test_failed_add_with_a_cluster_keeps_nothing(management: Management, san: FakeSan) -> None:
    san.errors["host1", "connect"] = MachineError("host1: device is partitioned")
    for _ in range(2):
        with pytest.raises(ManagementError, match=r"PS.1001.*partitioned"):
            primary_storage.add_and_attach(management, new(), ("cluster-1", "cluster-2"))
    with management.store.transaction() as rows:
        assert rows.all(PrimaryStorage) == []


def test_failed_second_cluster_keeps_the_first(management: Management, san: FakeSan) -> None:
    san.errors["host4", "connect"] = MachineError("host4: no")
    with pytest.raises(ManagementError, match=r"PS\.1001.*cluster-2.*host4: no"):
        primary_storage.add_and_attach(management, new(), ("cluster-1", "cluster-2"))
    with management.store.transaction() as rows:
        assert len(rows.all(ClusterRef)) == 1
