"""What a wanted array must keep to beyond the shape of its fields."""

from __future__ import annotations

from collections.abc import Iterable

from sbsim.target.failure import TargetFailure
from sbsim.target.model import FC, Array, Chap, Target


def check(array: Array) -> None:
    """Refuse an array that LIO could not serve as described. Raises TargetFailure."""
    _alone((target.iqn for target in array.targets), "the array", "target")
    for what, values in (
        ("the name", (lun.name for lun in array.luns)),
        ("the path", (lun.path for lun in array.luns)),
        ("the serial", (lun.serial for lun in array.luns)),
    ):
        _alone(values, "the array's LUNs", what)
    for target in array.targets:
        _check_target(target)


def _check_target(target: Target) -> None:
    where = target.iqn
    if not target.groups:
        raise TargetFailure(f"{where}: expected a portal group, found none; give it one")
    _alone((group.tag for group in target.groups), where, "the portal-group tag")
    if target.fabric == FC:
        _check_port(target)
    # Within one target the kernel takes a portal once.
    portals = (portal for group in target.groups for portal in group.portals)
    _alone(portals, where, "the portal")
    _alone((lun.lun for lun in target.luns), where, "the LUN number")
    _alone((initiator.name for initiator in target.initiators), where, "the initiator")
    for initiator in target.initiators:
        _check_chap(initiator.chap, f"{where}: {initiator.name}")
    if len({initiator.chap.user is None for initiator in target.initiators}) > 1:
        raise TargetFailure(
            f"{where}: some initiators have CHAP credentials and some have none; "
            "a target asks all of them or nobody"
        )


def _check_port(target: Target) -> None:
    """A target over Fibre Channel is one port: tcm_fc takes the tag 1 alone, and knows no CHAP."""
    if [(group.tag, group.portals) for group in target.groups] != [(1, ())]:
        raise TargetFailure(
            f"{target.iqn}: over Fibre Channel a target has one group with the tag 1 and no portals"
        )
    if any(initiator.chap != Chap() for initiator in target.initiators):
        raise TargetFailure(f"{target.iqn}: Fibre Channel knows no CHAP; give no credentials")


def _check_chap(chap: Chap, where: str) -> None:
    if (chap.user is None) != (chap.password is None):
        raise TargetFailure(f"{where}: expected user and password, or neither; give both")
    if (chap.mutual_user is None) != (chap.mutual_password is None):
        raise TargetFailure(
            f"{where}: expected mutual_user and mutual_password, or neither; give both"
        )
    if chap.mutual_user is not None and chap.user is None:
        raise TargetFailure(f"{where}: mutual CHAP needs user and password too; give them")


def _alone(values: Iterable[object], where: str, what: str) -> None:
    """Refuse a value that stands twice."""
    seen = set()
    for value in values:
        if value in seen:
            raise TargetFailure(f"{where}: {what} {value} stands there twice; make each differ")
        seen.add(value)
