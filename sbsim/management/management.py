"""The management plane in one hand: what every operation needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sbsim.management.agent import PoolAgent
from sbsim.management.entities import Host
from sbsim.management.errors import OPERATION_FAILED, ManagementError
from sbsim.management.journal import Journal
from sbsim.management.store import Store


def _nothing(_text: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Management:
    """The store, its journal, and the hosts' agents by the hosts' names.

    `install` puts on the host of that name what it lacks and returns what that was (R2.5); `ids`
    gives uuids, `now` seconds since 1970; `progress` is told each long step in one line.

    Example: `storages.add(management, storages.NewStorage("PS-1", zone.uuid, ("3600…",)))`
    """

    store: Store
    journal: Journal
    agents: Mapping[str, PoolAgent]
    install: Callable[[str], tuple[str, ...]]
    ids: Callable[[], str]
    now: Callable[[], float]
    progress: Callable[[str], None] = _nothing

    def agent(self, host: Host) -> PoolAgent:
        """The agent of a host. Raises ManagementError where the host has none."""
        try:
            return self.agents[host.name]
        except KeyError:
            raise ManagementError(
                OPERATION_FAILED,
                f"{host.name}: no agent answers for this host; expected one of "
                f"{', '.join(self.agents) or 'none'}; is it a machine of this deployment?",
            ) from None
