"""What a backend is. Nothing above it asks which one runs: it asks for a capability."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from sbsim.deployment import Deployment
from sbsim.initiator.paths import has_several
from sbsim.kvm.hypervisor import Hypervisor
from sbsim.machines import Clock, Machine

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Traits:
    """What a backend's machines are.

    `capabilities` are the names that requirements and tests ask for: ``machines`` (servers that
    answer), ``real_kernel``, ``array_control`` (LUNs can be mapped and taken away), ``disposable``
    (machines that sbsim made and may break), ``kept_states`` (a state that is kept outlives the
    run), ``programs`` (machines run any program that is put on them), ``power_cycle``,
    ``link_faults``, ``measured_io`` (numbers mean something), …; by the description ``iscsi`` or
    ``fc`` (how LUNs are reached) and ``paths`` (a host has two or more to a LUN). `facts` go into
    the report as they are.
    """

    backend: str
    capabilities: frozenset[str]
    emulated: bool
    simulated: bool
    facts: dict[str, Any] = field(default_factory=dict)


def described(deployment: Deployment) -> frozenset[str]:
    """The capabilities that machines have by their description: a transport, and ``paths``."""
    several = any(has_several(deployment, host) for host in deployment.hosts)
    return frozenset({deployment.transport, *(("paths",) if several else ())})


class Backend(Protocol):
    """A description's machines. `with backend:` brings them up and, if it owns them, down."""

    @property
    def traits(self) -> Traits:
        """What the machines are; known once they are up."""

    @property
    def clock(self) -> Clock:
        """The clock that these machines live by."""

    def ids(self) -> str:
        """A uuid that nothing else has, as 32 hex digits."""

    def time(self) -> float:
        """The seconds since 1970 that these machines live in."""

    @property
    def store(self) -> Path:
        """The file in which the management plane keeps what it knows of this deployment."""

    @property
    def machines(self) -> dict[str, Machine]:
        """Every machine by the name that the description gives it."""

    @property
    def hypervisor(self) -> Hypervisor:
        """Opens a machine's libvirt, by the machine's name."""

    @property
    def console_logs(self) -> Path | None:
        """The folder with what each machine has printed on its console; None if there is none."""

    @property
    def owned(self) -> bool:
        """Whether this backend made its machines, which then end with it."""

    def up(self, progress: Progress) -> None:
        """Make the machines exist and answer; nothing if they do."""

    def save(self, name: str, progress: Progress, version: str = "") -> None:
        """Keep the state of all machines, memory and disks, and the store, under a name.

        `version` tells what the state was made from; an older one of that name is replaced.
        """

    def has(self, name: str, version: str = "") -> bool:
        """Whether an undamaged state was kept under that name, made from that version."""

    def forget(self, name: str) -> None:
        """Remove a kept state; nothing if there is none."""

    def restore(self, name: str, progress: Progress) -> None:
        """Bring all machines, and the store, back to a kept state."""

    def power(self, machine: str, on: bool) -> None:
        """Cut or restore a machine's power; with `on` it returns when the machine answers."""

    def restart(self, machine: str) -> None:
        """Restart a machine as its own operator would; return when all of it has started."""

    def link(self, machine: str, link: str, up: bool) -> None:
        """Pull or plug a machine's cable to one of the description's links."""

    def resize_disk(self, server: str, device: str, size: int) -> None:
        """Give the disk behind a storage server's LUN another size, in bytes, while it is used."""

    def down(self) -> None:
        """Take away what `up` made, if this backend owns it."""
