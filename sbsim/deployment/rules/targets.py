"""Targets and their LUNs."""

from __future__ import annotations

from collections.abc import Iterator

from sbsim.deployment.finding import Fault, quoted
from sbsim.deployment.inquiry import DESIGNATORS
from sbsim.deployment.iqn import target_name
from sbsim.deployment.lun import serial
from sbsim.deployment.node import Node
from sbsim.deployment.number import whole_number
from sbsim.deployment.rules.common import any_text, luns, repeated
from sbsim.deployment.text import choice
from sbsim.deployment.wwid import hex_digits, wwid_of


def duplicate_targets(root: Node) -> Iterator[Fault]:
    """Every target has its own name, on all storage servers together."""
    names = (target.at("iqn") for target in root.each("storage_servers", "targets"))
    for first, again in repeated(names, target_name):
        yield again.fault(
            f"'{again.value}', which another target has already ({first.place})",
            "",
            "give every target its own name",
        )


def duplicate_lun_numbers(root: Node) -> Iterator[Fault]:
    """Every LUN of a target has its own number."""
    for target in root.each("storage_servers", "targets"):
        numbers = {lun.at("lun").path: lun for lun in target.each("luns")}
        nodes = (lun.at("lun") for lun in target.each("luns"))
        for first, again in repeated(nodes, whole_number(0, 255)):
            yield again.fault(
                f"{again.value}, which {numbers[first.path].label} already has in this target",
                "",
                "give every LUN of a target its own number",
            )


def duplicate_serials(root: Node) -> Iterator[Fault]:
    """Every LUN has its own serial."""
    owners = {lun.at("serial").path: lun for lun in luns(root)}
    for first, again in repeated((lun.at("serial") for lun in luns(root)), any_text):
        yield again.fault(
            f"{quoted(str(again.value))}, which {owners[first.path].label} already has",
            "",
            "give every LUN its own serial",
        )


def serials_without_digits(root: Node) -> Iterator[Fault]:
    """A serial that an NAA designator is made of has hex digits."""
    for lun in _luns_by_naa(root):
        node = lun.at("serial")
        if (value := node.read(serial)) and not hex_digits(value):
            yield node.fault(
                quoted(value),
                "a serial with hex digits (0-9, a-f), because only those enter the LUN's WWID",
                "add some to it",
            )


def colliding_wwids(root: Node) -> Iterator[Fault]:
    """No two serials give one WWID: multipath would take two LUNs for one."""
    owners = {lun.at("serial").path: lun for lun in _luns_by_naa(root)}
    nodes = (lun.at("serial") for lun in _luns_by_naa(root))
    for first, again in repeated(nodes, lambda value: wwid_of(serial(value))):
        if first.value == again.value:
            continue
        other = f"{quoted(str(first.value))} of {owners[first.path].label}"
        digits = hex_digits(str(again.value))[:25]
        yield again.fault(
            f"{quoted(str(again.value))}, which gives the same WWID {wwid_of(str(again.value))} as "
            f"{other}: only the hex digits of a serial count ('{digits}')",
            "",
            "change a hex digit (0-9, a-f) of one of them",
        )


def _luns_by_naa(root: Node) -> Iterator[Node]:
    """Return the LUNs whose WWIDs are NAA designators: a T10 one holds the whole serial."""
    for server in root.each("storage_servers"):
        if server.at("inquiry", "designator").read(choice(*DESIGNATORS)) != "t10":
            yield from server.each("targets", "luns")
