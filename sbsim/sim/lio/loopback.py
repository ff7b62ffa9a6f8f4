"""The loopback fabric: a machine's own SCSI host."""

from __future__ import annotations

import errno
from typing import ClassVar

from sbsim.sim.lio.core import fabric, target_of
from sbsim.sim.lio.fabric import (
    Fabric,
    FabricTarget,
    Initiator,
    Initiators,
    Luns,
    PortalGroup,
    fabric_of,
)
from sbsim.sim.lio.numbers import lowest_free
from sbsim.sim.lio.rules import RuledFolder, one_of
from sbsim.sim.lio.shapes import Shape
from sbsim.sim.lio.tree import Folder, refuse

RECORDED = "loopback/naa.5001405aaaaaaaa1"
PREFIXES = ("naa.", "fc.", "iqn.")
HIGHEST_GROUP = 0x0F
OFFLINE, ONLINE = "offline", "online"


class Attributes(RuledFolder):
    """How a group behaves."""

    rules: ClassVar = {"fabric_prot_type": one_of(0, 1, 3)}


class Nobody(Initiators):
    """A group's initiators; they play no part here."""

    def initiator(self, name: str) -> Folder:
        """An initiator that nobody asks for."""
        shape = Shape(0o755, {}, {}, ())
        return Initiator(name, self, shape, False)


class Portals(Folder):
    """There are none."""

    def make(self, name: str) -> Folder:
        """Never."""
        refuse(errno.ENOSYS)


class Group(PortalGroup):
    """A portal group: the machine itself is its one initiator, once it has a nexus."""

    parts: ClassVar = {"attrib": Attributes, "acls": Nobody, "lun": Luns, "np": Portals}
    nexus: str | None = None

    def show_nexus(self) -> str:
        """Who the machine is here."""
        return refuse(errno.ENODEV) if self.nexus is None else f"{self.nexus}\n"

    def store_nexus(self, text: str) -> None:
        """Log the machine in under a name; NULL logs it out."""
        name = text.strip()
        if name == "NULL":
            if self.nexus is None:
                refuse(errno.ENODEV)
            self.nexus = None
            return
        target = self.parent
        assert target is not None
        if not name.startswith(f"{target.name.partition('.')[0]}."):
            refuse(errno.EINVAL)
        if self.nexus is not None:
            refuse(errno.EEXIST)
        # The machine is an initiator of its own, though no folder shows it.
        target_of(self).next("initiator")
        self.nexus = name

    def store_transport_status(self, text: str) -> None:
        """Whether it answers."""
        if text.strip() not in (OFFLINE, ONLINE):
            refuse(errno.EINVAL)
        self.values["transport_status"] = f"{text.strip()}\n"

    def show_address(self) -> str:
        """The SCSI host, its channel, and the group as its target."""
        target = self.parent
        assert isinstance(target, LoopbackTarget)
        return f"{target.host}:0:{self.tag}\n"


class LoopbackTarget(FabricTarget):
    """A target: a SCSI host of its own."""

    groups = Group
    highest = HIGHEST_GROUP

    def __init__(self, name: str, parent: Folder | None, shape: Shape, default: bool) -> None:
        super().__init__(name, parent, shape, default)
        self.host: int = lowest_free(one.host for one in fabric_of(self).made(LoopbackTarget))


@fabric("loopback")
class Loopback(Fabric):
    """The loopback fabric."""

    targets = LoopbackTarget
    recorded = RECORDED
    word, protocol = "loopback", 6

    def check(self, name: str) -> None:
        """A name says in front what it is."""
        if not name.startswith(PREFIXES):
            refuse(errno.EINVAL)
