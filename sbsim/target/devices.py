"""What the LUNs are to be kept on: is it there, is it large enough, is it free."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sbsim.target.model import Array, Lun
from sbsim.target.state import Backstore, Key

if TYPE_CHECKING:
    from sbsim.target.ledger import Ledger
    from sbsim.target.state import State
    from sbsim.target.system import System


def problem(lun: Lun, seen: State, ledger: Ledger, system: System) -> str | None:
    """Say why a LUN cannot be made or kept as described; None if it can.

    `seen` is all that LIO shows, `ledger` tells which of it is ours.
    """
    found = _block_problem if lun.backing == "block" else _file_problem
    reason = found(lun, seen, ledger, system)
    return reason and f"LUN {lun.name}: {lun.path} {reason}"


def _block_problem(lun: Lun, seen: State, ledger: Ledger, system: System) -> str | None:
    block = system.is_block(lun.path)
    if block is None:
        return "is not there; attach the disk, or correct the path"
    if not block:
        return "is no block device; correct the path, or describe the backing as file"
    size = system.block_size(lun.path)
    if size < lun.size:
        return (
            f"has {size} bytes, {lun.size} are described; "
            "give the LUN a larger disk, or describe the disk's size"
        )
    holder = _backstore_on(lun.path, seen, system)
    if holder in ledger.claims:
        return None  # ours: it stays, or is removed before its device is needed
    user = f"used by {holder}" if holder else system.user_of(lun.path)
    return user and f"is not free ({user}); free it first"


def _backstore_on(path: str, seen: State, system: System) -> Key | None:
    """Return the backstore that holds a device."""
    for key, value in seen.items():
        if isinstance(value, Backstore) and value.path and system.same_device(value.path, path):
            return key
    return None


def _file_problem(lun: Lun, seen: State, ledger: Ledger, system: System) -> str | None:
    if system.is_block(lun.path):
        return "is a block device; describe the backing as block"
    size = system.file_size(lun.path)
    if size is None:
        return None
    if size < 0:
        return "is no plain file; move it, or correct the path"
    if lun.path not in ledger.files:
        return "is there already and sbsim did not make it; move it, or choose another name"
    if size > lun.size:
        return (
            f"has {size} bytes, {lun.size} are described; a LUN is not shortened, "
            "its data would be lost: remove it first, or describe the larger size"
        )
    return None


def settled(array: Array, system: System) -> tuple[Array, tuple[str, ...]]:
    """Return the array as its disks allow it, and a note for each fact that they decide otherwise.

    A block LUN is as large as its disk, and writes through or back as the disk does.
    """
    notes: list[str] = []
    targets = []
    for target in array.targets:
        luns = tuple(_settle(lun, system, notes) for lun in target.luns)
        targets.append(replace(target, luns=luns))
    return Array(tuple(targets)), tuple(notes)


def _settle(lun: Lun, system: System, notes: list[str]) -> Lun:
    if lun.backing != "block":
        return lun
    size, write_back = system.block_size(lun.path), system.write_back(lun.path)
    if size != lun.size:
        notes.append(
            f"LUN {lun.name}: has the {size} bytes of its disk {lun.path}, {lun.size} are described"
        )
    if write_back != lun.write_back:
        words = {True: "write-back", False: "write-through"}
        notes.append(
            f"LUN {lun.name}: is {words[write_back]} as its disk {lun.path} is, "
            f"{words[lun.write_back]} is described; the disk's cache decides"
        )
    return replace(lun, size=size, write_back=write_back)


def without(array: Array, names: set[str]) -> Array:
    """Return the array without the LUNs of these names."""
    return Array(
        tuple(
            replace(target, luns=tuple(lun for lun in target.luns if lun.name not in names))
            for target in array.targets
        )
    )


def files_of(array: Array) -> frozenset[str]:
    """Return the paths of the backing files."""
    return frozenset(lun.path for lun in array.luns if lun.backing == "file")
