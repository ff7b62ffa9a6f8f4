"""LUNs that are free by the description, and hold something."""

from __future__ import annotations

from sbsim.faults.breaks.registry import named
from sbsim.faults.lun_content import LunContent
from sbsim.faults.scene import Scene


@named("lun-with-gpt")
def lun_with_gpt(scene: Scene) -> None:
    """A free LUN has a GUID partition table."""
    _spare(scene).make("gpt")


@named("lun-with-mbr")
def lun_with_mbr(scene: Scene) -> None:
    """A free LUN has a DOS partition table."""
    _spare(scene).make("mbr")


@named("lun-with-ext4")
def lun_with_ext4(scene: Scene) -> None:
    """A free LUN holds an ext4 file system."""
    _spare(scene).make("ext4")


@named("lun-with-xfs")
def lun_with_xfs(scene: Scene) -> None:
    """A free LUN holds an XFS file system."""
    _spare(scene).make("xfs")


@named("lun-with-raid")
def lun_with_raid(scene: Scene) -> None:
    """A free LUN is a member of an MD RAID."""
    _spare(scene).make("raid")


@named("lun-of-foreign-group")
def lun_of_foreign_group(scene: Scene) -> None:
    """A free LUN is a physical volume of somebody else's group."""
    _spare(scene).make("foreign-group")


def _spare(scene: Scene) -> LunContent:
    return LunContent(scene.deployed, scene.spare_lun)
