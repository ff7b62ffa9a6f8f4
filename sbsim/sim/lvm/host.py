"""LVM's commands that change something, on one host: under its locks, on all of a group's disks."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from sbsim.sim.device_mapper import MappedDevice, Row
from sbsim.sim.disk import lvm_label
from sbsim.sim.disk.probing import signatures
from sbsim.sim.lvm import lockd
from sbsim.sim.lvm.group import (
    LogicalVolume,
    NoRoom,
    VolumeGroup,
    Written,
    dashed,
    draw_uuid,
    text_of,
)
from sbsim.sim.lvm.lockd import Lockd, LockedElsewhere, Mode
from sbsim.sim.lvm.scan import Found, scan, settings_of, unusable
from sbsim.sim.san.block_io import HostDevice
from sbsim.sim.sanlock.daemon import SanlockError
from sbsim.sim.scheduler import BEGINNING

MIB = 2**20
EXTENT = 4 * MIB
DEFAULT_AREA = MIB - lvm_label.AREA_START
LOCK_VOLUME_SIZE = 256 * MIB
SANLOCK = "sanlock"
# vgcreate writes a shared group, then its lock volume, then where its lock lies.
MADE_SEQNO = 3
WORK_SECONDS = 0.2


class Refused(Exception):
    """LVM refuses: its own lines about it."""

    def __init__(self, *lines: str) -> None:
        super().__init__(*lines)
        self.lines = lines


def dm_name(group: str, volume: str) -> str:
    """The device mapper's name of a volume: its hyphens are doubled, one stands between them."""
    return f"{group.replace('-', '--')}-{volume.replace('-', '--')}"


