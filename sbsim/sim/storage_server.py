"""A simulated storage server: the target program's own code, on this machine's files and LIO."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterator

from sbsim.sim.files import FileSystem
from sbsim.sim.lio.places import BlockDevice
from sbsim.sim.rtslib import bind
from sbsim.target.server import Server
from sbsim.target.system import System


def target_server(files: FileSystem, boot_id: str, run: Callable[..., str] | None = None) -> Server:
    """The target program on a machine with these files, LIO loaded.

    `run` makes the machine's other commands (systemctl); where it is None they do nothing.
    """
    return Server(bind(files), SimulatedSystem(files, boot_id, run))


class SimulatedSystem(System):
    """What the target program asks of the machine it runs on, answered from its files."""

    def __init__(
        self, files: FileSystem, boot_id: str, run: Callable[..., str] | None = None
    ) -> None:
        self._files = files
        self._boot_id = boot_id
        self._run = run

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Nobody else is at work: the simulated world does one thing after the other."""
        yield

    def boot_id(self) -> str:
        """Changes with every boot of the machine."""
        return self._boot_id

    def mount_configfs(self) -> None:
        """It is mounted."""

    def command(self, *argv: str) -> str:
        """Run a command of the machine's."""
        return self._run(*argv) if self._run else ""

    # --- configfs -----------------------------------------------------------------------------

    def folders_in(self, path: str) -> list[str]:
        """The names of the folders in a folder, sorted."""
        names = self._files.listdir(path)
        return sorted(name for name in names if stat.S_ISDIR(self._files.lstat(f"{path}/{name}")))

    def link_in(self, path: str) -> str | None:
        """Where the one link in a folder leads; None if there is none."""
        for name in self._files.listdir(path):
            if self._files.is_link(f"{path}/{name}"):
                return self._files.realpath(f"{path}/{name}")
        return None

    def attribute(self, path: str) -> str | None:
        """An attribute's text without its line end; None if the kernel has none."""
        return None if (text := self.read(path)) is None else text.strip()

    # --- devices ------------------------------------------------------------------------------

    def is_block(self, path: str) -> bool | None:
        """Whether a path is a block device; None if nothing is there."""
        if not self._files.exists(path):
            return None
        return self._files.device(path) is not None

    def block_size(self, path: str) -> int:
        """A block device's bytes."""
        return self._device(path).size

    def write_back(self, path: str) -> bool:
        """Whether a block device has a write cache that it must be asked to flush."""
        return self._device(path).write_cache

    def user_of(self, path: str) -> str | None:
        """Who holds a block device exclusively; None if it is free."""
        return "in use" if self._device(path).in_use else None

    def same_device(self, one: str, other: str) -> bool:
        """Whether two paths lead to one device or file."""
        return self._files.realpath(one) == self._files.realpath(other)

    def _device(self, path: str) -> BlockDevice:
        found = self._files.device(path)
        assert isinstance(found, BlockDevice), path
        return found

    # --- files --------------------------------------------------------------------------------

    def file_size(self, path: str) -> int | None:
        """A plain file's bytes; None if nothing is there, -1 if it is something else."""
        if not self._files.exists(path):
            return None
        size = self._files.size(path)
        return -1 if size is None else size

    def make_sparse(self, path: str, size: int) -> None:
        """Make a file of `size` bytes without blocks, or lengthen one that is there."""
        self._files.make_folders(os.path.dirname(path))
        if (self._files.size(path) or 0) < size:
            self._files.truncate(path, size)

    def read(self, path: str) -> str | None:
        """A file's text; None if it is not there."""
        try:
            return self._files.read(path).decode()
        except FileNotFoundError:
            return None

    def write(self, path: str, text: str, mode: int = 0o600) -> None:
        """Replace a file in one step; its folder is made."""
        self._files.make_folders(os.path.dirname(path))
        self._files.write(path, text.encode(), mode)

    def remove(self, path: str) -> bool:
        """Remove a file or link; whether it was there."""
        try:
            self._files.unlink(path)
        except FileNotFoundError:
            return False
        return True

    def make_folder(self, path: str) -> bool:
        """Make a folder and those above it; whether it was missing."""
        missing = not self._files.is_dir(path)
        self._files.make_folders(path)
        return missing

    def remove_folder(self, path: str) -> None:
        """Remove a folder if it is there and empty."""
        with contextlib.suppress(OSError):
            self._files.rmdir(path)

    def link(self, path: str, to: str) -> bool:
        """Make a symbolic link; whether it was missing or led elsewhere."""
        if self._files.is_link(path):
            if self._files.readlink(path) == to:
                return False
            self._files.unlink(path)
        self._files.make_folders(os.path.dirname(path))
        self._files.symlink(to, path)
        return True

    def exists(self, path: str) -> bool:
        """Whether anything is at a path, a broken link included."""
        return self._files.exists(path) or self._files.is_link(path)
