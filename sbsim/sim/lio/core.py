"""The root of LIO's configfs, and what belongs to no fabric: adapters and logical unit groups."""

from __future__ import annotations

import errno
import re
from typing import ClassVar

from sbsim.sim.lio.numbers import leading, unsigned
from sbsim.sim.lio.places import Places
from sbsim.sim.lio.shapes import Kernel, Shape
from sbsim.sim.lio.tree import Folder, refuse

VERSION = "Target Engine Core ConfigFS Infrastructure"


class Target(Folder):
    """``/sys/kernel/config/target``: one machine's LIO."""

    fabrics: ClassVar[dict[str, type[Folder]]] = {}

    def __init__(self, kernel: Kernel, places: Places) -> None:
        shape = kernel.shapes["."]
        # What was recorded had these; a kernel that has just booted has not.
        names = tuple(name for name in shape.names if name not in self.fabrics)
        folders = {name: one for name, one in shape.folders.items() if name in names}
        super().__init__("target", None, Shape(shape.mode, shape.attributes, folders, names), True)
        self.kernel = kernel
        self.places = places

    def shape_of(self, path: str) -> Shape:
        """The shape of what was recorded at a path."""
        return self.kernel.shapes[path]

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


def fabric(name: str):  # type: ignore[no-untyped-def]
    """Decorate the folder of a fabric."""

    def register(kind: type[Folder]) -> type[Folder]:
        Target.fabrics[name] = kind
        return kind

    return register


def target_of(folder: Folder) -> Target:
    """The LIO that a folder belongs to."""
    root = list(folder.lineage())[-1]
    assert isinstance(root, Target)
    return root


class LogicalUnitGroup(Folder):
    """An ALUA logical unit group: an id that is given once, and its devices."""

    def show_lu_gp_id(self) -> str:
        """The id; 0 for none."""
        return f"{self.value('lu_gp_id').strip() if self.default else self.values.get('id', 0)}\n"

    def store_lu_gp_id(self, text: str) -> None:
        """Give it its id."""
        number = unsigned(text, 64)
        if number > 0xFFFF or "id" in self.values:
            refuse(errno.EINVAL)
        groups = self.parent
        assert isinstance(groups, LogicalUnitGroups)
        if number in {int(one.values.get("id", 0)) for one in groups.made(LogicalUnitGroup)}:
            refuse(errno.EINVAL)
        self.values["id"] = str(number)


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

    def make(self, name: str) -> Folder:
        """An adapter of a kind that this kernel has."""
        if len(name) > 255:
            refuse(errno.ENAMETOOLONG)
        kind, separator, number = _split(name)
        if not separator:
            refuse(errno.EINVAL)
        digits = unsigned(number)
        adapter = self.adapters.get(kind) or refuse(errno.EINVAL)
        made = adapter(name, self, target_of(self).shape_of(f"core/{kind}_0"), False)
        made.values["number"] = str(digits)
        return made


def _split(name: str) -> tuple[str, str, str]:
    """An adapter's name: its kind and its number. "rd_mcp_0" is of the kind "rd_mcp"."""
    found = re.fullmatch(r"(rd_mcp|rd_dr|[^_]*)(_?)(.*)", name)
    assert found
    return found.group(1), found.group(2), found.group(3)


__all__ = ["Core", "Target", "fabric", "leading", "target_of"]
