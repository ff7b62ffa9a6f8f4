from __future__ import annotations

import pytest

from sbsim.errors import MachineError
from sbsim.management import attachment, clusters, inventory
from sbsim.management.entities import Host, ManagementNode
from sbsim.management.errors import ManagementError, Refused
from sbsim.management.hosts import add_host
from sbsim.management.management import Management
from sbsim.management.operation import Operation, Progress
from sbsim.management.store import Store

from .fake_san import FakeSan
from .plane import added, plane, statuses


@pytest.fixture
def small(store: Store, san: FakeSan) -> Management:
    """A zone and a cluster without hosts."""
    management = plane(store, san)
    clusters.add_zone(management, "zone-1")
    clusters.add_cluster(management, "cluster-1", "zone-1")
    return management


class Packages:
    def __init__(self, *missing: str) -> None:
        self.missing = missing

    def install(self) -> tuple[str, ...]:
        installed, self.missing = self.missing, ()
        return installed


def hosts(management: Management) -> list[Host]:
    with management.store.transaction() as rows:
        return rows.all(Host)


def test_what_is_missing_is_installed_once(small: Management) -> None:
    packages = Packages("lvm2", "sanlock")
    first = add_host(small, "host1", "cluster-1", packages.install, "172.20.11.107")
    assert first.installed == ("lvm2", "sanlock")
    again = add_host(small, "host1", "cluster-1", packages.install, "172.20.11.107")
    assert again.installed == ()
    assert hosts(small) == [first.host] == [again.host]
    assert first.host.installed == "lvm2 sanlock"


def test_what_was_removed_by_hand_is_installed_and_noted_again(small: Management) -> None:
    add_host(small, "host1", "cluster-1", lambda: ("lvm2",))
    add_host(small, "host1", "cluster-1", lambda: ("sanlock",))
    assert [one.installed for one in hosts(small)] == ["lvm2 sanlock"]


def test_failed_install_is_named_and_adds_no_host(small: Management) -> None:
    def install() -> tuple[str, ...]:
        raise MachineError("host1: the repository does not answer")

    with pytest.raises(ManagementError, match=r"SYS\.1006: host1 was not added.*repository"):
        add_host(small, "host1", "cluster-1", install)
    assert hosts(small) == []
    with small.store.transaction() as rows:
        assert rows.all(Operation)[-1].progress is Progress.FAILED
    add_host(small, "host1", "cluster-1", tuple)


def test_host_of_another_cluster_is_refused(management: Management) -> None:
    with pytest.raises(Refused, match="host4 is a host of cluster-2 already"):
        add_host(management, "host4", "cluster-1", tuple)


def test_address_of_another_host_is_refused(small: Management) -> None:
    add_host(small, "host1", "cluster-1", tuple, "172.20.11.107")
    with pytest.raises(Refused, match=r"172\.20\.11\.107 is the host host1's already"):
        add_host(small, "host2", "cluster-1", tuple, "172.20.11.107")


def test_new_host_joins_the_clusters_storages(small: Management, san: FakeSan) -> None:
    add_host(small, "host1", "cluster-1", tuple)
    storage = added(small)
    attachment.attach_to_cluster(small, "PS-1", "cluster-1")
    add_host(small, "host2", "cluster-1", tuple)
    assert san.joined["lun-1"] == {"host1": 1, "host2": 2}
    assert statuses(small, storage) == [(1, "Connected"), (2, "Connected")]
    assert [one.storages for one in inventory.hosts(small)] == [("PS-1",), ("PS-1",)]


def test_new_host_that_cannot_join_is_known_and_joins_the_next_time(
    small: Management, san: FakeSan
) -> None:
    add_host(small, "host1", "cluster-1", tuple)
    storage = added(small)
    attachment.attach_to_cluster(small, "PS-1", "cluster-1")
    san.errors["host2", "connect"] = MachineError("host2: no path")
    with pytest.raises(ManagementError, match="host2: no path"):
        add_host(small, "host2", "cluster-1", tuple)
    assert statuses(small, storage) == [(1, "Connected"), (2, "Disconnected")]
    san.errors.clear()
    add_host(small, "host2", "cluster-1", tuple)
    assert statuses(small, storage) == [(1, "Connected"), (2, "Connected")]


def test_host_does_not_come_while_a_storage_does(management: Management) -> None:
    storage = added(management)
    with management.store.transaction() as rows:
        cluster = hosts_cluster(management, rows.all(Host))
        management.journal.claim(rows, "attach", storage.uuid, cluster=cluster, hosts=[])
    with pytest.raises(Refused, match="a storage's attach is under way in cluster-1"):
        add_host(management, "host9", "cluster-1", tuple)
    assert len(hosts(management)) == 4


def hosts_cluster(_management: Management, known: list[Host]) -> str:
    return known[0].cluster_uuid


def test_adding_zone_cluster_and_node_twice_adds_once(small: Management) -> None:
    assert clusters.add_zone(small, "zone-1") == clusters.add_zone(small, "zone-1")
    one = clusters.add_cluster(small, "cluster-1", "zone-1")
    assert one == clusters.add_cluster(small, "cluster-1", "zone-1")
    clusters.add_zone(small, "zone-2")
    with pytest.raises(Refused, match="another zone"):
        clusters.add_cluster(small, "cluster-1", "zone-2")
    clusters.add_management_node(small, "mn", "172.20.12.249")
    clusters.add_management_node(small, "mn", "172.20.12.250")
    with small.store.transaction() as rows:
        assert [node.address for node in rows.all(ManagementNode)] == ["172.20.12.250"]
