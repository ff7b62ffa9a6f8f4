"""What is wrong with a deployment, by name: what it is, where, and how to mend it.

A requirement that fails says that something is wrong; a diagnosis says what. It looks and changes
nothing. Each module here looks at one part and holds its rules::

    diagnose(deployed)             the servers, the array, and every host's side of the SAN
    diagnose_pool(deployed, store) the hosts' side of a storage that the platform knows

One cause gives one diagnosis where that can be told: a host that the array lets in nowhere is not
reported for the LUNs that it does not see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sbsim.checks.diagnosis import array, disks, initiators, paths, pool, servers
from sbsim.checks.diagnosis.diagnosis import Diagnosis
from sbsim.errors import SbsimError
from sbsim.management.deployed import Deployed
from sbsim.management.inventory import StorageInventory

__all__ = ["Diagnosis", "diagnose", "diagnose_pool"]

_LOOKS = (servers.look, array.look, initiators.look, disks.look, paths.look)


def diagnose(deployed: Deployed) -> tuple[Diagnosis, ...]:
    """Everything that is wrong below the pool, sorted; nothing is changed."""
    found: set[Diagnosis] = set()
    for look in _LOOKS:
        found |= _guarded(look.__module__, lambda look=look: look(deployed))  # type: ignore[misc]
    return tuple(sorted(found))


def diagnose_pool(deployed: Deployed, storage: StorageInventory) -> tuple[Diagnosis, ...]:
    """Everything that is wrong with a storage on its hosts, sorted; nothing is changed."""
    return tuple(sorted(_guarded(pool.__name__, lambda: pool.look(deployed, storage))))


def _guarded(module: str, look: Callable[[], Iterable[Diagnosis]]) -> set[Diagnosis]:
    """What a look finds; where it cannot look, that is what is wrong."""
    try:
        return set(look())
    except SbsimError as error:
        part = module.rpartition(".")[2]
        return {
            Diagnosis(
                "cannot-look",
                part,
                f"the {part} could not be looked at: {error}",
                "mend this first; what else is wrong there is not known",
            )
        }
