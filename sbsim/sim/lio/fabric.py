"""What all fabrics have: targets, portal groups, LUNs, initiators and what is mapped to them."""

from __future__ import annotations

import errno
import re
from typing import ClassVar

from sbsim.sim.lio.alua import PortGroup, PortGroups
from sbsim.sim.lio.backstores import Device
from sbsim.sim.lio.core import target_of
from sbsim.sim.lio.numbers import signed, switch
from sbsim.sim.lio.shapes import Shape
from sbsim.sim.lio.tree import Folder, refuse

HIGHEST_GROUP = 0xFFFF
ONLINE_CPUS = 1  # of the recorded machine
_GROUP, _LUN = re.compile(r"tpgt_([0-9]+)"), re.compile(r"lun_([0-9]+)")


class Fabric(Folder):
    """A fabric: its targets. `recorded` says whose shapes serve; `word` is its name in numbers."""

    targets: ClassVar[type[FabricTarget]]
    recorded: ClassVar[str]
    word: ClassVar[str]
    # SCSI's number for the transport (SPC, protocol identifiers).
    protocol: ClassVar[int]

    def check(self, name: str) -> None:
        """Refuse what is no target's name."""

    def make(self, name: str) -> Folder:
        """A target without groups."""
        self.check(name)
        return self.targets(name, self, self.shape_of(""), False)

    def shape_of(self, path: str) -> Shape:
        """A shape below the recorded target."""
        return target_of(self).shape_of(f"{self.recorded}/{path}".rstrip("/"))


def fabric_of(folder: Folder) -> Fabric:
    """The fabric that a folder belongs to."""
    return next(one for one in folder.lineage() if isinstance(one, Fabric))


class TargetParameters(Folder):
    """A target's parameters."""

    def store_cmd_completion_affinity(self, text: str) -> None:
        """The CPU on which commands end; -1: by command, -2: wherever they came in."""
        try:
            value = signed(text)
        except OSError:
            refuse(errno.EINVAL)
        if value not in (-1, -2) and not 0 <= value < ONLINE_CPUS:
            refuse(errno.EINVAL)
        self.values["cmd_completion_affinity"] = f"{value}\n"


class FabricTarget(Folder):
    """A target: its portal groups."""

    parts: ClassVar = {"param": TargetParameters}
    groups: ClassVar[type[PortalGroup]]
    highest: ClassVar[int] = HIGHEST_GROUP
    instance = 1

    def make(self, name: str) -> Folder:
        """A group by its tag."""
        found = _GROUP.fullmatch(name) or refuse(errno.EINVAL)
        if int(found.group(1)) > self.highest:
            refuse(errno.EINVAL)
        return self.groups(name, self, fabric_of(self).shape_of("tpgt_1"), False)


class PortalGroup(Folder):
    """A portal group."""

    @property
    def tag(self) -> int:
        """Its tag."""
        return int(self.name.removeprefix("tpgt_"))

    @property
    def luns(self) -> Luns:
        """Its LUNs."""
        return self.part("lun", Luns)

    def write_protects(self) -> bool:
        """Whether what is mapped to its initiators is read only at first."""
        return False


def group_of(folder: Folder) -> PortalGroup:
    """The portal group that a folder belongs to."""
    return next(one for one in folder.lineage() if isinstance(one, PortalGroup))


# --- LUNs -----------------------------------------------------------------------------------------


class Luns(Folder):
    """A group's LUNs."""

    def make(self, name: str) -> Folder:
        """A LUN without a device; the kernel takes any number."""
        if not _LUN.fullmatch(name):
            refuse(errno.EINVAL)
        return Lun(name, self, fabric_of(self).shape_of("tpgt_1/lun/lun_0"), False)


class NeedsDevice(Folder):
    """Attributes that only a LUN with a device has."""

    def show(self, name: str) -> str:
        """What it shows; ENODEV without a device."""
        lun = next(one for one in self.lineage() if isinstance(one, Lun))
        if lun.device is None:
            refuse(errno.ENODEV)
        return super().show(name)


class LunStatistic(NeedsDevice):
    """One part of what a LUN has counted, and the numbers by which it is known."""

    def show(self, name: str) -> str:
        """A number of the port, the device or the group; what was counted is nothing yet."""
        lun = next(one for one in self.lineage() if isinstance(one, Lun))
        if lun.device is None:
            refuse(errno.ENODEV)
        device, fabric, group = lun.device, fabric_of(self), group_of(self)
        target = next(one for one in self.lineage() if isinstance(one, FabricTarget))
        known: dict[str, object] = {
            "inst": device.adapter.instance,
            "dev": device.index,
            "indx": target.instance if self.name == "scsi_transport" else lun.port,
            "role": f"Device{device.index}",
            "name": f"{fabric.word}Port#{lun.port}",
            "port_index": f"{target.name}+t+{group.tag}",
            "device": f"scsiTransport{fabric.word}",
            "dev_name": f"{target.name}+{device.identity.serial or device.identity.vendor}",
            "proto_id": fabric.protocol,
        }
        return f"{known.get(name, 0)}\n"


class LunStatistics(Folder):
    """What a LUN has counted."""

    parts: ClassVar = dict.fromkeys(("scsi_port", "scsi_tgt_port", "scsi_transport"), LunStatistic)


