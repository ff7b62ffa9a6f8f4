"""A storage grows while it is in use: by a LUN, or with its LUNs."""

from __future__ import annotations

import pytest

from sbsim.errors import MachineError
from sbsim.management import attachment, growth, inventory
from sbsim.management.entities import HostRef, PrimaryStorage, Status
from sbsim.management.errors import ManagementError, Refused
from sbsim.management.management import Management
from sbsim.management.operation import Operation, Progress
from sbsim.sharedblock.request import Capacity

from .fake_san import DISK, GIB, SECOND_DISK, FakeSan
from .plane import added


@pytest.fixture
def storage(management: Management, san: FakeSan) -> PrimaryStorage:
    found = added(management)
    attachment.attach_to_cluster(management, "PS-1", "cluster-1")
    san.calls.clear()
    return found


def shown(management: Management) -> tuple[tuple[str, ...], int, int]:
    found = inventory.storage(management, "PS-1")
    return found.disks, found.total, found.available


def test_lun_is_added_on_one_host_after_all_have_found_it(
    management: Management, san: FakeSan, storage: PrimaryStorage
) -> None:
    growth.add_disk(management, "PS-1", SECOND_DISK)
    assert shown(management) == ((DISK, SECOND_DISK), 36 * GIB, 35 * GIB)
    steps = [what for _, what in san.calls]
    asked = ["check_disks"] * 3 + ["see_only"] * 3
    assert steps == [*asked, "add_disk", *["capacity"] * 3]
    assert set(map(frozenset, san.filters.values())) == {frozenset({DISK, SECOND_DISK})}
    assert [host for host, what in san.calls if what == "add_disk"] == ["host1"]


@pytest.mark.parametrize(
    ("disk", "words"),
    [
        pytest.param("", "has 0 characters", id="empty"),
        pytest.param("d" * 256, "has 256 characters", id="long"),
        pytest.param(DISK, "a disk can be in one storage only", id="taken"),
    ],
)
def test_bad_ids_are_refused(
    management: Management, san: FakeSan, storage: PrimaryStorage, disk: str, words: str
) -> None:
    with pytest.raises(Refused, match=words):
        growth.add_disk(management, "PS-1", disk)
    assert san.calls == []


def test_lun_that_one_host_does_not_see_is_not_added(
    management: Management, san: FakeSan, storage: PrimaryStorage
) -> None:
    del san.seen["host3"][SECOND_DISK]
    before = shown(management)
    with pytest.raises(ManagementError, match=r"was not added: host3: can not find disk.*again"):
        growth.add_disk(management, "PS-1", SECOND_DISK)
    assert shown(management) == before
    assert "add_disk" not in [what for _, what in san.calls]
    with management.store.transaction() as rows:
        assert rows.all(Operation)[-1].progress is Progress.FAILED


@pytest.mark.parametrize("operation", ["add", "refresh"])
def test_storage_that_is_attached_nowhere_cannot_grow(
    management: Management, operation: str
) -> None:
    added(management)
    with pytest.raises(Refused, match="can not find any cluster attached to PS-1; attach it"):
        start(management, operation)


@pytest.mark.parametrize("operation", ["add", "refresh"])
def test_storage_without_a_connected_host_cannot_grow(
    management: Management, storage: PrimaryStorage, operation: str
) -> None:
    with management.store.transaction() as rows:
        for ref in rows.all(HostRef, primary_storage_uuid=storage.uuid):
            rows.change(ref, status=Status.DISCONNECTED)
    with pytest.raises(Refused, match="cannot find any connected host of PS-1; reconnect"):
        start(management, operation)


def test_grown_lun_is_seen_by_all_after_a_rescan_everywhere(
    management: Management, san: FakeSan, storage: PrimaryStorage
) -> None:
    san.sizes["lun-1"] = 28 * GIB
    growth.refresh(management, "PS-1")
    assert shown(management) == ((DISK,), 28 * GIB, 27 * GIB)
    assert sorted(host for host, what in san.calls if what == "rescan") == [
        "host1",
        "host2",
        "host3",
    ]
    assert [host for host, what in san.calls if what == "grow"] == ["host1"]


