"""What the objects of one kernel's configfs look like: taken from a recording of a real one.

A shape is a folder as it is when it was just made: its names in the order in which the kernel lists
them, each an attribute (its permissions and what it held) or a folder with a shape of its own.

A fabric that was not recorded yet is written from the kernel's source, in a file of its own with
the same form: `unrecorded/RELEASE-FABRIC.json`.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KERNELS = Path(__file__).parent / "kernels"


@dataclass(frozen=True)
class AttributeShape:
    """An attribute: permissions, and what it held when recorded; None if it gives nothing."""

    mode: int
    first: str | None


@dataclass(frozen=True)
class Shape:
    """A folder: its permissions, and what is in it by name, in the kernel's order."""

    mode: int
    attributes: Mapping[str, AttributeShape]
    folders: Mapping[str, Shape]
    names: tuple[str, ...]


@dataclass(frozen=True)
class Kernel:
    """A recorded kernel: its release, and the shape of every folder by its path."""

    release: str
    shapes: Mapping[str, Shape]


@functools.cache
def kernel(release: str = "6.1") -> Kernel:
    """A recorded kernel by its short version. Raises ValueError, naming those that there are."""
    path = KERNELS / f"{release}.json"
    if not path.exists():
        known = ", ".join(sorted(one.stem for one in KERNELS.glob("*.json")))
        raise ValueError(f"no kernel {release!r} is recorded; expected one of {known}")
    data = json.loads(path.read_text())
    shapes: dict[str, Shape] = {}
    _shape(".", data["tree"], frozenset(data["made"]), shapes)
    return Kernel(data["kernel"], shapes)


def _shape(
    path: str, tree: Mapping[str, Any], made: Collection[str], shapes: dict[str, Shape]
) -> Shape:
    """The shape of a folder, and those of all below it; what was made in it is none of its own."""
    _, mode, (_, names) = tree[path]
    attributes, folders, own = {}, {}, []
    for name in names:
        below = name if path == "." else f"{path}/{name}"
        kind, its_mode, (outcome, value) = tree[below]
        if kind == "file":
            first = value if outcome == "ok" else None
            attributes[name] = AttributeShape(int(its_mode, 8), first)
        elif kind == "dir":
            shape = _shape(below, tree, made, shapes)
            if below not in made:
                folders[name] = shape
        if below not in made:
            own.append(name)
    shapes[path] = Shape(int(mode, 8), attributes, folders, tuple(own))
    return shapes[path]
