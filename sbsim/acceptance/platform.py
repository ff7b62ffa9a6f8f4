"""The platform in a run: the management plane with its hosts taken over and its storages attached.

Making it takes minutes, most of them to install packages and to wait for sanlock. Where the caller
lets states be kept, each of the two is made once, and kept with what it was made from: the
description and sbsim's own code. What has changed since is made anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from sbsim.backends import Backend
from sbsim.bundle import source_files
from sbsim.errors import LabError
from sbsim.management.deployed import Deployed
from sbsim.management.described import add_storages, take_over
from sbsim.management.management import Management
from sbsim.management.opening import open_management

Progress = Callable[[str], None]

# The parts of sbsim that have a hand in what a machine is like.
MAKERS = (
    "acceptance",
    "backends",
    "deployment",
    "initiator",
    "kvm",
    "lab",
    "machines",
    "management",
    "sharedblock",
    "target",
)


class Kept(NamedTuple):
    """A kept state's name, and what it was made from."""

    name: str
    version: str


@dataclass(frozen=True)
class Platform:
    """The management plane of a run, on its deployment."""

    deployed: Deployed
    management: Management


def open_platform(deployed: Deployed, backend: Backend, progress: Progress) -> Platform:
    """The platform as it stands; nothing is changed."""
    return Platform(deployed, open_management(deployed, backend.store, progress))


def make_platform(deployed: Deployed, backend: Backend, progress: Progress, keep: bool) -> Platform:
    """Take the hosts over, add the storages and attach them. What is there already stays.

    `keep`: fresh machines may be brought to a kept state, and their state be kept; all that they
    are is lost then.
    """
    if not keep or backend.store.exists():
        platform = open_platform(deployed, backend, progress)
        _take_over(platform, progress)
        _attach(platform, progress)
        return platform

    def make() -> Platform:
        platform = hosts_taken_over(deployed, backend, progress)
        _attach(platform, progress)
        return platform

    return _made_once(connected_state(deployed), make, deployed, backend, progress)


def hosts_taken_over(deployed: Deployed, backend: Backend, progress: Progress) -> Platform:
    """The platform of fresh machines with its hosts taken over and no storage: made once."""

    def make() -> Platform:
        platform = open_platform(deployed, backend, progress)
        _take_over(platform, progress)
        return platform

    return _made_once(taken_over_state(deployed), make, deployed, backend, progress)


def taken_over_state(deployed: Deployed) -> Kept:
    """The state in which every host is taken over and no storage is there yet."""
    return Kept("taken-over", _origin(deployed))


def connected_state(deployed: Deployed) -> Kept:
    """The state in which every storage is attached; the product's versions differ in it."""
    version = f"{_origin(deployed)} {deployed.deployment.lab.io_timeout}"
    return Kept(f"connected-{deployed.deployment.profile}", version)


def _origin(deployed: Deployed) -> str:
    """Tells apart what states are made from: the description and sbsim's code.

    Left out is what plays no part before a storage is attached: profile and io_timeout.
    """
    digest = hashlib.sha256()
    described = deployed.deployment.model_dump_json(
        exclude={"profile": True, "lab": {"io_timeout"}}
    )
    digest.update(described.encode())
    for path in source_files(*MAKERS):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _made_once(
    kept: Kept,
    make: Callable[[], Platform],
    deployed: Deployed,
    backend: Backend,
    progress: Progress,
) -> Platform:
    """The platform in a kept state: gone back to, or made and kept for the next run."""
    if backend.has(*kept):
        progress(f"going back to the kept state {kept.name}")
        backend.restore(kept.name, progress)
        return open_platform(deployed, backend, progress)
    platform = make()
    try:
        backend.save(kept.name, progress, kept.version)
    except LabError as error:  # the next run takes longer, no more
        progress(f"this state could not be kept for the next run: {error}")
    return platform


def _take_over(platform: Platform, progress: Progress) -> None:
    installed = take_over(platform.deployed, platform.management)
    progress(f"hosts taken over: {sum(map(len, installed.values()))} packages installed")


def _attach(platform: Platform, progress: Progress) -> None:
    done = add_storages(platform.deployed, platform.management)
    for line in done or ("every storage is attached already",):
        progress(line)
