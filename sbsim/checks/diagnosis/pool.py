"""A storage on its hosts: configuration, daemons, volume group, lock space (chapter 3.5)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sbsim.checks.diagnosis.diagnosis import Diagnosis
from sbsim.machines import Machine, parallel
from sbsim.management.deployed import Deployed
from sbsim.management.inventory import Member, StorageInventory
from sbsim.sharedblock import lvm_filter, sanlock_conf
from sbsim.sharedblock.configure import (
    DEFAULT_IO_TIMEOUT,
    DROP_IN,
    SERVICES,
    seen_settings,
    wanted_settings,
)
from sbsim.sharedblock.connect import MADE_TAG
from sbsim.sharedblock.disk import find_disk
from sbsim.sharedblock.errors import DiskNotFound
from sbsim.sharedblock.lock_space import DeltaLease, read_delta_leases
from sbsim.sharedblock.lvm import Lvm
from sbsim.sharedblock.lvm_report import PhysicalVolume, VolumeGroup
from sbsim.sharedblock.profile import Profile
from sbsim.sharedblock.profiles import profile

SANLOCK = SERVICES[0]
_RECONNECT = "correct it, then reconnect the storage: `sbsim ps reconnect`"


@dataclass(frozen=True)
class Seen:
    """What one host shows of a storage. `missing` are disks of the storage that it does not find.

    `states` are the services' by name, `at_boot` those that start with the machine.
    """

    settings: Mapping[str, str]
    states: Mapping[str, str]
    at_boot: bool
    io_timeout: int
    group: VolumeGroup | None
    volumes: tuple[PhysicalVolume, ...]
    missing: tuple[str, ...]
    leases: tuple[DeltaLease, ...] | None


def look(deployed: Deployed, storage: StorageInventory) -> Iterator[Diagnosis]:
    """What is wrong with a storage on its hosts."""
    of = profile(deployed.deployment.profile)
    io_timeout = deployed.deployment.lab.io_timeout or of.io_timeout
    hosts = {member.host: member for member in storage.hosts}
    machines = [deployed.machines[name] for name in hosts]
    seen = parallel(machines, lambda machine: _read(machine, storage, of))
    ids = {name: _host_id(of, one) for name, one in seen.items()}
    for name, member in hosts.items():
        yield from _settings(member, seen[name], ids, of)
        yield from _filter(name, storage, seen[name], of)
        yield from _daemons(name, seen[name], io_timeout)
        yield from _group(name, storage, seen[name], of)
        yield from _missing(deployed, name, seen[name])
        yield from _lease(storage, member, seen[name])
    yield from _record(deployed, storage)


def _read(machine: Machine, storage: StorageInventory, of: Profile) -> Seen:
    answers = machine.run("systemctl", "is-active", "--", *SERVICES, check=False).lines
    states = dict(zip(SERVICES, answers, strict=True))
    lvm = Lvm(machine)
    return Seen(
        seen_settings(machine, of),
        states,
        machine.run("systemctl", "is-enabled", "--quiet", *SERVICES, check=False).ok,
        _io_timeout(machine),
        lvm.group(storage.uuid),
        lvm.physical_volumes(storage.uuid),
        tuple(id for id in storage.disks if not _finds(machine, id, of)),
        read_delta_leases(machine) if states[SANLOCK] == "active" else None,
    )


def _finds(machine: Machine, id: str, of: Profile) -> bool:
    try:
        return bool(find_disk(machine, id, of.disks))
    except DiskNotFound:
        return False


def _io_timeout(machine: Machine) -> int:
    """The io_timeout that lvmlockd starts with."""
    try:
        text = machine.read(DROP_IN).decode()
    except FileNotFoundError:
        return DEFAULT_IO_TIMEOUT
    found = re.search(r"--sanlock-timeout (\d+)", text)
    return int(found[1]) if found else DEFAULT_IO_TIMEOUT


# --- configuration and daemons -----------------------------------------------------------------


def _host_id(of: Profile, seen: Seen) -> str | None:
    return seen.settings.get(f"{of.lvm_files[-1]}: local/host_id")


def _settings(
    member: Member, seen: Seen, ids: Mapping[str, str | None], of: Profile
) -> Iterator[Diagnosis]:
    host, wanted = member.host, wanted_settings(of, member.host_id)
    for key, value in wanted.items():
        have = seen.settings.get(key)
        if have == value:
            continue
        if key.endswith(": local/host_id"):
            twins = sorted(one for one, id in ids.items() if id == have and one != host)
            yield Diagnosis(
                "host-id-doubled" if twins and have else "host-id-differs",
                f"{host}: {key.partition(':')[0]}",
                f"its host_id is {have or 'not set'}"
                + (f", as that of {', '.join(twins)}" if twins and have else "")
                + f"; the platform gave it {value}",
                "set its own id before lvmlockd starts again: two hosts with one id share their "
                "leases",
            )
        else:
            name = "sanlock" if key.startswith(sanlock_conf.PATH) else "lvm"
            yield Diagnosis(
                f"{name}-setting-differs",
                f"{host}: {key.partition(':')[0]}",
                f"{key.partition(': ')[2]} is {have or 'not set'}, the profile wants {value}",
                _RECONNECT,
            )
    if seen.settings.get(f"{sanlock_conf.PATH}: use_watchdog") == "0":
        yield Diagnosis(
            "watchdog-off",
            f"{host}: {sanlock_conf.PATH}",
            "use_watchdog is 0: a host that cannot renew its lease is not reset, and goes on "
            "writing to what another host takes over",
            "set use_watchdog = 1 where nothing else fences hosts; the product's versions do not",
            "warning",
        )


def _filter(host: str, storage: StorageInventory, seen: Seen, of: Profile) -> Iterator[Diagnosis]:
    """Where the version limits what LVM looks at: whether it is limited, and to enough."""
    for path in of.lvm_files if of.filters else ():
        values = [seen.settings.get(f"{path}: {key}", "") for key in lvm_filter.KEYS]
        hidden = {id for one in values for id in lvm_filter.hidden_disks(one, storage.disks)}
        if any(lvm_filter.REST not in one for one in values):
            yield Diagnosis(
                "lvm-filter-missing",
                f"{host}: {path}",
                "LVM looks at every disk: at LUNs of others, and at volume groups that lie inside "
                "the disks of VM instances",
                _RECONNECT,
            )
        elif hidden:
            yield Diagnosis(
                "lvm-filter-hides-disk",
                f"{host}: {path}",
                f"LVM is not to look at {', '.join(sorted(hidden))}, which the storage lies on",
                _RECONNECT,
            )


def _daemons(host: str, seen: Seen, io_timeout: int) -> Iterator[Diagnosis]:
    for service, state in seen.states.items():
        if state != "active":
            name = service.removesuffix(".service")
            yield Diagnosis(
                f"{name}-not-running",
                host,
                f"{service} is {state}",
                f"look why it ended (journalctl -u {name}), then reconnect the storage",
            )
    if not seen.at_boot:
        yield Diagnosis(
            "service-not-enabled",
            host,
            "lvmlockd or sanlock does not start with the machine",
            f"systemctl enable {' '.join(SERVICES)}",
            "warning",
        )
    if seen.io_timeout != io_timeout:
        yield Diagnosis(
            "io-timeout-differs",
            f"{host}: lvmlockd.service",
            f"lvmlockd starts with an io_timeout of {seen.io_timeout} s, the others with "
            f"{io_timeout} s: each counts another time until a lease has ended",
            f"correct {DROP_IN} and start lvmlockd anew while no lock space is used",
        )


# --- the group and its lock space --------------------------------------------------------------


def _group(host: str, storage: StorageInventory, seen: Seen, of: Profile) -> Iterator[Diagnosis]:
    if seen.group is None:
        yield Diagnosis(
            "group-not-seen",
            host,
            f"LVM sees no volume group {storage.uuid}",
            "look for its LUNs on this host first; never make the group anew over them",
        )
        return
    if seen.group.lock_type != "sanlock":
        yield Diagnosis(
            "group-not-shared",
            storage.uuid,
            f"its lock type is {seen.group.lock_type or 'none'}: every host may change it at once",
            "stop every use of it, then vgchange --lock-type sanlock",
        )
    if of.group_tags and not any(tag.startswith(MADE_TAG) for tag in seen.group.tags):
        yield Diagnosis(
            "group-tag-missing",
            storage.uuid,
            f"it does not bear the platform's tag {MADE_TAG}…: the platform does not take it for "
            "its own",
            f"put the tag back: vgchange --addtag {MADE_TAG}::… {storage.uuid}",
        )
    members = len(storage.disks)
    if len(seen.volumes) > members:
        yield Diagnosis(
            "pv-unknown-to-platform",
            storage.uuid,
            f"it has {len(seen.volumes)} physical volumes, the platform knows {members}",
            "add the LUN through the platform, or take it out with vgreduce",
        )


def _missing(deployed: Deployed, host: str, seen: Seen) -> Iterator[Diagnosis]:
    names = {
        id: name
        for storage in deployed.deployment.primary_storages
        for id, name in zip(deployed.disk_ids(storage), storage.luns, strict=True)
    }
    for disk in seen.missing:
        yield Diagnosis(
            "pool-lun-missing",
            f"{host}: {names.get(disk, disk)}",
            f"the pool's LUN {disk} is not there",
            "look whether it is mapped for this host, scan, then reconnect the storage",
        )


def _lease(storage: StorageInventory, member: Member, seen: Seen) -> Iterator[Diagnosis]:
    if seen.leases is None:
        return  # sanlock does not run, which is said already
    lease = next((one for one in seen.leases if one.name == f"lvm_{storage.uuid}"), None)
    if lease is None or not lease.joined:
        yield Diagnosis(
            "not-in-lock-space",
            member.host,
            f"it is not in the lock space of {storage.uuid}: it can take no lock",
            "reconnect the storage: `sbsim ps reconnect`",
        )
    elif lease.host_id != member.host_id:
        yield Diagnosis(
            "lease-under-other-id",
            member.host,
            f"it is in the lock space as {lease.host_id}, the platform gave it {member.host_id}",
            "stop its use of the storage, leave the lock space, and reconnect",
        )


def _record(deployed: Deployed, storage: StorageInventory) -> Iterator[Diagnosis]:
    for described in deployed.deployment.primary_storages:
        if described.name == storage.name:
            for disk, lun in zip(deployed.disk_ids(described), described.luns, strict=True):
                if disk not in storage.disks:
                    yield Diagnosis(
                        "disk-unknown-to-platform",
                        f"{storage.name}: {lun}",
                        f"the platform has no record of {disk}",
                        "add the LUN to the storage again: `sbsim ps add-disk`",
                    )
