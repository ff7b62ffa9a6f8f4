"""The platform's record and its hosts agree: what runs, what is held, what lies in the pools.

After any operation, and after any that was interrupted and recovered from, nothing may differ:
an instance that runs where nobody knows of it, a lock that nobody needs and a logical volume that
nothing belongs to are how data gets lost later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from sbsim.management.chains import chains_of
from sbsim.management.entities import (
    Host,
    ImageCache,
    InstanceState,
    Snapshot,
    VmInstance,
    Volume,
)
from sbsim.management.management import Management
from sbsim.management.operation import Operation, Progress
from sbsim.management.store import Transaction
from sbsim.sharedblock.volumes import Use

_UP = (InstanceState.RUNNING, InstanceState.PAUSED)


@dataclass(frozen=True)
class Seen:
    """What the hosts tell. Logical volumes are named ``vg/lv``, instances by uuid.

    `running`: each instance's hosts. `locks`: of each volume that is held the hosts, and how each
    uses it ("shared" or "exclusive"). `volumes`: all of them, without the lock volumes.
    """

    running: Mapping[str, list[str]]
    locks: Mapping[str, Mapping[str, str]]
    volumes: frozenset[str]


def disagreements(management: Management, seen: Seen) -> list[str]:
    """What differs between the record and the hosts, a line each; none where all is well."""
    with management.store.transaction() as rows:
        return [
            *_unfinished(rows),
            *_instances(rows, seen),
            *_locks(rows, seen),
            *_volumes(rows, seen),
        ]


def _unfinished(rows: Transaction) -> Iterator[str]:
    for one in rows.all(Operation, progress=Progress.RUNNING):
        yield f"{one.kind} of {one.subject} has not ended; its last step is {one.step!r}"


def _instances(rows: Transaction, seen: Seen) -> Iterator[str]:
    hosts = {one.uuid: one.name for one in rows.all(Host)}
    known = {one.uuid: one for one in rows.all(VmInstance)}
    for uuid, instance in known.items():
        host = hosts[instance.host_uuid] if instance.host_uuid else None
        wanted = [host] if host else []
        if (instance.state in _UP) != bool(host):
            yield f"{instance.name} is {instance.state}, on {host or 'no host'}"
        yield from _differ(f"{instance.name} runs on", wanted, seen.running.get(uuid, []))
    for uuid in sorted(set(seen.running) - set(known)):
        yield f"an instance that is not on record runs on {seen.running[uuid]}: {uuid}"


def _locks(rows: Transaction, seen: Seen) -> Iterator[str]:
    hosts = {one.uuid: one.name for one in rows.all(Host)}
    needed: dict[str, dict[str, str]] = {}
    for instance in rows.all(VmInstance):
        if instance.host_uuid is None:
            continue
        for chain in chains_of(rows, instance).values():
            host = hosts[instance.host_uuid]
            needed.setdefault(f"{chain.vg}/{chain.top}", {})[host] = chain.use.value
            for lv in chain.behind:
                needed.setdefault(f"{chain.vg}/{lv}", {})[host] = Use.SHARED.value
    for lv in sorted({*needed, *seen.locks}):
        yield from _differ(f"{lv} is held by", needed.get(lv, {}), dict(seen.locks.get(lv, {})))


def _volumes(rows: Transaction, seen: Seen) -> Iterator[str]:
    known = {
        *(f"{one.primary_storage_uuid}/{one.lv}" for one in rows.all(Volume) if one.lv),
        *(f"{one.primary_storage_uuid}/{one.lv}" for one in rows.all(Snapshot)),
        *(f"{one.primary_storage_uuid}/{one.image_uuid}" for one in rows.all(ImageCache)),
    }
    for lv in sorted(known - seen.volumes):
        yield f"{lv} is on record and in no pool"
    for lv in sorted(seen.volumes - known):
        yield f"{lv} is in the pool and belongs to nothing"


T = TypeVar("T")


def _differ(what: str, recorded: T, seen: T) -> Iterator[str]:
    if recorded != seen:
        yield f"{what} {recorded} by the record, {seen} by the hosts"
