"""A management plane over a fake SAN, with a zone, two clusters and their hosts."""

from __future__ import annotations

from pathlib import Path

from sbsim.machines import WallClock
from sbsim.management import clusters, hosts
from sbsim.management.entities import HostRef, PrimaryStorage
from sbsim.management.journal import Journal
from sbsim.management.management import Management
from sbsim.management.primary_storage import NewStorage, add
from sbsim.management.store import Store
from sbsim.sharedblock.profile import ThinRules
from sbsim.sharedblock.sizes import MIB

from .fake_san import DISK, Counter, FakeSan, unexpected
from .fake_volumes import FakeFolders, FakeInstances, FakeVolumes, FakeWorld

HOSTS = ("host1", "host2", "host3", "host4")
# Thin volumes as the product's later versions have them, but small.
THIN = ThinRules(begin=96 * MIB, step=32 * MIB, factor=2)


def plane(
    store: Store,
    san: FakeSan,
    me: str = "me",
    dead: tuple[str, ...] = (),
    start: int = 0,
    world: FakeWorld | None = None,
) -> Management:
    """`dead` are owners that no longer run; `start` keeps the uuids of two planes apart."""
    world = world or FakeWorld()
    counter = Counter()
    counter.value = start

    def alive(owner: str) -> bool:
        return owner not in dead and owner != ""

    journal = Journal(store, me, alive, counter.ids, counter.now)
    return Management(
        store,
        journal,
        san.agents,
        unexpected,
        counter.ids,
        counter.now,
        volume_agents={name: FakeVolumes(name, world) for name in san.seen},
        instance_agents={name: FakeInstances(name, world) for name in san.seen},
        folder_agents={name: FakeFolders(name, world) for name in san.seen},
        thin=THIN,
    )


def filled(store: Store, san: FakeSan) -> Management:
    """host1 to host3 are in cluster-1, host4 in cluster-2, all in zone-1; zone-2 is empty."""
    management = plane(store, san)
    clusters.add_zone(management, "zone-1")
    clusters.add_zone(management, "zone-2")
    clusters.add_cluster(management, "cluster-1", "zone-1")
    clusters.add_cluster(management, "cluster-2", "zone-1")
    for name in HOSTS:
        where = "cluster-2" if name == "host4" else "cluster-1"
        hosts.add_host(management, name, where, lambda: ())
    return management


def at(folder: Path) -> tuple[Store, FakeSan]:
    """The store and the SAN that are kept in a folder."""
    return Store(folder / "store.db", WallClock()), FakeSan(HOSTS, folder / "san.json")


def new(name: str = "PS-1", disks: tuple[str, ...] = (DISK,), **more: object) -> NewStorage:
    return NewStorage(name, "zone-1", disks, **more)  # type: ignore[arg-type]


def added(management: Management, **more: object) -> PrimaryStorage:
    return add(management, new(**more))  # type: ignore[arg-type]


def statuses(management: Management, storage: PrimaryStorage) -> list[tuple[int, str]]:
    with management.store.transaction() as rows:
        refs = rows.all(HostRef, primary_storage_uuid=storage.uuid)
        return [(ref.host_id, ref.status.value) for ref in refs]
