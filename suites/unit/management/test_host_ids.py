"""Host ids under any order of joining and leaving: a model beside the real store."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sbsim.machines import WallClock
from sbsim.management import host_ids
from sbsim.management.entities import Cluster, Host, HostRef, PrimaryStorage, Zone
from sbsim.management.errors import Refused
from sbsim.management.store import Store

HOSTS = [f"{number:032x}" for number in range(100, 108)]
STORAGES = [f"{number:032x}" for number in range(10, 12)]


def filled(path: Path) -> Store:
    store = Store(path, WallClock())
    zone, cluster = "1" * 32, "2" * 32
    with store.transaction() as rows:
        rows.add(Zone(zone, "z", 1.0))
        rows.add(Cluster(cluster, "c", zone, 1.0))
        for uuid in HOSTS:
            rows.add(Host(uuid, uuid, cluster, uuid, 1.0))
        for uuid in STORAGES:
            rows.add(PrimaryStorage(uuid, uuid, "", zone, False, 1.0))
    return store


class HostIds(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = filled(Path(self.folder.name) / "store.db")
        self.model: dict[str, dict[str, int]] = {uuid: {} for uuid in STORAGES}

    @rule(storage=st.sampled_from(STORAGES), host=st.sampled_from(HOSTS))
    def join(self, storage: str, host: str) -> None:
        taken = self.model[storage]
        if host in taken:
            return
        with self.store.transaction() as rows:
            ref = host_ids.reserve(rows, storage, host)
        anywhere = {number: one for of in self.model.values() for one, number in of.items()}
        own = [number for number, one in anywhere.items() if one == host]
        assert ref.host_id == (own[0] if own else min(set(range(1, 2001)) - set(anywhere)))
        taken[host] = ref.host_id

    @rule(storage=st.sampled_from(STORAGES), host=st.sampled_from(HOSTS))
    def leave(self, storage: str, host: str) -> None:
        with self.store.transaction() as rows:
            ref = rows.one(HostRef, primary_storage_uuid=storage, host_uuid=host)
            assert (ref.host_id if ref else None) == self.model[storage].pop(host, None)
            if ref:
                rows.remove(ref)

    @invariant()
    def ids_stay_with_their_hosts_and_nobody_shares_one(self) -> None:
        with self.store.transaction() as rows:
            for storage, model in self.model.items():
                refs = rows.all(HostRef, primary_storage_uuid=storage)
                assert {ref.host_uuid: ref.host_id for ref in refs} == model
                assert len(set(model.values())) == len(model)
        places = [place for model in self.model.values() for place in model.items()]
        # LVM keeps one id for all storages of a host.
        assert len(set(places)) == len({host for host, _ in places})

    def teardown(self) -> None:
        self.folder.cleanup()


TestHostIds = HostIds.TestCase
TestHostIds.settings = settings(max_examples=10, stateful_step_count=20, deadline=None)


def test_last_id_is_2000_and_then_it_is_refused(tmp_path: Path) -> None:
    store = filled(tmp_path / "store.db")
    with store.transaction() as rows:
        cluster = rows.all(Cluster)[0].uuid
        for number in range(2000):
            uuid = f"{number + 1000:032x}"
            rows.add(Host(uuid, uuid, cluster, uuid, 1.0))
            last = host_ids.reserve(rows, STORAGES[0], uuid) if number in (0, 1) else rows.add(
                HostRef(STORAGES[0], uuid, number + 1)
            )  # fmt: skip
        assert last.host_id == 2000
        with pytest.raises(Refused, match="2000 host ids"):
            host_ids.reserve(rows, STORAGES[0], HOSTS[0])
        # A host that is in no storage with these is none of their concern.
        assert host_ids.reserve(rows, STORAGES[1], HOSTS[0]).host_id == 1
        rows.remove(last)
        assert host_ids.reserve(rows, STORAGES[0], HOSTS[0]).host_id == 2000
