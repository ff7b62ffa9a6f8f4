"""LVM on one host: what it reports, and the commands that a pool needs."""

from __future__ import annotations

from sbsim.errors import CommandFailed
from sbsim.machines import Machine
from sbsim.sharedblock import lvm_report as reports
from sbsim.sharedblock.errors import VolumeGroupFailed
from sbsim.sharedblock.lvm_report import LogicalVolume, PhysicalVolume, VolumeGroup

# With the locks' own waiting: making a shared group takes some 3 of sanlock's io_timeouts.
CHANGE_LIMIT_SECONDS = 300.0


class Lvm:
    """LVM's commands on one machine."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def groups(self) -> tuple[VolumeGroup, ...]:
        """Every volume group that the host sees."""
        result = self._machine.run(*reports.argv("vgs", reports.VG_FIELDS))
        return reports.parse_vgs(result.stdout)

    def group(self, name: str) -> VolumeGroup | None:
        """The volume group of that name, None if the host sees none."""
        return next((one for one in self.groups() if one.name == name), None)

    def physical_volumes(self, group: str | None = None) -> tuple[PhysicalVolume, ...]:
        """The physical volumes, of one group alone if it is named."""
        result = self._machine.run(*reports.argv("pvs", reports.PV_FIELDS))
        found = reports.parse_pvs(result.stdout)
        return tuple(one for one in found if group is None or one.vg == group)

    def logical_volumes(self, group: str) -> tuple[LogicalVolume, ...]:
        """The logical volumes of a group, hidden ones too."""
        result = self._machine.run(*reports.argv("lvs", reports.LV_FIELDS, "-a", group))
        return reports.parse_lvs(result.stdout)

    def make_group(
        self, name: str, disks: tuple[str, ...], tag: str | None, metadata: int | None
    ) -> None:
        """Make a shared volume group. Raises VolumeGroupFailed with LVM's own words.

        `-qq` answers every question of LVM's with no: a LUN with a signature is refused.
        """
        tagged = ("--addtag", tag) if tag else ()
        try:
            self.change("vgcreate", "-qq", "--shared", *tagged, *_metadata(metadata), name, *disks)
        except VolumeGroupFailed as error:
            raise VolumeGroupFailed(
                self._machine.name,
                f"can not create vg {name}: {error}; a LUN that holds something is refused: look "
                "at it, then clear it, or add the storage with wiping on",
            ) from error

    def extend_group(self, name: str, disk: str, metadata: int | None) -> None:
        """Add a disk to a volume group. Raises VolumeGroupFailed."""
        self.change("vgextend", "-qq", *_metadata(metadata), name, disk)

    def retag(self, name: str, old: tuple[str, ...], new: str | None) -> None:
        """Take tags off a group and put one on, in one change of its metadata."""
        words = [word for tag in old for word in ("--deltag", tag)]
        words += ["--addtag", new] if new else []
        if words:
            self.change("vgchange", *words, name)

    def change(self, *argv: str) -> None:
        """Run a command that changes a group. Raises VolumeGroupFailed with its words."""
        try:
            self._machine.run(*argv, timeout=CHANGE_LIMIT_SECONDS)
        except CommandFailed as error:
            said = error.stderr.strip() or error.stdout.strip() or f"status {error.status}"
            raise VolumeGroupFailed(self._machine.name, f"{argv[0]} failed: {said}") from error


def _metadata(size: int | None) -> tuple[str, ...]:
    return () if size is None else ("--metadatasize", f"{size}b")
