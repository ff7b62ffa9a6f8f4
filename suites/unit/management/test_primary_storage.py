from __future__ import annotations

import itertools

import pytest

from sbsim.management import attachment, finding, inventory, primary_storage
from sbsim.management.entities import Event, HostRef, PrimaryStorage, State, Status, status_of
from sbsim.management.errors import Refused
from sbsim.management.management import Management
from sbsim.management.states import next_state

from .fake_san import DISK, SECOND_DISK, FakeSan
from .plane import added, new

DOWN, JOINING, UP = Status.DISCONNECTED, Status.CONNECTING, Status.CONNECTED


def count(management: Management) -> int:
    with management.store.transaction() as rows:
        return len(rows.all(PrimaryStorage))


def test_add_asks_no_host(management: Management, san: FakeSan) -> None:
    added(management, disks=(SECOND_DISK, DISK), description="for tests")
    assert san.calls == []
    shown = inventory.storage(management, "PS-1")
    assert (shown.description, shown.zone) == ("for tests", "zone-1")
    assert shown.disks == (SECOND_DISK, DISK)
    assert (shown.state, shown.status, shown.clusters) == (State.ENABLED, DOWN, ())


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"name": ""}, "the name has 0 characters; expected 1 to 255"),
        ({"name": "n" * 256}, "the name has 256 characters"),
        ({"name": " n"}, "without blanks"),
        ({"description": "d" * 2049}, "the description has 2049 characters"),
        ({"disks": ()}, "at least one disk"),
        ({"disks": ("",)}, "the disk id '' has 0 characters"),
        ({"disks": ("d" * 256,)}, "256 characters"),
        ({"disks": (DISK, SECOND_DISK, DISK)}, f"more than once: {DISK};"),
    ],
)
def test_bad_argument_is_refused(
    management: Management, more: dict[str, object], words: str
) -> None:
    with pytest.raises(Refused, match=words) as bad:
        added(management, **more)
    assert (bad.value.code, bad.value.exit_status) == ("SYS.1007", 2)
    assert count(management) == 0


def test_longest_words_are_taken(management: Management) -> None:
    added(management, name="n" * 255, description="d" * 2048, disks=("d" * 255,))
    assert count(management) == 1


def test_unknown_zone_is_named_with_the_known_ones(management: Management) -> None:
    storage = primary_storage.NewStorage("PS-1", "zone-9", (DISK,))
    with pytest.raises(Refused, match="no zone 'zone-9'; did you mean zone-2 or zone-1"):
        primary_storage.add(management, storage)


def test_disk_of_another_storage_is_refused_by_names(management: Management) -> None:
    owner = added(management)
    with pytest.raises(Refused, match=r"SYS\.1006: the disk") as bad:
        added(management, name="PS-2", disks=(SECOND_DISK, DISK))
    assert DISK in str(bad.value)
    assert f"PS-1 ({owner.uuid})" in str(bad.value)
    assert count(management) == 1


def test_unknown_cluster_is_found_before_anything_is_added(management: Management) -> None:
    with pytest.raises(Refused, match="no cluster 'nowhere'; known: cluster-1, cluster-2"):
        primary_storage.add_and_attach(management, new(), ("cluster-1", "nowhere"))
    assert count(management) == 0


def test_same_name_twice_is_told_apart_by_uuid(management: Management) -> None:
    one, two = added(management), added(management, disks=(SECOND_DISK,))
    with pytest.raises(Refused, match=f"2 primary storages are called 'PS-1'.*{two.uuid}"):
        finding.find(management, PrimaryStorage, "PS-1")
    assert finding.find(management, PrimaryStorage, one.uuid) == one


def test_delete_is_refused_while_attached(management: Management) -> None:
    storage = added(management)
    attachment.attach_to_cluster(management, "PS-1", "cluster-1")
    attachment.attach_to_cluster(management, "PS-1", "cluster-2")
    for cluster, left in (("cluster-1", "cluster-1, cluster-2"), ("cluster-2", "cluster-2")):
        with pytest.raises(Refused, match=f"still attached to {left};") as bad:
            primary_storage.delete(management, storage.uuid)
        assert (bad.value.code, bad.value.exit_status) == ("SYS.1004", 2)
        attachment.detach_from_cluster(management, "PS-1", cluster)
    assert primary_storage.delete(management, storage.uuid)
    assert count(management) == 0
    added(management)  # its disks are free again


def test_delete_of_unknown_is_silent(management: Management) -> None:
    assert not primary_storage.delete(management, "f" * 32)


def test_every_event_leads_to_its_state_from_everywhere() -> None:
    to = {
        Event.ENABLE: State.ENABLED,
        Event.DISABLE: State.DISABLED,
        Event.MAINTAIN: State.MAINTENANCE,
        Event.DELETING: State.DELETING,
    }
    for state, event in itertools.product(State, Event):
        assert next_state(state, event) is to[event]


def test_state_is_changed_in_the_store(management: Management) -> None:
    added(management)
    primary_storage.change_state(management, "PS-1", Event.MAINTAIN)
    assert inventory.storage(management, "PS-1").state is State.MAINTENANCE


@pytest.mark.parametrize(
    ("hosts", "status"),
    [
        ((), DOWN),
        ((DOWN, DOWN), DOWN),
        ((DOWN, JOINING), JOINING),
        ((DOWN, UP, JOINING), UP),
        ((UP,), UP),
    ],
)
def test_storage_is_as_its_best_host(hosts: tuple[Status, ...], status: Status) -> None:
    refs = [HostRef("s", str(number), number, one) for number, one in enumerate(hosts, start=1)]
    assert status_of(refs) is status
