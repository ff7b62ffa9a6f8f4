"""The root of LIO's configfs, and what belongs to no fabric: adapters and logical unit groups."""

from __future__ import annotations

import errno
import re
from collections.abc import Callable
from typing import ClassVar, TypeVar

from sbsim.sim.lio.numbers import unsigned
from sbsim.sim.lio.places import Places
from sbsim.sim.lio.shapes import Kernel, Shape
from sbsim.sim.lio.tree import Folder, refuse

LONGEST_ADAPTER = 64
# Kinds may have one underscore in their names.
_ADAPTER = re.compile(r"([^_]*(?:_[^_]*)?)_([0-9]+)")


class Target(Folder):
    """``/sys/kernel/config/target``: one machine's LIO.

    `numbers` counts what the kernel counts: adapters, those that were asked for (it has one of its
    own from the start), devices, initiators.
    """

    fabrics: ClassVar[dict[str, type[Folder]]] = {}

    def __init__(self, kernel: Kernel, places: Places) -> None:
        super().__init__("target", None, kernel.shapes["."], True)
        self.kernel = kernel
        self.places = places
        self.numbers = {"adapter": 0, "instance": 1, "device": 0, "initiator": 0}

    def shape_of(self, path: str) -> Shape:
        """The shape of what was recorded at a path."""
        return self.kernel.shapes[path]

    def next(self, what: str) -> int:
        """The next number of its kind."""
        self.numbers[what] += 1
        return self.numbers[what]

    def make(self, name: str) -> Folder:
        """A fabric, by the name of its module."""
        kind = self.fabrics.get(name) or refuse(errno.EINVAL)
        return kind(name, self, self.shape_of(name), False)

    def store_dbroot(self, text: str) -> None:
        """Where LIO keeps its own files; fixed once there is a device."""
        core = self.part("core", Core)
        if any(adapter.made(Folder) for adapter in core.made(Folder)):
            refuse(errno.EINVAL)
        path = text.strip()
        if not self.places.is_folder(path):
            refuse(errno.ENOENT)
        self.values["dbroot"] = f"{path}\n"


K = TypeVar("K", bound=type[Folder])


def fabric(name: str) -> Callable[[K], K]:
    """Decorate the folder of a fabric."""

    def register(kind: K) -> K:
        Target.fabrics[name] = kind
        return kind

    return register


def target_of(folder: Folder) -> Target:
    """The LIO that a folder belongs to."""
    root = folder.root
    assert isinstance(root, Target)
    return root


# --- logical unit groups ----------------------------------------------------------------------


class LogicalUnitGroup(Folder):
    """An ALUA logical unit group: an id that is given once, and its devices."""

    @property
    def id(self) -> int | None:
        """Its id; None while it has none."""
        return 0 if self.default else self._id

    _id: int | None = None

    def show_lu_gp_id(self) -> str:
        """The id, nothing while there is none."""
        return "" if self.id is None else f"{self.id}\n"

    def store_lu_gp_id(self, text: str) -> None:
        """Give it its id: once, and one that no other has."""
        value = unsigned(text, 64)
        groups = self.parent
        assert groups is not None
        taken = {one.id for one in groups.made(LogicalUnitGroup)}
        if value > 0xFFFF or self.id is not None or value in taken:
            refuse(errno.EINVAL)
        self._id = value

    def show_members(self) -> str:
        """Its devices."""
        if not self.default:
            return ""
        core = target_of(self).part("core", Core)
        return "".join(f"{one}\n" for one in core.configured())


class LogicalUnitGroups(Folder):
    """The ALUA logical unit groups."""

    parts: ClassVar = {"default_lu_gp": LogicalUnitGroup}

    def make(self, name: str) -> Folder:
        """A group without an id."""
        shape = target_of(self).shape_of("core/alua/lu_gps/default_lu_gp")
        return LogicalUnitGroup(name, self, shape, False)


class Alua(Folder):
    """What ALUA has for the whole machine."""

    parts: ClassVar = {"lu_gps": LogicalUnitGroups}


class Core(Folder):
    """The adapters: folders named by the backstore's kind and a number."""

    parts: ClassVar = {"alua": Alua}
    adapters: ClassVar[dict[str, type[Folder]]] = {}

    def __init__(self, name: str, parent: Folder | None, shape: Shape, default: bool) -> None:
        super().__init__(name, parent, shape, default)
        self.order: list[Folder] = []

    def configured(self) -> list[str]:
        """The devices that are enabled, as ``adapter/device``, in the order of that."""
        return [f"{one.parent.name if one.parent else ''}/{one.name}" for one in self.order]

    def make(self, name: str) -> Folder:
        """An adapter of a kind that this kernel has."""
        if len(name) >= LONGEST_ADAPTER:
            refuse(errno.ENAMETOOLONG)
        found = _ADAPTER.fullmatch(name) or refuse(errno.EINVAL)
        target = target_of(self)
        target.next("instance")  # whether there is such a kind or not
        kind = self.adapters.get(found.group(1)) or refuse(errno.EINVAL)
        shape = target.shape_of(f"core/{_recorded(found.group(1))}_0")
        return kind(name, self, shape, False)


def _recorded(kind: str) -> str:
    """The kind whose adapter was recorded; all adapters look alike."""
    return kind if kind in ("iblock", "fileio", "rd_mcp") else "fileio"


Target.parts = {"core": Core}
