"""LIO through rtslib: getting there, and the objects by their keys.

rtslib's traps that are met here:
- mapping a LUN walks every LUN of its portal group, and removing one walks every mapping: with
  many LUNs the work grows by their square. Here rtslib gets portal groups with a remembered LUN
  list, and LUNs without mappings: a plan removes these before.
- removing a backstore removes the LUNs of every target that shows it, other people's included:
  here none, so that the kernel refuses instead (`lio_acts`).
- the table of backstore numbers is a module's variable and outlives what it tells: it is emptied
  before every reading.
- a backstore's empty folder (left by a crash) makes its number unusable: it is cleared away.
- it cannot mount configfs (`System.mount_configfs`), and needs /etc/target to be there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sbsim.target.failure import TargetFailure
from sbsim.target.model import FABRICS, FC, ISCSI
from sbsim.target.state import name_of

if TYPE_CHECKING:
    from sbsim.target.state import Key
    from sbsim.target.system import System

DBROOT = "/etc/target"


@dataclass(frozen=True)
class _Fabric:
    """What a fabric is called: by rtslib, by the kernel, and in messages."""

    rtslib_name: str
    module: str
    part: str


_FABRICS = {
    ISCSI: _Fabric("iscsi", "iscsi_target_mod", "iSCSI part"),
    FC: _Fabric("tcm_fc", "tcm_fc", "Fibre Channel part"),
}


class Lio:
    """One machine's LIO. `rtslib` is the module rtslib_fb, or a private copy of it.

    `tpgs` and `luns` hold rtslib's objects of every portal group, by IQN and tag.
    """

    def __init__(self, rtslib: Any, system: System) -> None:
        self.rtslib = rtslib
        self.system = system
        self.tpgs: dict[tuple[str, int], Any] = {}
        self.luns: dict[tuple[str, int], dict[int, Any]] = {}
        self.root: Any = None
        self._fabrics: dict[str, Any] = {}
        self.tpg_class, self.lun_class = _classes(rtslib, self.luns)
        self.backstore_classes = {
            "block": rtslib.BlockStorageObject,
            "fileio": rtslib.FileIOStorageObject,
        }

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """What rtslib raises when the kernel refuses."""
        return (self.rtslib.RTSLibError, OSError)

    def open(self) -> None:
        """Get the kernel's side ready. Raises TargetFailure, naming what is missing."""
        self.system.mount_configfs()
        # The kernel keeps persistent reservations below; it takes the folder only if it is there.
        self.system.make_folder(f"{DBROOT}/pr")
        try:
            self.root = self.rtslib.RTSRoot()
            self.root.invalidate_caches()
        except self.errors as error:
            raise TargetFailure(_missing("core", "target_core_mod", error)) from None
        for name in FABRICS:
            if self.system.exists(f"{self.root.path}/{name}"):
                self.fabric(name)

    def fabric(self, name: str) -> Any:
        """Return a fabric by its folder's name, its module loaded. Raises TargetFailure."""
        if name not in self._fabrics:
            kind = _FABRICS[name]
            try:
                found = self.rtslib.FabricModule(kind.rtslib_name)
                found._check_self()
            except self.errors as error:
                raise TargetFailure(_missing(kind.part, kind.module, error)) from None
            self._fabrics[name] = found
        return self._fabrics[name]

    @property
    def fabrics(self) -> dict[str, Any]:
        """The fabrics whose modules are loaded."""
        return dict(self._fabrics)

    def unfit_names(self, names: list[tuple[str, str]]) -> list[str]:
        """Return the names, each given with its fabric, that rtslib would refuse or respell."""
        return [name for fabric, name in names if self._spelled(fabric, name) != name]

    def _spelled(self, fabric: str, name: str) -> str | None:
        try:
            return str(self.fabric(fabric).to_normalized_wwn(name)[0])
        except self.errors:
            return None

    def clear_stale_folders(self) -> None:
        """Remove the folders of backstores that lost, or never got, their backstore."""
        core = f"{self.root.path}/core"
        for name in self.system.folders_in(core):
            if "_" in name and not self.system.folders_in(f"{core}/{name}"):
                self.system.remove_folder(f"{core}/{name}")

    # --- rtslib's objects by key --------------------------------------------------------------

    def backstore(self, key: Key) -> Any:
        """Return a backstore that is there."""
        return self.backstore_classes[str(key.path[0])](str(key.path[1]))

    def target(self, key: Key) -> Any:
        """Return the target in which an object lies."""
        fabric, name = name_of(str(key.path[0]))
        return self.rtslib.Target(self.fabric(fabric), name, "lookup")

    def tpg(self, key: Key) -> Any:
        """Return the portal group in which an object lies."""
        return self.tpgs[group_of(key)]

    def acl(self, key: Key) -> Any:
        """Return the ACL in which an object lies."""
        return self.rtslib.NodeACL(self.tpg(key), str(key.path[2]), "lookup")

    def rule_of(self, acl: Any) -> str | None:
        """Return an ACL's own rule about CHAP, `-1` for its group's; old kernels have none."""
        return self.system.attribute(f"{acl.path}/attrib/authentication")


def name_in_keys(target: Any) -> str:
    """Return what stands for one of rtslib's targets in keys."""
    folder = str(target.path).split("/")[-2]
    return str(target.wwn) if folder == ISCSI else f"{folder}/{target.wwn}"


def group_of(key: Key) -> tuple[str, int]:
    """Return the IQN and tag of the portal group in which an object lies."""
    return str(key.path[0]), int(key.path[1])


def _classes(rtslib: Any, luns: dict[tuple[str, int], dict[int, Any]]) -> tuple[Any, Any]:
    """Return rtslib's TPG and LUN without the walks that grow by the square."""

    class Tpg(rtslib.TPG):  # type: ignore[misc]
        """A portal group whose LUNs are listed once."""

        @property
        def luns(self) -> Any:
            return luns[name_in_keys(self.parent_target), self.tag].values()

    class Lun(rtslib.LUN):  # type: ignore[misc]
        """A LUN whose mappings are gone already when it is deleted."""

        mapped_luns = ()

    return Tpg, Lun


def _missing(part: str, module: str, error: Exception) -> str:
    return (
        f"LIO's {part} cannot be used ({error}); "
        f"boot a kernel that has the module {module}, or install the package of its modules"
    )
