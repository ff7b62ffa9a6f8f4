"""ALUA's groups of a device's ports: their states, and which LUNs are in them."""

from __future__ import annotations

import errno
from typing import ClassVar

from sbsim.sim.lio.core import target_of
from sbsim.sim.lio.numbers import unsigned
from sbsim.sim.lio.rules import RuledFolder, number
from sbsim.sim.lio.tree import Folder, refuse

HIGHEST_ID = 0xFFFF
STATES = {
    0: ("Active/Optimized", "active_optimized"),
    1: ("Active/NonOptimized", "active_nonoptimized"),
    2: ("Standby", "standby"),
    3: ("Unavailable", "unavailable"),
    4: ("LBA Dependent", "lba_dependent"),
    14: ("Offline", "offline"),
    15: ("Transitioning", "transitioning"),
}
STATUSES = ("None", "Altered by Explicit STPG", "Altered by Implicit ALUA")
TYPES = ("None", "Implicit", "Explicit", "Implicit and Explicit")
_SUPPORT = {f"alua_support_{name}": number(0, 1) for _, name in STATES.values()}


class PortGroup(RuledFolder):
    """A group of ports. One that was made has no id at first, and can do nothing without."""

    rules: ClassVar = {
        **_SUPPORT,
        "preferred": number(0, 1),
        "alua_write_metadata": number(0, 1),
        "implicit_trans_secs": number(0, 255),
        "nonop_delay_msecs": number(0, 10_000),
        "trans_delay_msecs": number(0, 30_000),
    }
    _id: int | None = None

    @property
    def id(self) -> int | None:
        """Its id; None while it has none."""
        return 0 if self.default else self._id

    @property
    def luns(self) -> list[Folder]:
        """The LUNs in it, in the order in which they came."""
        groups = self.parent
        assert isinstance(groups, PortGroups)
        return [lun for lun, group in groups.members.items() if group is self]

    def removed(self) -> None:
        """Its LUNs go back to the default group."""
        groups = self.parent
        assert isinstance(groups, PortGroups)
        for lun in self.luns:
            groups.put(lun, groups.default_group)

    # --- attributes ---------------------------------------------------------------------------

    def show_tg_pt_gp_id(self) -> str:
        """The id, nothing while there is none."""
        return "" if self.id is None else f"{self.id}\n"

    def store_tg_pt_gp_id(self, text: str) -> None:
        """Give it its id: once, and one that no other has."""
        value = unsigned(text, 64)
        groups = self.parent
        assert groups is not None
        taken = {one.id for one in groups.made(PortGroup)} | {0}
        if value > HIGHEST_ID or self.id is not None or value in taken:
            refuse(errno.EINVAL)
        self._id = value

    def show_members(self) -> str:
        """Its LUNs, each with the zero byte that the kernel has behind its line."""
        return "".join(f"{_place(lun)}\n\0" for lun in self.luns)

    def store_alua_access_state(self, text: str) -> None:
        """Go to a state that it supports."""
        if self.id is None:
            refuse(errno.EINVAL)
        value = unsigned(text)
        known = STATES.get(value) or refuse(errno.EINVAL)
        if self.value(f"alua_support_{known[1]}").strip() != "1":
            refuse(errno.EINVAL)
        self.values["alua_access_state"] = f"{value}\n"

    def store_alua_access_status(self, text: str) -> None:
        """How it came to its state."""
        self.values["alua_access_status"] = f"{_named(text, STATUSES)}\n"

    def store_alua_access_type(self, text: str) -> None:
        """By whom states can be changed."""
        self.values["alua_access_type"] = f"{_named(text, TYPES)}\n"

    def summary(self) -> str:
        """What a LUN of it says of it."""
        state, _ = STATES[int(self.value("alua_access_state"))]
        return (
            f"TG Port Alias: {self.name}\nTG Port Group ID: {self.id}\n"
            f"TG Port Primary Access State: {state}\n"
            f"TG Port Primary Access Status: {self.value('alua_access_status')}"
            "TG Port Secondary Access State: None\nTG Port Secondary Access Status: None\n"
        )


def _named(text: str, names: tuple[str, ...]) -> str:
    value = unsigned(text)
    return names[value] if value < len(names) else refuse(errno.EINVAL)


def _place(lun: Folder) -> str:
    """Where a LUN is, as the kernel lists it: fabric, target, group, LUN."""
    _, group, target, fabric, *_ = list(lun.parent.lineage()) if lun.parent else []
    name = {"iscsi": "iSCSI", "loopback": "loopback", "fc": "fc"}[fabric.name]
    return f"{name}/{target.name}/{group.name}/{lun.name}"


class PortGroups(Folder):
    """A device's groups of ports. `members` says of each LUN which one it is in."""

    parts: ClassVar = {"default_tg_pt_gp": PortGroup}

    def make(self, name: str) -> Folder:
        """A group without an id."""
        shape = target_of(self).shape_of("core/fileio_0/f/alua/second")
        return PortGroup(name, self, shape, False)

    @property
    def members(self) -> dict[Folder, PortGroup]:
        """Each LUN's group, in the order in which they came."""
        found: dict[Folder, PortGroup] = self.__dict__.setdefault("_members", {})
        return found

    @property
    def default_group(self) -> PortGroup:
        """The group in which every LUN is at first."""
        return self.part("default_tg_pt_gp", PortGroup)

    def put(self, lun: Folder, group: PortGroup) -> None:
        """Move a LUN to a group."""
        self.members.pop(lun, None)
        self.members[lun] = group

    def named(self, name: str) -> PortGroup:
        """The group of that name that has an id. Raises ENODEV."""
        found = self.find(name)
        if not isinstance(found, PortGroup) or found.id is None:
            refuse(errno.ENODEV)
        return found