class HostLvm:
    """LVM on one machine, for one command. Raises Refused."""

    def __init__(self, machine: Any, command: str) -> None:
        self._machine = machine
        self._command = command
        self._draw: random.Random = machine.draw

    # --- groups -------------------------------------------------------------------------------

    def make_own_group(self, name: str, paths: tuple[str, ...]) -> None:
        """Make a group of this host alone, which nobody locks."""
        seen = scan(self._machine)
        if name in seen.groups:
            raise Refused(f"A volume group called {name} already exists.")
        devices = self._free_disks(paths, seen.pvs)
        group = VolumeGroup(name, draw_uuid(self._draw), EXTENT, 0)
        for device in devices:
            group = self._with_disk(group, device, None)
        self._write(replace(group, seqno=1))

    def make_group(
        self, name: str, paths: tuple[str, ...], tags: tuple[str, ...], area: int | None
    ) -> None:
        """Make a shared group: its disks' labels, its metadata, its lock volume; and join it."""
        if self._machine.lock_daemons.lockd is not None:
            self._locks().use_global_lock()
        seen = scan(self._machine)
        if name in seen.groups:
            raise Refused(f"A volume group called {name} already exists.")
        devices = self._free_disks(paths, seen.pvs)
        group = VolumeGroup(name, draw_uuid(self._draw), EXTENT, 0, tags=tuple(sorted(tags)))
        for device in devices:
            group = self._with_disk(group, device, area)
        daemons, host_id = self._lock_daemons()
        # The lock volume is made while no other host can know of the group.
        volume = LogicalVolume(
            lockd.LOCK_VOLUME, draw_uuid(self._draw), (), visible=False, created=self._now(),
            host=self._machine.host_name,
        )  # fmt: skip
        group = replace(
            group.with_lv(volume, LOCK_VOLUME_SIZE // EXTENT), seqno=MADE_SEQNO, lock_type=SANLOCK,
            lock=f"{lockd.ARGS}:{lockd.LOCK_VOLUME}",
        )  # fmt: skip
        self._write(group)
        storage = self._activated(group, lockd.LOCK_VOLUME)
        has_global = not any(one.has_global for one in daemons.groups.values())
        lockd.format_lock_volume(
            storage, LOCK_VOLUME_SIZE, name, self._machine.lock_daemons.io_timeout, has_global
        )
        self._join(daemons, name, host_id, storage)
        daemons.groups[name].version = MADE_SEQNO

    def retag(self, name: str, gone: tuple[str, ...], new: tuple[str, ...]) -> None:
        """Take tags off a group and put others on."""
        with self._locked(name) as group:
            tags = {*group.tags} - {*gone} | {*new}
            self._write(group.changed(tags=tuple(sorted(tags))))

    def start_locking(self, name: str) -> None:
        """Join a group's lock space. Again changes nothing."""
        group = self._group(name)
        daemons, host_id = self._lock_daemons()
        if name not in daemons.groups:
            self._join(daemons, name, host_id, self._activated(group, lockd.LOCK_VOLUME))

    def stop_locking(self, name: str) -> None:
        """Leave a group's lock space; its lock volume is no device any more."""
        daemons, _ = self._lock_daemons()
        if name not in daemons.groups:
            return
        try:
            daemons.stop(name)
        except lockd.Busy:
            raise Refused(
                f"Lockspace for {name} not stopped: LVs must first be deactivated"
            ) from None
        self._deactivated(name, lockd.LOCK_VOLUME)

    def enable_global_lock(self, name: str) -> None:
        """Have the global lock in this group, where this host's locking of it is started."""
        try:
            self._locks().enable_global_lock(name)
        except SanlockError:
            raise Refused(f"VG {name} lock space is not started.") from None

    def deactivate_all(self, name: str) -> None:
        """Deactivate every volume of a group on this host."""
        for one in self._group(name).lvs:
            known = self._machine.mapper.at(f"/dev/mapper/{dm_name(name, one.name)}")
            if one.visible and known is not None:
                self.activate(name, one.name, None)

    def grow_disk(self, path: str) -> bool:
        """Give a group all of a disk that has grown; False if there is nothing new."""
        device = self._machine.block.at(path)
        found = next((one for one in scan(self._machine).pvs if one.device.device is device), None)
        if found is None or not found.group:
            raise Refused(f'Failed to find physical volume "{path}".')
        with self._locked(found.group) as group:
            (pv,) = (one for one in group.pvs if one.uuid == found.uuid)
            size = found.device.size
            if (size - pv.start) // group.extent < pv.extents:
                raise Refused(f"{path}: cannot resize to fewer extents as some are allocated.")
            if size == pv.device_size:
                return False
            lvm_label.write_label(found.device, replace(found.label, size=size))
            self._write(group.with_disk_of(pv.name, size))
        return True

    def extend_group(self, name: str, path: str, area: int | None) -> None:
        """Add a disk to a group."""
        with self._locked(name) as group:
            (device,) = self._free_disks((path,), scan(self._machine).pvs)
            self._write(self._with_disk(group, device, area))

    # --- volumes ------------------------------------------------------------------------------

    def make_volume(self, name: str, volume: str, size: int, tags: tuple[str, ...]) -> None:
        """Make a volume of whole extents, active on this host alone."""
        with self._locked(name) as group:
            if group.lv(volume):
                raise Refused(f'Logical Volume "{volume}" already exists in volume group "{name}"')
            uuid = draw_uuid(self._draw)
            storage = self._locks().groups[name].storage
            offset = lockd.take_lease(storage, LOCK_VOLUME_SIZE, name, uuid)
            if offset is None:
                raise Refused("Lock allocation failed: no free lease in the lock volume.")
            made = LogicalVolume(
                volume, uuid, (), tags, lockd.args_of(offset), created=self._now(),
                host=self._machine.host_name,
            )  # fmt: skip
            try:
                changed = group.with_lv(made, -(-size // group.extent))
            except NoRoom as error:
                lockd.give_lease_back(storage, name, offset)
                raise Refused(_no_room(name, error)) from None
            self._write(changed)
            self._lock_volume(name, made, "ex")
            self._activated(changed, volume)

    def remove_volume(self, name: str, volume: str) -> None:
        """Remove a volume that no other host has active."""
        with self._locked(name) as group:
            found = self._volume(group, volume)
            self._lock_volume(name, found, "ex")
            self._deactivated(name, volume)
            self._write(group.without_lv(volume))
            self._locks().unlock(name, found.uuid, lockd.offset_of(found.lock))
            self._locks().forget(name, found.uuid)
            lockd.give_lease_back(
                self._locks().groups[name].storage, name, lockd.offset_of(found.lock)
            )

    def extend_volume(self, name: str, volume: str, size: int) -> tuple[int, int]:
        """Make a volume larger; its extents before and after."""
        with self._locked(name) as group:
            found = self._volume(group, volume)
            wanted = -(-size // group.extent)
            if wanted <= found.extents:
                raise Refused(
                    f"New size given ({wanted} extents) not larger than existing size "
                    f"({found.extents} extents)"
                )
            held = self._locks().groups[name].held.get(found.uuid)
            self._lock_volume(name, found, "ex")
            try:
                changed = group.with_more(volume, wanted - found.extents)
            except NoRoom as error:
                raise Refused(_no_room(name, error)) from None
            self._write(changed)
            if held is None:
                self._locks().unlock(name, found.uuid, lockd.offset_of(found.lock))
            known = self._machine.mapper.at(f"/dev/mapper/{dm_name(name, volume)}")
            if known is not None:
                self._machine.mapper.load(known, self._table(changed, volume))
            return found.extents, wanted

    def activate(self, name: str, volume: str, mode: Mode | None) -> None:
        """Activate a volume on this host, for it alone or beside others; None: deactivate it."""
        group = self._group(name)
        found = self._volume(group, volume)
        if mode is not None:
            self._lock_volume(name, found, mode)
            self._activated(group, volume)
            return
        self._deactivated(name, volume)
        self._locks().unlock(name, found.uuid, lockd.offset_of(found.lock))

    def _volume(self, group: VolumeGroup, name: str) -> LogicalVolume:
        found = group.lv(name)
        if found is None:
            raise Refused(f'Failed to find logical volume "{group.name}/{name}"')
        return found

    def _lock_volume(self, name: str, volume: LogicalVolume, mode: Mode) -> None:
        try:
            self._locks().lock(name, volume.uuid, lockd.offset_of(volume.lock), mode)
        except LockedElsewhere:
            raise Refused(
                f"LV locked by other host: {name}/{volume.name}",
                f"Failed to lock logical volume {name}/{volume.name}.",
            ) from None
        except SanlockError:
            raise Refused(
                f"Failed to lock logical volume {name}/{volume.name}: lock start is needed."
            ) from None

    def _locks(self) -> Lockd:
        return self._lock_daemons()[0]

    # --- locks --------------------------------------------------------------------------------

    def _lock_daemons(self) -> tuple[Lockd, int]:
        settings: Any = settings_of(self._machine)
        if not settings.get("global", {}).get("use_lvmlockd"):
            raise Refused("Using a shared lock type requires lvmlockd.")
        host_id = int(settings.get("local", {}).get("host_id", 0))
        found = self._machine.lock_daemons.lockd
        if found is None:
            raise Refused("lvmlockd process is not running.", "Global lock failed: check that "
                          "lvmlockd is running.")  # fmt: skip
        if not host_id:
            raise Refused("Start failed: invalid sanlock host_id")
        return found, host_id

    def _join(self, daemons: Lockd, name: str, host_id: int, storage: HostDevice) -> None:
        try:
            daemons.start(name, host_id, storage)
        except SanlockError as error:
            self._deactivated(name, lockd.LOCK_VOLUME)
            raise Refused(f"VG {name} start failed: {error}") from None

    @contextmanager
    def _locked(self, name: str) -> Iterator[VolumeGroup]:
        """A group as it is once its lock is held; the lock is given back."""
        self._group(name)
        daemons, _ = self._lock_daemons()
        retries: Any = settings_of(self._machine)
        left = int(retries.get("global", {}).get("lvmlockd_lock_retries", 3))
        while True:
            try:
                daemons.lock(name, lockd.GROUP_LOCK, lockd.GROUP_AT, "ex")
                break
            except LockedElsewhere:
                if not left:
                    raise Refused(
                        f"VG {name} lock failed: held by other host.",
                        f"Cannot access VG {name} due to failed lock.",
                    ) from None
                left -= 1
                self._machine.clock.sleep(1.0 + self._draw.random())
            except SanlockError:
                raise Refused(
                    f"VG {name} lock failed: lock start in progress or not started",
                    f"Cannot access VG {name} due to failed lock.",
                ) from None
        try:
            # A command reads what there is, thinks, and writes: others come in between if they can.
            group = self._group(name)
            self._machine.clock.sleep(WORK_SECONDS)
            yield group
            daemons.groups[name].version = self._group(name).seqno
        finally:
            daemons.unlock(name, lockd.GROUP_LOCK, lockd.GROUP_AT)

    # --- devices ------------------------------------------------------------------------------

    def _free_disks(self, paths: tuple[str, ...], known: tuple[Found, ...]) -> list[HostDevice]:
        """Disks that hold nothing; what is wrong with any of them is told."""
        devices: list[HostDevice] = []
        wrong: list[str] = []
        for path in paths:
            try:
                devices.append(self._free_disk(path, known))
            except Refused as error:
                wrong += error.lines
        if wrong:
            raise Refused(*wrong)
        return devices

    def _free_disk(self, path: str, known: tuple[Found, ...]) -> HostDevice:
        """A disk that holds nothing."""
        try:
            device = HostDevice(self._machine, path)
        except OSError:
            raise Refused(f"No device found for {path}.") from None
        for one in known:
            if one.device.device is device.device and one.group:
                raise Refused(
                    f"Physical volume '{one.name}' is already in volume group '{one.group}'",
                    f"Unable to add physical volume '{one.name}' to volume group '{one.group}'",
                    f"{one.name}: physical volume not initialized.",
                )
        if told := unusable(self._machine, device, path):
            raise Refused(told, "Command requires all devices to be found.")
        for signature in signatures(device):
            raise Refused(
                f"WARNING: {signature.type} signature detected on {path} at offset "
                f"{signature.offset}. Wipe it? [y/n]: [n]",
                f"Aborted wiping of {signature.type}.",
                "1 existing signature left on the device.",
            )
        return device

    def _with_disk(self, group: VolumeGroup, device: HostDevice, area: int | None) -> VolumeGroup:
        """A group with a disk more, which is labelled now."""
        start = _aligned(lvm_label.AREA_START + (area or DEFAULT_AREA), device.best_io)
        uuid = draw_uuid(self._draw).replace("-", "")
        label = lvm_label.PhysicalVolume(
            uuid, device.size, start, lvm_label.AREA_START, start - lvm_label.AREA_START,
            in_use=True,
        )  # fmt: skip
        lvm_label.write_label(device, label)
        lvm_label.write_empty_area(device, label)
        return group.with_pv(dashed(uuid), device.path, device.size, start)

    def _activated(self, group: VolumeGroup, name: str) -> HostDevice:
        """A volume as a device of this host."""
        known = self._machine.mapper.at(f"/dev/mapper/{dm_name(group.name, name)}")
        if known is None:
            known = self._machine.mapper.make(dm_name(group.name, name), "lvm", 0)
            volume = group.lv(name)
            assert volume is not None, name
            known.uuid = f"LVM-{group.uuid}{volume.uuid}".replace("-", "").replace("LVM", "LVM-", 1)
            known.hidden = not volume.visible
            known.links = (f"/dev/{group.name}/{name}",) if volume.visible else ()
            self._machine.mapper.load(known, self._table(group, name))
        return HostDevice(self._machine, known.path)

    def _deactivated(self, group: str, name: str) -> None:
        known: MappedDevice | None = self._machine.mapper.at(f"/dev/mapper/{dm_name(group, name)}")
        if known is None:
            return
        if self._machine.instances.uses(known) or self._machine.mapper.on(known):
            raise Refused(f"Logical volume {group}/{name} in use.")
        self._machine.mapper.remove(known)

    def _table(self, group: VolumeGroup, name: str) -> tuple[Row, ...]:
        seen = scan(self._machine)
        volume = group.lv(name)
        assert volume is not None, name
        rows, start = [], 0
        for one in volume.segments:
            pv = group.pv(one.pv)
            found = seen.on(pv)
            if found is None:
                raise Refused(f"Couldn't find device with uuid {pv.uuid}.")
            size = one.extents * group.extent
            rows.append(Row(start, size, found.device.device, pv.start + one.first * group.extent))
            start += size
        return tuple(rows)

    # --- metadata -----------------------------------------------------------------------------

    def _group(self, name: str) -> VolumeGroup:
        found = scan(self._machine).groups.get(name)
        if found is None:
            raise Refused(f'Volume group "{name}" not found', f"Cannot process volume group {name}")
        return found

    def _write(self, group: VolumeGroup) -> None:
        """Write a group's text to all of its disks."""
        written = Written(self._command, self._machine.host_name, self._now())
        text = text_of(group, written).encode()
        seen = scan(self._machine)
        for pv in group.pvs:
            found = seen.on(pv)
            if found is None:
                raise Refused(f"Couldn't find device with uuid {pv.uuid}.",
                              f"Cannot change VG {group.name} while PVs are missing.")  # fmt: skip
            try:
                lvm_label.write_text(found.device, found.label, text)
            except OSError:
                raise Refused(f"Failed to write VG {group.name}.") from None

    def _now(self) -> int:
        return BEGINNING + int(self._machine.clock.now())


def _aligned(size: int, best_io: int) -> int:
    """Where data begin behind a metadata area: at a whole MiB, or the best I/O size if larger."""
    unit = best_io if best_io and best_io % MIB == 0 else MIB
    return -(-size // unit) * unit


def _no_room(name: str, error: NoRoom) -> str:
    return (
        f'Volume group "{name}" has insufficient free space ({error.free} extents): '
        f"{error.asked} required."
    )
