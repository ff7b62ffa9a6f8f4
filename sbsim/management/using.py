"""Take an instance's volumes for use on a host, and let go of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from sbsim.management.chains import Chain, still_read
from sbsim.management.entities import Host
from sbsim.management.management import Management
from sbsim.sharedblock.volumes import Use


def take(
    management: Management, host: Host, chains: Iterable[Chain], use: Use | None = None
) -> None:
    """Take volumes for an instance on a host; `use` instead of each one's own way, if given.

    Raises VolumeLocked where another host holds one.
    """
    agent = management.volumes(host)
    for chain in chains:
        if chain.behind:
            agent.use(chain.vg, chain.behind, Use.SHARED)
        agent.use(chain.vg, (chain.top,), use or chain.use)


def let_go(management: Management, host: Host, chains: Iterable[Chain], instance: str) -> None:
    """Let go of what an instance had on a host, but for what another one there still reads."""
    for chain in chains:
        release(management, host, chain.vg, (chain.top, *chain.behind), instance)


def release(
    management: Management, host: Host, vg: str, names: Sequence[str], instance: str
) -> None:
    """Let go of logical volumes on a host, but for those that other instances there have."""
    with management.store.transaction() as rows:
        kept = still_read(rows, host.uuid, but=instance)
    free = tuple(name for name in names if name not in kept)
    if free:
        management.volumes(host).use(vg, free, Use.NONE)


@contextmanager
def taken(management: Management, host: Host, chains: Sequence[Chain]) -> Iterator[None]:
    """Inside, a host has volumes that no instance runs with."""
    take(management, host, chains)
    try:
        yield
    finally:
        let_go(management, host, chains, instance="")
