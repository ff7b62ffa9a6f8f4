"""The management plane in one hand: what every operation needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from sbsim.management.agent import FolderAgent, InstanceAgent, PoolAgent, VolumeAgent
from sbsim.management.entities import Host
from sbsim.management.errors import OPERATION_FAILED, ManagementError
from sbsim.management.journal import Journal
from sbsim.management.store import Store
from sbsim.sharedblock.profile import ThinRules
from sbsim.sharedblock.qemu_img import Format

A = TypeVar("A")


def _nothing(_text: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Management:
    """The store, its journal, and the hosts' agents for pools, volumes and instances, by name.

    `install` puts on the host of that name what it lacks and returns what that was (R2.5); `ids`
    gives uuids, `now` seconds since 1970; `progress` is told each long step in one line.
    `volume_format` is what the product's version makes volumes of that one instance has alone;
    `thin` how it lets them be thin, if it does.

    Example: `storages.add(management, storages.NewStorage("PS-1", zone.uuid, ("3600…",)))`
    """

    store: Store
    journal: Journal
    agents: Mapping[str, PoolAgent]
    install: Callable[[str], tuple[str, ...]]
    ids: Callable[[], str]
    now: Callable[[], float]
    progress: Callable[[str], None] = _nothing

    volume_agents: Mapping[str, VolumeAgent] = field(default_factory=dict)
    instance_agents: Mapping[str, InstanceAgent] = field(default_factory=dict)
    folder_agents: Mapping[str, FolderAgent] = field(default_factory=dict)
    volume_format: Format = "qcow2"
    thin: ThinRules | None = None

    def agent(self, host: Host) -> PoolAgent:
        """A host's agent for pools. Raises ManagementError where the host has none."""
        return _of(self.agents, host)

    def volumes(self, host: Host) -> VolumeAgent:
        """A host's agent for volumes. Raises ManagementError where the host has none."""
        return _of(self.volume_agents, host)

    def instances(self, host: Host) -> InstanceAgent:
        """A host's agent for VM instances. Raises ManagementError where the host has none."""
        return _of(self.instance_agents, host)

    def folders(self, host: Host) -> FolderAgent:
        """A host's agent for folders. Raises ManagementError where the host has none."""
        return _of(self.folder_agents, host)


def _of(agents: Mapping[str, A], host: Host) -> A:
    try:
        return agents[host.name]
    except KeyError:
        raise ManagementError(
            OPERATION_FAILED,
            f"{host.name}: no agent answers for this host; expected one of "
            f"{', '.join(agents) or 'none'}; is it a machine of this deployment?",
        ) from None
