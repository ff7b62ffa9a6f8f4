"""Connect hosts to a storage: one host first, which may make the pool, then the others at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sbsim.errors import SbsimError
from sbsim.management.asking import ask, listed
from sbsim.management.entities import Host, HostRef, PrimaryStorage
from sbsim.management.errors import OPERATION_FAILED, ManagementError
from sbsim.management.management import Management
from sbsim.sharedblock.request import Connected, ConnectRequest

LONG_SECONDS = 5.0


@dataclass(frozen=True)
class Joining:
    """The hosts that are to join a storage of these disks, in order, and each one's place.

    `known` are the disks of all storages of a host, by its uuid.
    """

    storage: PrimaryStorage
    disks: tuple[str, ...]
    hosts: tuple[Host, ...]
    places: Mapping[str, HostRef]
    known: Mapping[str, tuple[str, ...]]

    def request(self, host: Host, first: bool) -> ConnectRequest:
        """What one host is asked. Only who may make the pool may wipe, and only the first time."""
        fresh = first and not self.storage.formed
        return ConnectRequest(
            vg=self.storage.uuid,
            host_uuid=host.uuid,
            host_id=self.places[host.uuid].host_id,
            disks=self.disks,
            wipe=self.storage.wipe and fresh,
            first=fresh,
            known=self.known[host.uuid],
        )


def check_disks(management: Management, joining: Joining) -> None:
    """Let every host find every disk. Raises ManagementError with each host's own words."""
    management.progress(f"looking for {len(joining.disks)} disks on {len(joining.hosts)} hosts")
    _, errors = ask(joining.hosts, lambda host: management.agent(host).check_disks(joining.disks))
    _raise(errors)


def connect_first(management: Management, joining: Joining) -> dict[str, Connected]:
    """Connect the host that comes first in the description; it makes the pool if there is none."""
    first = joining.hosts[0]
    management.progress(f"connecting {first.name} first")
    return {first.name: _connect(management, joining, first, first=True)}


def connect_others(management: Management, joining: Joining) -> dict[str, Connected]:
    """Connect all hosts but the first, at once. Raises ManagementError if any fails."""
    answers, errors = connect(management, joining, joining.hosts[1:])
    _raise(errors)
    return answers


def connect(
    management: Management, joining: Joining, hosts: Sequence[Host]
) -> tuple[dict[str, Connected], dict[str, SbsimError]]:
    """Connect hosts to a pool that is there; return answers and errors by the hosts' names."""
    if hosts:
        management.progress(f"connecting {', '.join(host.name for host in hosts)}")
    return ask(hosts, lambda host: _connect(management, joining, host, first=False))


def check_same_pool(joining: Joining, answers: Mapping[str, Connected]) -> None:
    """Raise ManagementError if the hosts' answers show different storage under the same ids."""
    made = [name for name, answer in answers.items() if answer.created]
    known = {name: answer.vg_uuid for name, answer in answers.items() if answer.vg_uuid}
    if joining.storage.vg_uuid:
        known["the platform's record"] = joining.storage.vg_uuid
    if len(made) <= 1 and len(set(known.values())) <= 1:
        return
    seen = f"the volume group was made on {', '.join(made)}; " if len(made) > 1 else ""
    seen += "; ".join(f"{name}: {uuid}" for name, uuid in known.items())
    raise ManagementError(
        OPERATION_FAILED,
        f"the hosts have the disk ids {', '.join(joining.disks)}, but actually different storage "
        f"({seen}); show all hosts the same LUNs under these ids",
    )


def _connect(management: Management, joining: Joining, host: Host, first: bool) -> Connected:
    request = joining.request(host, first)
    answer = management.agent(host).connect(request)
    if answer.host_id != request.host_id:
        raise ManagementError(
            OPERATION_FAILED,
            f"{host.name}: runs in the lock space with host id {answer.host_id}, expected "
            f"{request.host_id}; disconnect it from the storage, then try again",
        )
    if told := _told(answer):
        management.progress(f"{host.name}: {told}")
    return answer


def _told(answer: Connected) -> str:
    """What the long steps took, beside what sanlock alone takes; nothing where none was long."""
    long = {"find_or_make_group": "volume group made", "join": "joined"}
    parts = [
        f"{words} in {took:.0f} s"
        for step, words in long.items()
        if (took := answer.seconds.get(step, 0.0)) >= LONG_SECONDS
    ]
    return f"{', '.join(parts)} (sanlock alone: {answer.lock_wait:.0f} s)" if parts else ""


def _raise(errors: Mapping[str, SbsimError]) -> None:
    if errors:
        raise ManagementError(OPERATION_FAILED, listed(errors))
