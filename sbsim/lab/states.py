"""Saved states of a lab: memory and disks of every machine, at one moment.

A state belongs to the plan it was saved from, and to the QEMU and kernel it ran on.
"""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from sbsim.errors import LabError
from sbsim.lab import manifest, pruning
from sbsim.lab.domains import QEMU, Boot, domain_xml
from sbsim.lab.folder import cache_folder, folder_name
from sbsim.lab.keys import Keys, ensure_keys
from sbsim.lab.plan import Plan

BOOTED = "booted"
# A machine of the guide's leaves some 150 MiB of memory and disks.
NEEDED_BYTES = 256 * 2**20


def state_folder(plan: Plan, name: str, kvm: bool) -> Path:
    """Where the state `name` of `plan` lies, or would lie. UsageError if it is no folder's name."""
    folder_name("the state's name", name)
    return cache_folder() / "states" / _key(plan, kvm) / name


def sound_state(plan: Plan, name: str, kvm: bool) -> Path | None:
    """The folder of a state that is there and undamaged, else None."""
    folder = state_folder(plan, name, kvm)
    if not folder.is_dir() or manifest.faults(folder):
        return None
    pruning.mark_used(folder.parent)
    return folder


def make_state(plan: Plan, name: str, kvm: bool, fill: Callable[[Path], None]) -> None:
    """Keep what `fill` writes as the state `name`; states of plans long unused go."""
    folder = state_folder(plan, name, kvm)
    manifest.make(folder, fill)
    pruning.mark_used(folder.parent)
    pruning.prune(folder.parent.parent, pruning.PLANS_KEPT)


def check_room(plan: Plan) -> None:
    """Raise LabError if the cache has no room for a saved state of `plan`.

    Asked before a machine is held: one whose memory could not be written would be lost.
    """
    needed = len(plan.machines) * NEEDED_BYTES
    free = shutil.disk_usage(cache_folder()).free
    if free < needed:
        raise LabError(
            f"the cache {cache_folder()} has {free >> 20} MiB free; the saved state of "
            f"{len(plan.machines)} machines needs {needed >> 20} MiB. Make room, or name another "
            "folder in SBSIM_CACHE"
        )


def _key(plan: Plan, kvm: bool) -> str:
    version = subprocess.run([QEMU, "--version"], capture_output=True, text=True, check=True)
    anywhere = Boot(image=Path(), disks=Path(), console=Path(), kvm=kvm)
    parts = [
        plan.key, version.stdout.splitlines()[0], platform.release(),
        # A machine comes back as the domain that it was saved as.
        *(domain_xml(machine, anywhere) for machine in plan.machines),
        # A saved machine knows the keys it was booted with.
        Keys.public(ensure_keys().client),
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