def test_shrunk_lun_is_told_and_nothing_changes(
    management: Management, san: FakeSan, storage: PrimaryStorage
) -> None:
    san.sizes["lun-1"] = 10 * GIB
    before = shown(management)
    with pytest.raises(ManagementError, match=r"not refreshed: host1: a LUN of vg .* has shrunk"):
        growth.refresh(management, "PS-1")
    assert shown(management) == before


def test_host_that_sees_another_size_is_named(
    management: Management, san: FakeSan, storage: PrimaryStorage
) -> None:
    san.sizes["lun-1"] = 28 * GIB
    san.views["host2"] = Capacity(18 * GIB, 17 * GIB)
    before = shown(management)
    with pytest.raises(ManagementError, match=rf"different sizes .*host2: {18 * GIB}"):
        growth.refresh(management, "PS-1")
    assert shown(management) == before


def test_host_that_cannot_rescan_is_named_and_the_pool_is_left(
    management: Management, san: FakeSan, storage: PrimaryStorage
) -> None:
    san.errors["host2", "rescan"] = MachineError("host2: no answer")
    with pytest.raises(ManagementError, match="not refreshed: host2: no answer"):
        growth.refresh(management, "PS-1")
    assert "grow" not in [what for _, what in san.calls]


def test_two_operations_on_one_storage_do_not_run_at_once(
    management: Management, san: FakeSan, storage: PrimaryStorage
) -> None:
    refusals = []

    def try_to_refresh() -> None:
        san.before = lambda: None
        with pytest.raises(Refused, match="another operation is under way: add disk") as caught:
            growth.refresh(management, "PS-1")
        refusals.append(caught.value)

    san.before = try_to_refresh
    growth.add_disk(management, "PS-1", SECOND_DISK)
    assert len(refusals) == 1


def start(management: Management, operation: str) -> None:
    if operation == "add":
        growth.add_disk(management, "PS-1", SECOND_DISK)
    else:
        growth.refresh(management, "PS-1")


def test_lun_that_came_in_although_the_call_failed_is_on_record(
    management: Management, san: FakeSan, storage: PrimaryStorage
) -> None:
    san.after["host1", "add_disk"] = MachineError("host1: the connection broke")
    with pytest.raises(ManagementError, match=r"connection broke; .* is in the pool all the same"):
        growth.add_disk(management, "PS-1", SECOND_DISK)
    assert shown(management)[0] == (DISK, SECOND_DISK)
    assert san.filters["host1"] == {DISK, SECOND_DISK}
    growth.refresh(management, "PS-1")
    assert shown(management)[1] == 36 * GIB


def test_lun_that_did_not_come_in_is_free_again(
    management: Management, san: FakeSan, storage: PrimaryStorage
) -> None:
    san.errors["host1", "add_disk"] = MachineError("host1: vgextend failed")
    with pytest.raises(ManagementError, match=r"vgextend failed; .* is not in the pool"):
        growth.add_disk(management, "PS-1", SECOND_DISK)
    assert shown(management)[0] == (DISK,)
    del san.errors["host1", "add_disk"]
    growth.add_disk(management, "PS-1", SECOND_DISK)


def test_while_no_host_can_tell_the_lun_is_given_to_nobody(
    management: Management, san: FakeSan, storage: PrimaryStorage
) -> None:
    san.after["host1", "add_disk"] = MachineError("host1: the connection broke")
    for host in ("host1", "host2", "host3"):
        san.errors[host, "has_disk"] = MachineError(f"{host}: no answer")
    with pytest.raises(ManagementError, match="is in the pool no host can tell: host1: no answer"):
        growth.add_disk(management, "PS-1", SECOND_DISK)
    with pytest.raises(Refused, match="another operation is under way: add disk"):
        growth.refresh(management, "PS-1")
    for host in ("host1", "host2", "host3"):
        del san.errors[host, "has_disk"]
    growth.refresh(management, "PS-1")
    assert shown(management) == ((DISK, SECOND_DISK), 36 * GIB, 35 * GIB)


@pytest.mark.parametrize("prefix", ["scsi-", "wwn-0x", "dm-uuid-mpath-"])
def test_lun_of_a_storage_is_refused_by_its_other_names(
    management: Management, storage: PrimaryStorage, prefix: str
) -> None:
    with pytest.raises(Refused, match="a disk can be in one storage only"):
        growth.add_disk(management, "PS-1", f"{prefix}{DISK}")
