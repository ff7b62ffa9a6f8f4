"""Primary storages: their clusters and LUNs."""

from __future__ import annotations

from collections.abc import Iterator

from sbsim.deployment.finding import Fault, quoted
from sbsim.deployment.node import Node
from sbsim.deployment.rules.common import any_text, listed_twice, luns, unknown
from sbsim.deployment.size import GIB, MIB, lun_size, readable

# What the pool takes of a LUN: the metadata area (vgcreate --metadatasize 2g) and LVM's label
# with the alignment to 1 MiB. One extent of 4 MiB must be left, or vgcreate refuses the LUN.
_METADATA = 2 * GIB
_LEAST = _METADATA + MIB + 4 * MIB
# The lock volume lvmlock lies on the first LUN.
_LOCK_VOLUME = GIB


def unknown_clusters(root: Node) -> Iterator[Fault]:
    """A primary storage is attached to clusters of the description."""
    references = root.each("primary_storages", "clusters")
    return unknown(references, root.each("clusters"), "cluster", "add it as [[clusters]]")


def unknown_luns(root: Node) -> Iterator[Fault]:
    """A primary storage is made of LUNs of the description."""
    references = root.each("primary_storages", "luns")
    return unknown(references, luns(root), "LUN", "add it to a target's luns", needed=False)


def listed_twice_in_one(root: Node) -> Iterator[Fault]:
    """A primary storage names each cluster and each LUN once."""
    yield from listed_twice(root.each("primary_storages"), "clusters")
    yield from listed_twice(root.each("primary_storages"), "luns")


def luns_in_two(root: Node) -> Iterator[Fault]:
    """A LUN belongs to one primary storage."""
    owners: dict[str, Node] = {}
    for storage in root.each("primary_storages"):
        for node in storage.each("luns"):
            name = node.read(any_text)
            if name is None or (owner := owners.setdefault(name, storage)) is storage:
                continue
            yield node.fault(
                f"{quoted(name)}, which the primary storage {owner.label} already has",
                "",
                "leave the LUN to one of the two",
            )


def luns_too_small(root: Node) -> Iterator[Fault]:
    """A LUN of a pool has room for the metadata, the first one for the lock volume too."""
    sizes = {lun.at("name").read(any_text): lun.at("size") for lun in luns(root)}
    for storage in root.each("primary_storages"):
        # A LUN that is listed twice is a finding of its own.
        names = dict.fromkeys(node.read(any_text) for node in storage.each("luns"))
        for position, name in enumerate(names):
            size_node = sizes.get(name) if name is not None else None
            size = size_node.read(lun_size) if size_node is not None else None
            least = _LEAST if position else _LEAST + _LOCK_VOLUME
            if size_node is not None and size is not None and size < least:
                yield _too_small(size_node, size, least, storage)


def _too_small(node: Node, size: int, least: int, storage: Node) -> Fault:
    uses = "2 GiB of metadata" + (" and the 1 GiB lock volume" if least > _LEAST else "")
    return node.fault(
        f"{readable(size)}, too small for the pool of {storage.label}",
        f"at least {readable(least)} ({least} bytes): {uses} lie on this LUN",
        "make the LUN larger, or leave it out of the primary storage",
    )
