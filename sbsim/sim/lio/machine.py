"""LIO on a simulated machine: its configfs among the machine's files, its devices from them."""

from __future__ import annotations

from sbsim.sim.disk.space import Space
from sbsim.sim.files import FileSystem
from sbsim.sim.lio import fc, iscsi, loopback
from sbsim.sim.lio.core import Target
from sbsim.sim.lio.places import BlockDevice
from sbsim.sim.lio.shapes import kernel
from sbsim.sim.lio.tree import Configfs

MOUNT = "/sys/kernel/config"
FABRICS = (fc, iscsi, loopback)  # what registers itself when it is imported


class FilePlaces:
    """What LIO finds among a machine's files. A block device's node leads to a `BlockDevice`."""

    def __init__(self, files: FileSystem) -> None:
        self._files = files

    def block_device(self, path: str) -> BlockDevice | None:
        """The block device at a path, links followed; None if there is none."""
        found = self._files.device(path)
        return found if isinstance(found, BlockDevice) else None

    def file_size(self, path: str) -> int | None:
        """A regular file's bytes; None if there is none at that path."""
        return self._files.size(path)

    def file_space(self, path: str, size: int) -> Space | None:
        """The bytes of a file that serves as a disk of that size."""
        return self._files.as_disk(path, size)

    def make_file(self, path: str, size: int) -> bool:
        """Make a sparse file; whether there was a folder for it."""
        try:
            self._files.truncate(path, size)
        except OSError:
            return False
        return True

    def is_folder(self, path: str) -> bool:
        """Whether there is a folder at a path."""
        return self._files.is_dir(path)


def add_disk(files: FileSystem, path: str, device: BlockDevice) -> None:
    """Give a machine a block device: its node, and the link by its numbers that udev makes."""
    files.make_device(path, device)
    files.make_folders("/dev/block")
    files.symlink(path, f"/dev/block/{device.major}:{device.minor}")


def load(files: FileSystem, release: str = "6.1") -> Target:
    """Load LIO on a machine: its configfs lies at ``/sys/kernel/config/target`` from now on."""
    target = Target(kernel(release), FilePlaces(files))
    files.mount(f"{MOUNT}/target", Configfs(target, files.is_dir, MOUNT))
    return target