class Lun(NeedsDevice):
    """A LUN: a link to the device that it shows."""

    parts: ClassVar = {"statistics": LunStatistics}

    def __init__(self, name: str, parent: Folder | None, shape: Shape, default: bool) -> None:
        super().__init__(name, parent, shape, default)
        self.device: Device | None = None
        # The device's number for it: its relative target port.
        self.port = 0

    @property
    def number(self) -> int:
        """Its number."""
        return int(self.name.removeprefix("lun_"))

    @property
    def _groups(self) -> PortGroups:
        assert self.device is not None
        return self.device.part("alua", PortGroups)

    def allow_link(self, source: Folder, name: str) -> None:
        """Show a device that is enabled; only one."""
        if not isinstance(source, Device):
            refuse(errno.EFAULT)
        if not source.enabled:
            refuse(errno.ENODEV)
        if self.device is not None:
            refuse(errno.EEXIST)
        self.device, self.port = source, source.next_port()
        source.luns.append(self)
        self._groups.put(self, self._groups.default_group)

    def drop_link(self, source: Folder, name: str) -> None:
        """Show it no more; whatever maps the LUN maps nothing then."""
        assert self.device is not None
        self._groups.members.pop(self, None)
        self.device.luns.remove(self)
        self.device = None

    def show_alua_tg_pt_gp(self) -> str:
        """The ALUA group that it is in."""
        return self._groups.members[self].summary()

    def store_alua_tg_pt_gp(self, text: str) -> None:
        """Go to another group, or with NULL back to the default one."""
        if self.device is None:
            refuse(errno.ENODEV)
        name = text.strip()
        groups = self._groups
        found: PortGroup = groups.default_group if name == "NULL" else groups.named(name)
        groups.put(self, found)

    def store_alua_tg_pt_offline(self, text: str) -> None:
        """Whether this port is offline."""
        if self.device is None:
            refuse(errno.ENODEV)
        if text.strip() not in ("0", "1"):
            refuse(errno.EINVAL)
        self.values["alua_tg_pt_offline"] = f"{text.strip()}\n"


# --- initiators -----------------------------------------------------------------------------------


class Initiators(Folder):
    """A group's initiators, by name; the kernel takes any name."""

    def make(self, name: str) -> Folder:
        """An initiator to which nothing is mapped."""
        return self.initiator(name)

    def initiator(self, name: str) -> Folder:
        """The new initiator."""
        refuse(errno.EPERM)


class MappedStatistics(Folder):
    """What was counted of one mapped LUN."""

    def show(self, name: str) -> str:
        """Numbers of the initiator, the device and the port."""
        mapped = next(one for one in self.lineage() if isinstance(one, Mapped))
        lun = mapped.lun
        if lun is None or lun.device is None:
            refuse(errno.ENODEV)
        initiator = mapped.initiator
        known = {
            "dev": lun.device.index,
            "map_indx": mapped.number,
            "port_auth_indx": initiator.index,
            "intr_name": initiator.name,
        }
        if self.name == "scsi_auth_intr":
            known["indx"] = initiator.index
        if self.name == "scsi_att_intr_port" and name in ("indx", "port_ident"):
            refuse(errno.ENODEV)  # there is no session
        return f"{known[name]}\n" if name in known else self.value(name)


class MappedFolders(Folder):
    """The parts of a mapped LUN's statistics."""

    parts: ClassVar = dict.fromkeys(("scsi_auth_intr", "scsi_att_intr_port"), MappedStatistics)


class Mapped(Folder):
    """A LUN as an initiator sees it: a link to the group's LUN."""

    parts: ClassVar = {"statistics": MappedFolders}

    def __init__(self, name: str, parent: Folder | None, shape: Shape, default: bool) -> None:
        super().__init__(name, parent, shape, default)
        self.lun: Lun | None = None
        self.read_only = False

    @property
    def number(self) -> int:
        """The number under which the initiator sees it."""
        return int(self.name.removeprefix("lun_"))

    @property
    def initiator(self) -> Initiator:
        """Who sees it."""
        assert isinstance(self.parent, Initiator)
        return self.parent

    def allow_link(self, source: Folder, name: str) -> None:
        """Map a LUN of the same group that has a device; only one."""
        if not isinstance(source, Lun):
            refuse(errno.EFAULT)
        group = group_of(self)
        if self.lun is not None or source.device is None or group_of(source) is not group:
            refuse(errno.EINVAL)
        self.lun, self.read_only = source, group.write_protects()

    def drop_link(self, source: Folder, name: str) -> None:
        """Map nothing."""
        self.lun = None

    def show_write_protect(self) -> str:
        """Whether it is read only; nothing where there is no device."""
        shown = self.lun is not None and self.lun.device is not None
        return f"{int(self.read_only)}\n" if shown else ""

    def store_write_protect(self, text: str) -> None:
        """Make it read only, or not."""
        if text.strip() not in ("0", "1"):
            refuse(errno.EINVAL)
        if self.lun is not None:
            self.read_only = switch(text)


class Initiator(Folder):
    """An initiator: what is mapped to it."""

    def __init__(self, name: str, parent: Folder | None, shape: Shape, default: bool) -> None:
        super().__init__(name, parent, shape, default)
        self.index = target_of(self).next("initiator")

    def make(self, name: str) -> Folder:
        """A mapped LUN that leads nowhere yet; the kernel takes any number."""
        if not _LUN.fullmatch(name):
            refuse(errno.EINVAL)
        return Mapped(name, self, fabric_of(self).shape_of(self.recorded_lun), False)

    recorded_lun: ClassVar[str]
