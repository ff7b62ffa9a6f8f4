"""The Fibre Channel fabric (tcm_fc): a target for each port, its initiators by their WWPNs.

Source: Linux 6.1, drivers/target/tcm_fc/tfc_conf.c.
"""

from __future__ import annotations

import errno
import re
from typing import ClassVar

from sbsim.sim.lio.core import fabric
from sbsim.sim.lio.fabric import (
    Fabric,
    FabricTarget,
    Initiator,
    Initiators,
    Luns,
    PortalGroup,
    fabric_of,
)
from sbsim.sim.lio.loopback import Portals
from sbsim.sim.lio.tree import Folder, refuse

RECORDED = "fc/20:00:52:54:5b:fc:02:01"
RECORDED_ACL = "tpgt_1/acls/20:00:52:54:5b:fc:01:01"
LONGEST_TAG = 63
# Names of folders are taken in this form alone; what is written into an attribute has no colons,
# and of more digits than a WWPN has the last 64 bits are taken (ft_parse_wwn, strict or not).
_STRICT = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){7}")
_LOOSE = re.compile(r"[0-9a-fA-F]{1,30}\n?")
_ONE = re.compile(r"tpgt_0*1")


class Port(Initiator):
    """An initiator's port."""

    recorded_lun = f"{RECORDED_ACL}/lun_0"
    tag = ""

    def show_port_name(self) -> str:
        """Its WWPN: by what its folder is called, until another one is written."""
        return self.values.get("port_name", f"{self.name}\n")

    def store_port_name(self, text: str) -> None:
        """Give it another WWPN."""
        self.values["port_name"] = _name(text)

    def store_node_name(self, text: str) -> None:
        """Give it the name of the node that it belongs to."""
        self.values["node_name"] = _name(text)

    def show_tag(self) -> str:
        """The tag that groups it with others."""
        return self.tag

    def store_tag(self, text: str) -> None:
        """Group it with others; NULL takes that back."""
        if len(text) > LONGEST_TAG:
            refuse(errno.EINVAL)
        self.tag = "" if text.strip() == "NULL" else text


def _name(text: str) -> str:
    if not _LOOSE.fullmatch(text):
        refuse(errno.EPERM)
    digits = f"{int(text, 16) & (1 << 64) - 1:016x}"
    return ":".join(digits[place : place + 2] for place in range(0, 16, 2)) + "\n"


class Ports(Initiators):
    """A group's initiators."""

    def initiator(self, name: str) -> Folder:
        """An initiator, by its WWPN; one that is refused takes a number all the same."""
        made = Port(name, self, fabric_of(self).shape_of(RECORDED_ACL), False)
        _check(name)
        return made


class Group(PortalGroup):
    """The one portal group of a port; it serves as soon as it is there."""

    parts: ClassVar = {"acls": Ports, "lun": Luns, "np": Portals}


class FcTarget(FabricTarget):
    """A target: a port of the machine, whether it has that one or not."""

    groups = Group

    def make(self, name: str) -> Folder:
        """A group; the hardware has the one with the tag 1."""
        if not _ONE.fullmatch(name):
            refuse(errno.EINVAL)
        return super().make(name)


@fabric("fc")
class Fc(Fabric):
    """The Fibre Channel fabric."""

    targets = FcTarget
    recorded = RECORDED
    word, protocol = "fc", 0

    def check(self, name: str) -> None:
        """A name is a WWPN."""
        _check(name)


def _check(name: str) -> None:
    if not _STRICT.fullmatch(name):
        refuse(errno.EINVAL)
