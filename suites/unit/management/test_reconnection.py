from __future__ import annotations

import pytest

from sbsim.errors import MachineError
from sbsim.management import attachment, inventory, reconnection
from sbsim.management.entities import PrimaryStorage, Status
from sbsim.management.errors import ManagementError, Refused
from sbsim.management.management import Management

from .fake_san import DISK, GIB, FakeSan
from .plane import added, statuses


@pytest.fixture
def storage(management: Management, san: FakeSan) -> PrimaryStorage:
    found = added(management, wipe=True)
    attachment.attach_to_cluster(management, "PS-1", "cluster-1")
    san.calls.clear()
    san.requests.clear()
    return found


def test_every_host_connects_again_and_nothing_is_wiped_or_made(
    management: Management, san: FakeSan, storage: PrimaryStorage
) -> None:
    with management.store.transaction() as rows:
        found = rows.one(PrimaryStorage, uuid=storage.uuid)
        assert found
        rows.change(found, total=1, available=0)
    done = reconnection.reconnect(management, "PS-1")
    assert done.connected == ("host1", "host2", "host3")
    assert not any(ask.wipe or ask.first for ask in san.requests)
    assert sorted(ask.host_id for ask in san.requests) == [1, 2, 3]
    shown = inventory.storage(management, "PS-1")
    assert (shown.total, shown.available) == (18 * GIB, 17 * GIB)


def test_some_failing_hosts_leave_it_connected(
    management: Management, san: FakeSan, storage: PrimaryStorage
) -> None:
    for host in ("host1", "host3"):
        san.errors[host, "connect"] = MachineError(f"{host}: no path")
    done = reconnection.reconnect(management, "PS-1")
    assert (done.connected, list(done.errors)) == (("host2",), ["host1", "host3"])
    assert [text for _, text in statuses(management, storage)] == [
        "Disconnected",
        "Connected",
        "Disconnected",
    ]
    assert inventory.storage(management, "PS-1").status is Status.CONNECTED


def test_all_failing_hosts_make_it_disconnected(
    management: Management, san: FakeSan, storage: PrimaryStorage
) -> None:
    for host in ("host1", "host2", "host3"):
        san.errors[host, "connect"] = MachineError(f"{host}: no path")
    with pytest.raises(ManagementError, match=r"PS\.1003: PS-1.*host1: no path.*host3") as bad:
        reconnection.reconnect(management, "PS-1")
    assert bad.value.exit_status == 1
    assert inventory.storage(management, "PS-1").status is Status.DISCONNECTED
    san.errors.clear()
    reconnection.reconnect(management, "PS-1")
    assert inventory.storage(management, "PS-1").status is Status.CONNECTED


def test_host_that_sees_another_pool_now_is_taken_out(
    management: Management, san: FakeSan, storage: PrimaryStorage
) -> None:
    san.seen["host2"][DISK] = "lun-9"
    san.groups["lun-9"] = [storage.uuid, "another"]
    done = reconnection.reconnect(management, "PS-1")
    assert done.connected == ("host1", "host3")
    assert "actually different storage" in str(done.errors["host2"])
    assert san.joined["lun-9"] == {}


def test_reconnect_of_unattached_is_refused(management: Management) -> None:
    added(management)
    with pytest.raises(Refused, match="PS-1 is not attached to a cluster, so"):
        reconnection.reconnect(management, "PS-1")
