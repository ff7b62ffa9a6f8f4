"""What Python code asks of the operating system, answered by one simulated machine's files.

As much of `pathlib.Path`, `os`, `pyudev`, `fcntl` and `subprocess` as rtslib uses. Code that is
given these in the place of the real ones runs on that machine; nothing of the process is changed.
"""

from __future__ import annotations

import errno
import fnmatch
import io
import os
from collections.abc import Iterator
from pathlib import PurePosixPath
from types import SimpleNamespace
from typing import IO, Any, ClassVar, Protocol

from sbsim.sim.files import FileSystem


class SimulatedPath(PurePosixPath):
    """A path of one machine; `path_class` makes the class that belongs to a machine."""

    files: ClassVar[FileSystem]

    def exists(self) -> bool:
        """Whether there is anything, links followed."""
        return self.files.exists(str(self))

    def is_dir(self) -> bool:
        """Whether it is a folder."""
        return self.files.is_dir(str(self))

    def is_file(self) -> bool:
        """Whether it is a regular file."""
        return self.files.is_file(str(self))

    def is_symlink(self) -> bool:
        """Whether it is a link."""
        return self.files.is_link(str(self))

    def is_mount(self) -> bool:
        """Whether another tree begins here or right below, as LIO's does below configfs."""
        return self.files.is_mount(str(self))

    def stat(self) -> Any:
        """Kind and permissions."""
        return os.stat_result((self.files.stat(str(self)), *[0] * 9))

    def iterdir(self) -> Iterator[SimulatedPath]:
        """What is in a folder."""
        return (self / name for name in self.files.listdir(str(self)))

    def glob(self, pattern: str) -> Iterator[SimulatedPath]:
        """What fits a pattern of names; no ``**``."""
        found = [self]
        for word in pattern.strip("/").split("/"):
            found = [one / name for one in found if one.is_dir()
                     for name in self.files.listdir(str(one)) if _fits(name, word)]  # fmt: skip
        only_folders = pattern.endswith("/")
        return (one for one in found if (one.is_dir() if only_folders else one.exists()))

    def resolve(self) -> SimulatedPath:
        """With every link followed."""
        return type(self)(self.files.realpath(str(self)))

    def samefile(self, other: object) -> bool:
        """Whether both lead to one place."""
        return self.files.realpath(str(self)) == self.files.realpath(str(other))

    def read_text(self) -> str:
        """A file's text."""
        return self.files.read(str(self)).decode()

    def write_text(self, text: str) -> int:
        """Replace a file's text."""
        self.files.write(str(self), text.encode())
        return len(text)

    def open(self, mode: str = "r") -> IO[str]:
        """A text file."""
        if mode == "x" and self.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(self))
        if mode == "r":
            return io.StringIO(self.read_text())
        return _Written(self)

    def mkdir(self, parents: bool = False, exist_ok: bool = False) -> None:
        """Make a folder."""
        if exist_ok and self.is_dir():
            return
        if parents:
            self.files.make_folders(str(self.parent))
        self.files.mkdir(str(self))

    def rmdir(self) -> None:
        """Remove a folder."""
        self.files.rmdir(str(self))

    def unlink(self, missing_ok: bool = False) -> None:
        """Remove a file or link."""
        if not (missing_ok and not self.exists() and not self.is_symlink()):
            self.files.unlink(str(self))

    def replace(self, target: object) -> None:
        """Give another name."""
        self.files.rename(str(self), str(target))

    def chmod(self, mode: int) -> None:
        """Change permissions."""
        self.files.chmod(str(self), mode)


def _fits(name: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(name, pattern) and (pattern.startswith(".") or name[0] != ".")


def path_class(files: FileSystem) -> type[SimulatedPath]:
    """The class of a machine's paths."""
    return type("SimulatedPath", (SimulatedPath,), {"files": files})


class _Written(io.StringIO):
    """A text file that is written when it is closed or flushed."""

    def __init__(self, path: SimulatedPath) -> None:
        super().__init__()
        self._path = path
        self._path.files.write(str(path), b"")

    def flush(self) -> None:
        super().flush()
        if not self.closed:
            self._path.files.write(str(self._path), self.getvalue().encode())

    def fileno(self) -> int:
        return -1

    def close(self) -> None:
        if not self.closed:
            self.flush()
        super().close()


class SimulatedOs:
    """As much of `os` as is used; the rest is the real one's."""

    def __init__(self, files: FileSystem) -> None:
        self._files = files
        self.path = SimpleNamespace(
            **{
                name: getattr(os.path, name) for name in ("join", "basename", "dirname", "normpath")
            },
            realpath=lambda path: files.realpath(str(path)),
            isdir=lambda path: files.is_dir(str(path)),
            islink=lambda path: files.is_link(str(path)),
            exists=lambda path: files.exists(str(path)),
        )

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def listdir(self, path: object) -> list[str]:
        """The names in a folder."""
        return self._files.listdir(str(path))

    def symlink(self, source: object, path: object) -> None:
        """Make `path` lead to `source`."""
        self._files.symlink(str(source), str(path))

    def open(self, path: object, flags: int, mode: int = 0o777) -> int:
        """Look whether it can be opened; a device that another one has cannot be, exclusively."""
        found = self._files.device(str(path))
        if found is None and not self._files.exists(str(path)):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        if flags & os.O_EXCL and found is not None and getattr(found, "in_use", False):
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), str(path))
        return -1

    def close(self, handle: int) -> None:
        """Nothing was opened."""

    def umask(self, mask: int) -> int:
        """There is none here."""
        return 0o022

    def fsync(self, handle: int) -> None:
        """Every write is there at once."""


class Disk(Protocol):
    """What is asked of whatever stands behind a block device's node."""

    @property
    def size(self) -> int:
        """Its bytes."""

    @property
    def block_size(self) -> int:
        """The bytes of a logical block."""


class SimulatedUdev:
    """As much of `pyudev` as rtslib asks of block devices."""

    class DeviceNotFoundError(Exception):
        """There is no such device."""

    def __init__(self, files: FileSystem) -> None:
        self._files = files
        self.Context = SimpleNamespace
        self.Device = SimpleNamespace(from_device_file=self._from_file, from_name=self._from_name)
        self.Devices = self.Device

    def _from_file(self, _context: object, path: object) -> Any:
        found = self._files.device(str(path))
        if found is None:
            kind = "is no device" if self._files.exists(str(path)) else "does not exist"
            raise self.DeviceNotFoundError(f"{path} {kind}")
        return _UdevDevice(found)

    def _from_name(self, _context: object, _subsystem: str, name: str) -> Any:
        return self._from_file(None, f"/dev/{name}")


class _UdevDevice:
    subsystem = "block"

    def __init__(self, disk: Disk) -> None:
        sizes = {"size": disk.size // 512, "queue/logical_block_size": disk.block_size}
        self.attributes = SimpleNamespace(asint=sizes.__getitem__)

    def __getitem__(self, name: str) -> str:
        return {"DEVTYPE": "disk"}[name]


class NoLocks:
    """`fcntl` where there is nobody to keep out."""

    LOCK_EX = LOCK_UN = LOCK_NB = LOCK_SH = 0

    def lockf(self, *_words: object) -> None:
        """Taken."""

    flock = lockf


class Commands:
    """`subprocess` of a machine whose kernel modules are always there."""

    def run(self, *_words: object, **_options: object) -> Any:
        """It worked."""
        return SimpleNamespace(returncode=0, stdout=b"", stderr=b"")
