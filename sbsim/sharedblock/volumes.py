"""Volumes of a pool on one host: one logical volume each, used under a lock of its own.

A logical volume is active on a host only while something there uses it: exclusively, or shared
with other hosts. Its lock comes and goes with that. What is done to a volume here takes it for as
long as it lasts and then gives back what was not held before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from sbsim.errors import CommandFailed
from sbsim.machines import Clock, Machine
from sbsim.sharedblock.errors import (
    PoolError,
    VolumeFailed,
    VolumeInUse,
    VolumeLocked,
    VolumeNotThere,
)
from sbsim.sharedblock.lock_space import read_lock_spaces
from sbsim.sharedblock.lvm import CHANGE_LIMIT_SECONDS, Lvm
from sbsim.sharedblock.lvm_report import LogicalVolume
from sbsim.sharedblock.profile import Profile
from sbsim.sharedblock.qemu_img import Content, Format, QemuImg
from sbsim.sharedblock.request import Capacity
from sbsim.sharedblock.sizes import MIB, exact, space

VOLUME_TAG = "zs::sharedblock::volume"
IMAGE_TAG = "zs::sharedblock::image"
ZEROED_BYTES = 4 * MIB

_LOCKED = "locked by other host"
_IN_USE = ("in use", "is used by")


class Use(StrEnum):
    """How a host uses a logical volume; the lock that it holds is of the same name."""

    NONE = "none"
    SHARED = "shared"
    EXCLUSIVE = "exclusive"


_ACTIVATE = {Use.NONE: "n", Use.SHARED: "sy", Use.EXCLUSIVE: "ey"}
_USES = {"un": Use.NONE, "sh": Use.SHARED, "ex": Use.EXCLUSIVE}
_RANK = {Use.NONE: 0, Use.SHARED: 1, Use.EXCLUSIVE: 2}


@dataclass(frozen=True)
class NewVolume:
    """A volume to be made: `virtual` bytes of that format, upon another volume if it is named.

    An `image` holds what instances' root disks are made of; its size is what its bytes take. A
    thin one has `room` for that many bytes only to begin with.
    """

    name: str
    virtual: int
    format: Format
    backing: str | None = None
    backing_format: Format | None = None
    image: bool = False
    room: int | None = None


class Volumes:
    """The volumes of pools as one host sees them.

    Every call raises PoolError where LVM or qemu-img fails, with their own words; VolumeLocked
    where another host holds a volume.
    """

    def __init__(self, machine: Machine, clock: Clock, profile: Profile) -> None:
        self._machine = machine
        self._clock = clock
        self._profile = profile
        self._lvm = Lvm(machine)
        self._qemu = QemuImg(machine)

    @property
    def name(self) -> str:
        """The host's name."""
        return self._machine.name

    # --- what is there ------------------------------------------------------------------------

    def listed(self, vg: str) -> tuple[LogicalVolume, ...]:
        """The logical volumes of a pool, without the lock volume."""
        return tuple(one for one in self._lvm.logical_volumes(vg) if one.name != "lvmlock")

    def uses(self, vg: str) -> dict[str, Use]:
        """How this host uses each volume of a pool, as lvmlockd holds their locks."""
        names = {one.uuid: one.name for one in self._lvm.logical_volumes(vg)}
        held = [lock for space in read_lock_spaces(self._machine) if space.vg == vg
                for lock in space.locks if lock.kind == "LV"]  # fmt: skip
        uses = {names[lock.lv]: _USES[lock.mode] for lock in held if lock.lv in names}
        return {name: uses.get(name, Use.NONE) for name in names.values() if name != "lvmlock"}

    def content(self, vg: str, name: str) -> Content:
        """What a volume holds; it is taken shared for that if it is not in use here."""
        with self.using(vg, name, Use.SHARED):
            return self._qemu.info(path_of(vg, name))

    def capacity(self, vg: str) -> Capacity:
        """The pool's room, as this host sees it."""
        group = self._lvm.group(vg)
        if group is None:
            raise VolumeFailed(self.name, f"can not find vg {vg}")
        return Capacity(total=group.size, available=group.free)

    # --- making and removing --------------------------------------------------------------------

    def make(self, vg: str, new: NewVolume) -> int:
        """Make a volume; return its size in the pool. One that is there already is left as it is.

        What lies behind it must be active on this host. If it cannot be filled it is removed again.
        """
        there = self._find(vg, new.name)
        if there is not None:
            return there.size
        size = self._size(new)
        tag = IMAGE_TAG if new.image else VOLUME_TAG
        self._change(
            "lvcreate", "--quiet", "--yes", "--activate", "ey", "--wipesignatures", "y",
            "--addtag", tag, "--size", f"{size}b", "--name", new.name, vg,
        )  # fmt: skip
        try:
            self._empty(vg, new)
        except BaseException:
            self.delete(vg, new.name)
            raise
        self.use(vg, (new.name,), Use.NONE)
        made = self._find(vg, new.name)
        if made is None:
            raise VolumeFailed(self.name, f"can not find lv {vg}/{new.name} after create")
        return made.size

    def _empty(self, vg: str, new: NewVolume) -> None:
        path = path_of(vg, new.name)
        blocks = ("bs=1M", f"count={ZEROED_BYTES // MIB}", "oflag=direct", "status=none")
        self._machine.run("dd", "if=/dev/zero", f"of={path}", *blocks)
        if new.format == "qcow2" and not new.image:
            self._qemu.make(path, Content("qcow2", new.virtual, new.backing, new.backing_format))
        elif new.backing is not None:
            self._qemu.copy(new.backing, new.backing_format or "raw", path)

    def fill(self, vg: str, name: str, data: bytes) -> None:
        """Write bytes to a volume's start: an image's content."""
        with self.using(vg, name, Use.EXCLUSIVE):
            words = ("bs=1M", "iflag=fullblock", "conv=notrunc,fsync", "status=none")
            self._machine.run("dd", f"of={path_of(vg, name)}", *words, input=data, timeout=600)

    def delete(self, vg: str, name: str) -> None:
        """Remove a volume; nothing happens if there is none. Raises VolumeInUse."""
        if self._find(vg, name) is None:
            return
        self.use(vg, (name,), Use.NONE)
        self._change("lvremove", "--quiet", "--yes", f"{vg}/{name}")

    def grow(
        self, vg: str, name: str, virtual: int, format: Format, live: bool, room: int | None = None
    ) -> int:
        """Make a volume larger; return its size in the pool. `live`: an instance here uses it.

        What an instance sees of a live one is for its hypervisor to change. A thin one gets the
        `room` that it would begin with.
        """
        wanted = self._size(NewVolume(name, virtual, format, room=room))
        with self.using(vg, name, Use.EXCLUSIVE):
            self._reach(vg, name, wanted)
            if format == "qcow2" and not live:
                self._qemu.resize(path_of(vg, name), virtual)
        return self._there(vg, name).size

    def extend(self, vg: str, name: str, size: int) -> int:
        """Have a thin volume take at least `size` bytes of the pool; return what it takes."""
        with self.using(vg, name, Use.EXCLUSIVE):
            self._reach(vg, name, size)
        return self._there(vg, name).size

    def rebase(self, vg: str, name: str, onto: str | None, onto_format: Format | None) -> int:
        """Put a volume upon another one of the pool's, copying into it what it would lose.

        All volumes behind it must be active on this host. Its logical volume grows to what that
        can take at most; return that size in the pool.
        """
        path = path_of(vg, name)
        with self.using(vg, name, Use.EXCLUSIVE):
            self._reach(vg, name, self._qemu.measure(path, "qcow2"))
            target = None if onto is None else path_of(vg, onto)
            self._qemu.rebase(path, target, onto_format)
        return self._there(vg, name).size

    def _reach(self, vg: str, name: str, size: int) -> None:
        if self._there(vg, name).size < size:
            self._change("lvextend", "--quiet", "--yes", "--size", f"{size}b", f"{vg}/{name}")

    # --- using ----------------------------------------------------------------------------------

    def use(self, vg: str, names: Sequence[str], use: Use) -> None:
        """Take volumes for use on this host, or let go of them; again changes nothing.

        Raises VolumeLocked where another host holds one in a way that excludes this, VolumeInUse
        where something here still has one open.
        """
        now = self.uses(vg)
        active = {one.name: one.active for one in self.listed(vg)}
        gone = [name for name in names if name not in active]
        if gone and use is not Use.NONE:
            raise VolumeNotThere(self.name, f"there is no lv {', '.join(gone)} in vg {vg}")
        wanted = [
            f"{vg}/{name}"
            for name in names
            if name not in gone and (now.get(name), active[name]) != (use, use is not Use.NONE)
        ]
        if wanted:
            self._change("lvchange", "--quiet", "--activate", _ACTIVATE[use], *wanted)

    @contextmanager
    def using(self, vg: str, name: str, use: Use) -> Iterator[None]:
        """Inside, this host uses a volume at least so; then again as before."""
        before = self.uses(vg).get(name, Use.NONE)
        raised = _RANK[use] > _RANK[before]
        if raised:
            self.use(vg, (name,), use)
        try:
            yield
        finally:
            if raised and self._find(vg, name) is not None:
                self.use(vg, (name,), before)

    # --- below ------------------------------------------------------------------------------------

    def _size(self, new: NewVolume) -> int:
        """The bytes that a volume asks LVM for, as the product's version counts them."""
        plain = new.format == "raw" or new.image
        if plain and self._profile.exact_raw:
            return exact(new.virtual)
        return space(new.virtual, new.room)

    def _find(self, vg: str, name: str) -> LogicalVolume | None:
        return next((one for one in self.listed(vg) if one.name == name), None)

    def _there(self, vg: str, name: str) -> LogicalVolume:
        found = self._find(vg, name)
        if found is None:
            raise VolumeNotThere(self.name, f"there is no lv {name} in vg {vg}")
        return found

    def _change(self, *argv: str) -> None:
        try:
            self._machine.run(*argv, timeout=CHANGE_LIMIT_SECONDS)
        except CommandFailed as error:
            said = error.stderr.strip() or error.stdout.strip() or f"status {error.status}"
            kind: type[PoolError] = VolumeFailed
            if _LOCKED in said:
                kind = VolumeLocked
            elif any(words in said for words in _IN_USE):
                kind = VolumeInUse
            raise kind(self.name, f"{argv[0]} failed: {said}") from error


def path_of(vg: str, name: str) -> str:
    """Where an active logical volume is found on a host."""
    return f"/dev/{vg}/{name}"
