"""How a deployment in some state is looked at."""

from __future__ import annotations

from sbsim.acceptance import Run
from sbsim.acceptance.platform import open_platform
from sbsim.checks.diagnosis import Diagnosis, diagnose, diagnose_pool
from sbsim.lab.lab import ignore
from sbsim.management import inventory
from sbsim.management.entities import StorageKind
from sbsim.management.inventory import StorageInventory


def look(run: Run, state: str) -> frozenset[Diagnosis]:
    """All that is told of it; of its storages only where it has some."""
    found = set(diagnose(run.deployed))
    for storage in _storages(run, state):
        found |= set(diagnose_pool(run.deployed, storage))
    return frozenset(found)


def group_name(run: Run, state: str) -> str:
    """The first storage's volume group; empty where there is none."""
    return next((one.uuid for one in _storages(run, state)), "")


def _storages(run: Run, state: str) -> list[StorageInventory]:
    if state != "connected":
        return []
    platform = open_platform(run.deployed, run.backend, ignore)
    found = inventory.storages(platform.management)
    return [one for one in found if one.kind is StorageKind.SHARED_BLOCK]
