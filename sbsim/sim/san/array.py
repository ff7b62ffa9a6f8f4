"""What a storage server's LIO shows to an initiator that comes over the network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sbsim.deployment import StorageServer
from sbsim.sim.lio import fc
from sbsim.sim.lio.backstores import Device
from sbsim.sim.lio.core import Target
from sbsim.sim.lio.fabric import Mapped
from sbsim.sim.lio.iscsi import (
    NULL,
    Credentials,
    Group,
    GroupAttributes,
    Iscsi,
    IscsiTarget,
    Node,
    Nodes,
    Portal,
    Portals,
)
from sbsim.sim.san.identity import Told, told_by_lio, told_by_other

# What a login comes to: iSCSI's own status classes, by name.
Outcome = Literal["ok", "wrong-credentials", "forbidden", "no-such-target"]
ANYWHERE = ("0.0.0.0", "::")


@dataclass(frozen=True)
class Chap:
    """What a side says of itself; None where it says nothing."""

    user: str | None = None
    password: str | None = None
    mutual_user: str | None = None
    mutual_password: str | None = None


@dataclass(frozen=True)
class Found:
    """A target at a portal, as a discovery tells it."""

    iqn: str
    address: str
    port: int
    tag: int


class Array:
    """What one machine's LIO shows: over iSCSI, and over Fibre Channel.

    `other` is the described array that it stands for, where that is none of LIO's: it says of
    itself what is described, and tells of its targets in the order of the description.
    """

    def __init__(self, target: Target, other: StorageServer | None = None) -> None:
        self._target = target
        self._other = other

    def told(self, device: Device) -> Told:
        """What it says of a LUN."""
        return told_by_other(self._other.inquiry, device) if self._other else told_by_lio(device)

    def listens(self, address: str, port: int) -> bool:
        """Whether anybody answers at an address and a port: also while its group is disabled."""
        return any(
            _answers(group, address, port)
            for target in self._targets()
            for group in target.made(Group)
        )

    def discover(self, initiator: str, address: str, port: int) -> Iterator[Found]:
        """The targets that a portal tells an initiator of, each with all of its portals."""
        for target, group in self._groups_at(address, port):
            attributes = group.part("attrib", GroupAttributes)
            known = self._node(group, initiator) is not None
            open_to_all = _on(attributes, "generate_node_acls")
            if not (known or open_to_all or _on(attributes, "demo_mode_discovery")):
                continue
            for other in self._groups(target):
                for portal in other.part("np", Portals).made(Portal):
                    place = address if portal.address in ANYWHERE else portal.address
                    yield Found(target.name, place, portal.port, other.tag)

    def login(self, initiator: str, chap: Chap, iqn: str, address: str, port: int) -> Outcome:
        """What becomes of a login; where it is "ok" the LUNs are those of `luns`."""
        group = self.group(iqn, address, port)
        if group is None:
            return "no-such-target"
        node = self._node(group, initiator)
        attributes = group.part("attrib", GroupAttributes)
        if node is None and not _on(attributes, "generate_node_acls"):
            return "forbidden"
        if not self._must_authenticate(group, node):
            return "ok"
        held = (node or group).part("auth", Credentials)
        return "ok" if _fits(held, chap) else "wrong-credentials"

    def luns(self, initiator: str, iqn: str, address: str, port: int) -> dict[int, Mapped]:
        """The LUNs that an initiator sees, by the number under which it does."""
        group = self.group(iqn, address, port)
        node = self._node(group, initiator) if group else None
        if node is None:
            return {}
        mapped = {one.number: one for one in node.made(Mapped)}
        return {number: one for number, one in sorted(mapped.items()) if device_of(one)}

    def lun(self, initiator: str, iqn: str, address: str, port: int, number: int) -> Mapped | None:
        """The LUN that an initiator sees under a number; every read and write of it asks."""
        group = self.group(iqn, address, port)
        node = self._node(group, initiator) if group else None
        found = node.find(f"lun_{number}") if node else None
        if isinstance(found, Mapped):
            return found if device_of(found) else None
        # The number may have been written otherwise when it was mapped.
        return self.luns(initiator, iqn, address, port).get(number) if node else None

    def group(self, iqn: str, address: str, port: int) -> Group | None:
        """The portal group of a target that answers at a portal."""
        return next(
            (group for target, group in self._groups_at(address, port) if target.name == iqn), None
        )

    # --- Fibre Channel ------------------------------------------------------------------------

    def fc_lets_in(self, initiator: str, port: str) -> bool:
        """Whether a target is behind a port of this machine that knows an initiator's port."""
        return self._fc_node(initiator, port) is not None

    def fc_luns(self, initiator: str, port: str) -> dict[int, Mapped]:
        """The LUNs that an initiator's port sees behind a port of this machine, by number."""
        node = self._fc_node(initiator, port)
        mapped = {one.number: one for one in node.made(Mapped)} if node else {}
        return {number: one for number, one in sorted(mapped.items()) if device_of(one)}

    @property
    def has_fc(self) -> bool:
        """Whether its Fibre Channel fabric is there."""
        return isinstance(self._target.find("fc"), fc.Fc)

    def _fc_node(self, initiator: str, port: str) -> fc.Port | None:
        fabric = self._target.find("fc")
        target = fabric.find(port) if isinstance(fabric, fc.Fc) else None
        for group in target.made(fc.Group) if isinstance(target, fc.FcTarget) else ():
            found = group.part("acls", fc.Ports).find(initiator)
            if isinstance(found, fc.Port):
                return found
        return None

    # --- below --------------------------------------------------------------------------------

    def _targets(self) -> list[IscsiTarget]:
        found = self._target.find("iscsi")
        made = found.made(IscsiTarget) if isinstance(found, Iscsi) else []
        if self._other is None:
            return made
        place = {target.iqn: number for number, target in enumerate(self._other.targets)}
        return sorted(made, key=lambda one: place.get(one.name, len(place)))

    def _groups(self, target: IscsiTarget) -> list[Group]:
        return [group for group in target.made(Group) if group.enabled]

    def _groups_at(self, address: str, port: int) -> Iterator[tuple[IscsiTarget, Group]]:
        for target in self._targets():
            for group in self._groups(target):
                if _answers(group, address, port):
                    yield target, group

    def _node(self, group: Group, initiator: str) -> Node | None:
        found = group.part("acls", Nodes).find(initiator)
        return found if isinstance(found, Node) else None

    def _must_authenticate(self, group: Group, node: Node | None) -> bool:
        own = (
            node.part("attrib", type(node).parts["attrib"]).value("authentication") if node else ""
        )
        if own.strip() in ("0", "1"):
            return own.strip() == "1"
        return _on(group.part("attrib", GroupAttributes), "authentication")


def _answers(group: Group, address: str, port: int) -> bool:
    portals = group.part("np", Portals).made(Portal)
    return any(one.port == port and one.address in (address, *ANYWHERE) for one in portals)


def device_of(mapped: Mapped) -> Device | None:
    """The device behind a mapped LUN."""
    return mapped.lun.device if mapped.lun else None


def _on(attributes: GroupAttributes, name: str) -> bool:
    return attributes.value(name).strip() == "1"


def _fits(held: Credentials, chap: Chap) -> bool:
    """Whether what an initiator says is what the target holds, and the other way round."""

    def of(name: str) -> str | None:
        value = held.value(name).rstrip("\n")
        return None if value in ("", NULL) else value

    if (of("userid"), of("password")) != (chap.user, chap.password) or chap.user is None:
        return False
    if chap.mutual_user is None:
        return True
    mutual = (of("userid_mutual"), of("password_mutual"))
    return mutual == (chap.mutual_user, chap.mutual_password)
