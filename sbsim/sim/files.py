"""One machine's files in memory, with other trees mounted in them.

Paths are absolute. Every call refuses as the operating system's of its name does, with OSError and
the same errno.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn, Protocol

from sbsim.sim.disk.space import Space

LINKS_AT_MOST = 40


class Tree(Protocol):
    """What can be mounted: `sim.lio.tree.Configfs` is one. Its paths are the machine's."""

    def mkdir(self, path: str) -> None:
        """Make a folder."""

    def rmdir(self, path: str) -> None:
        """Remove a folder."""

    def symlink(self, source: str, path: str) -> None:
        """Make `path` lead to `source`."""

    def readlink(self, path: str) -> str:
        """Where a link leads."""

    def unlink(self, path: str) -> None:
        """Remove a link or file."""

    def rename(self, path: str, new: str) -> None:
        """Give another name."""

    def create(self, path: str) -> None:
        """Make a file."""

    def read(self, path: str) -> str:
        """What a file holds."""

    def write(self, path: str, text: str) -> None:
        """Give a file a text."""

    def realpath(self, path: str) -> str:
        """The path with every link followed."""

    def ls(self, path: str) -> list[str]:
        """The names in a folder."""

    def stat(self, path: str) -> list[str]:
        """What it is ("dir", "file", "link"), and its permissions in octal."""


class Unchangeable:
    """The half of a tree in which its owner makes and removes everything, and nobody else can."""

    def mkdir(self, path: str) -> None:
        """Nothing can be made."""
        refuse(errno.EPERM, path)

    def rmdir(self, path: str) -> None:
        """Nothing can be removed."""
        refuse(errno.EPERM, path)

    def symlink(self, source: str, path: str) -> None:
        """Nothing can be made."""
        refuse(errno.EPERM, path)

    def unlink(self, path: str) -> None:
        """Nothing can be removed."""
        refuse(errno.EPERM, path)

    def rename(self, path: str, new: str) -> None:
        """Nothing can be renamed."""
        refuse(errno.EPERM, path)

    def create(self, path: str) -> None:
        """Nothing can be made."""
        refuse(errno.EACCES, path)


def refuse(number: int, path: str) -> NoReturn:
    """Raise OSError with that errno."""
    raise OSError(number, os.strerror(number), path)


def _normal(path: str) -> str:
    """A path without empty words and dots; most have none."""
    if "//" in path or "/." in path or path.endswith("/"):
        return os.path.normpath(path)
    return path


@contextmanager
def _naming(*paths: str) -> Iterator[None]:
    """Inside, a refusal is told with the paths of the call, as the operating system does."""
    try:
        yield
    except OSError as error:
        first, *second = paths
        words = [None, *second] if second else []
        raise OSError(error.errno, os.strerror(error.errno or 0), first, *words) from None


@dataclass
class File:
    """A regular file; a sparse one has a `size` beyond what was written.

    One that serves as a disk has a `space`.
    """

    data: bytes = b""
    mode: int = 0o644
    size: int = 0
    space: Space | None = None


@dataclass
class Folder:
    """A folder."""

    entries: dict[str, Node] = field(default_factory=dict)
    mode: int = 0o755


@dataclass(frozen=True)
class Link:
    """A symbolic link."""

    text: str


@dataclass(frozen=True)
class Device:
    """A block device's node; `of` is whatever stands behind it."""

    of: Any


Node = File | Folder | Link | Device


class FileSystem:
    """The files of one machine. A fresh one has ``/`` alone."""

    def __init__(self) -> None:
        self._root = Folder()
        self._mounts: dict[str, Tree] = {}

    def mount(self, path: str, tree: Tree) -> None:
        """From now on, what lies at and below a path is the tree's."""
        if self.tree_at(_normal(path)) is None:  # in another tree it needs no folder
            self.make_folders(path)
        self._mounts[os.path.normpath(path)] = tree
        # The innermost first: a tree may be mounted in another one.
        self._mounts = dict(sorted(self._mounts.items(), key=lambda one: -len(one[0])))

    # --- what is there ------------------------------------------------------------------------

    def is_mount(self, path: str) -> bool:
        """Whether another tree is mounted at a path, or in that folder."""
        place = os.path.normpath(path)
        return any(place in (mount, os.path.dirname(mount)) for mount in self._mounts)

    def realpath(self, path: str) -> str:
        """The path with every link followed; what does not exist stays as it is written."""
        return self._resolved(_normal(path), LINKS_AT_MOST)

    def lstat(self, path: str) -> int:
        """Kind and permissions as `st_mode`; a link's own."""
        return self._mode(self._place(path))

    def stat(self, path: str) -> int:
        """Kind and permissions as `st_mode`, links followed."""
        return self._mode(self.realpath(path))

    def exists(self, path: str) -> bool:
        """Whether there is anything, links followed."""
        return self._is(path, lambda _mode: True)

    def is_dir(self, path: str) -> bool:
        """Whether it is a folder, links followed."""
        return self._is(path, stat.S_ISDIR)

    def is_file(self, path: str) -> bool:
        """Whether it is a regular file, links followed."""
        return self._is(path, stat.S_ISREG)

    def is_link(self, path: str) -> bool:
        """Whether it is a link."""
        try:
            return stat.S_ISLNK(self.lstat(path))
        except OSError:
            return False

    def listdir(self, path: str) -> list[str]:
        """The names in a folder."""
        real = self.realpath(path)
        if tree := self.tree_at(real):
            return tree.ls(real)
        found = self._there(real)
        return list(found.entries) if isinstance(found, Folder) else refuse(errno.ENOTDIR, path)

    def readlink(self, path: str) -> str:
        """Where a link leads."""
        place = self._place(path)
        if tree := self.tree_at(place):
            with _naming(path):
                return tree.readlink(place)
        found = self._there(place)
        return found.text if isinstance(found, Link) else refuse(errno.EINVAL, path)

    def device(self, path: str) -> Any:
        """What stands behind a block device's node; None if there is no such node."""
        real = self.realpath(path)
        found = None if self.tree_at(real) else self._find(real)
        return found.of if isinstance(found, Device) else None

    def devices(self) -> Iterator[Any]:
        """Whatever stands behind the nodes of block devices."""
        folders = [self._root]
        while folders:
            for entry in folders.pop().entries.values():
                if isinstance(entry, Folder):
                    folders.append(entry)
                elif isinstance(entry, Device):
                    yield entry.of

    def size(self, path: str) -> int | None:
        """A regular file's bytes; None if it is none."""
        real = self.realpath(path)
        found = None if self.tree_at(real) else self._find(real)
        return max(found.size, len(found.data)) if isinstance(found, File) else None

    # --- content ------------------------------------------------------------------------------

    def read(self, path: str) -> bytes:
        """A file's content."""
        real = self.realpath(path)
        if tree := self.tree_at(real):
            return tree.read(real).encode("latin-1")
        found = self._there(real)
        if isinstance(found, Folder):
            refuse(errno.EISDIR, path)
        return found.data if isinstance(found, File) else refuse(errno.EINVAL, path)

    def write(self, path: str, data: bytes, mode: int | None = None) -> None:
        """Replace a file's content; it is made if it is not there."""
        real = self.realpath(path)
        if tree := self.tree_at(real):
            if not self.exists(real) and self.is_dir(os.path.dirname(real)):
                refuse(errno.EACCES, path)  # a kernel's folder takes no new file
            tree.write(real, data.decode("latin-1"))
            return
        found = self._find(real)
        if isinstance(found, Folder):
            refuse(errno.EISDIR, path)
        if not isinstance(found, File):
            found = File()
            self._above(real).entries[os.path.basename(real)] = found
        found.data, found.size = data, len(data)
        if mode is not None:
            found.mode = mode

    def truncate(self, path: str, size: int) -> None:
        """Give a file a size; it is made if it is not there."""
        if self.size(path) is None:
            self.write(path, b"")
        found = self._there(self.realpath(path))
        assert isinstance(found, File)
        found.data, found.size = found.data[:size], size

    def as_disk(self, path: str, size: int) -> Space | None:
        """A regular file's bytes as those of a disk of that size; None if it is none."""
        found = self._find(self.realpath(path))
        if not isinstance(found, File):
            return None
        if found.space is None:
            found.space = Space(size)
            found.space.write(0, found.data[:size])
        elif found.space.size != size:
            found.space.resize(size)
        return found.space

    def chmod(self, path: str, mode: int) -> None:
        """Change permissions."""
        found = self._there(self.realpath(path))
        if isinstance(found, (File, Folder)):
            found.mode = mode

    # --- making and removing ------------------------------------------------------------------

    def mkdir(self, path: str) -> None:
        """Make a folder."""
        place = self._place(path)
        if tree := self.tree_at(place):
            with _naming(path):
                tree.mkdir(place)
            return
        if self._find(place) is not None:
            refuse(errno.EEXIST, path)
        self._above(place).entries[os.path.basename(place)] = Folder()

    def make_folders(self, path: str) -> None:
        """Make a folder, and those above it that are missing."""
        place = "/"
        for word in os.path.normpath(path).split("/"):
            place = os.path.join(place, word)
            if not self.is_dir(place):
                self.mkdir(place)

    def make_device(self, path: str, of: Any) -> None:
        """Make a block device's node, and the folders above it."""
        self.make_folders(os.path.dirname(path))
        self._above(path).entries[os.path.basename(path)] = Device(of)

    def rmdir(self, path: str) -> None:
        """Remove an empty folder."""
        place = self._place(path)
        if tree := self.tree_at(place):
            with _naming(path):
                tree.rmdir(place)
            return
        found = self._there(place)
        if not isinstance(found, Folder):
            refuse(errno.ENOTDIR, path)
        if found.entries:
            refuse(errno.ENOTEMPTY, path)
        del self._above(place).entries[os.path.basename(place)]

    def symlink(self, source: str, path: str) -> None:
        """Make `path` lead to `source`."""
        place = self._place(path)
        if tree := self.tree_at(place):
            with _naming(source, path):
                tree.symlink(source, place)
            return
        if self._find(place) is not None:
            refuse(errno.EEXIST, path)
        self._above(place).entries[os.path.basename(place)] = Link(source)

    def unlink(self, path: str) -> None:
        """Remove a file, a link or a device's node."""
        place = self._place(path)
        if tree := self.tree_at(place):
            with _naming(path):
                tree.unlink(place)
            return
        if isinstance(self._there(place), Folder):
            refuse(errno.EISDIR, path)
        del self._above(place).entries[os.path.basename(place)]

    def rename(self, path: str, new: str) -> None:
        """Give another name, in the place of what has it."""
        place, target = self._place(path), self._place(new)
        trees = {self.tree_at(place), self.tree_at(target)}
        if trees != {None}:
            if len(trees) > 1:
                refuse(errno.EXDEV, path)
            tree = self.tree_at(place)
            assert tree is not None
            tree.rename(place, target)
            return
        found = self._there(place)
        del self._above(place).entries[os.path.basename(place)]
        self._above(target).entries[os.path.basename(target)] = found

    # --- the way to it ------------------------------------------------------------------------

    def tree_at(self, path: str) -> Tree | None:
        """The tree that is mounted there or above; None if there is none."""
        for mount, tree in self._mounts.items():
            if path == mount or path.startswith(f"{mount}/"):
                return tree
        return None

    def _find(self, path: str) -> Node | None:
        """What lies at a path without links on its way."""
        found: Node = self._root
        for word in path.split("/"):
            if not word:
                continue
            if not isinstance(found, Folder):
                refuse(errno.ENOTDIR, path)
            below = found.entries.get(word)
            if below is None:
                return None
            found = below
        return found

    def _there(self, path: str) -> Node:
        found = self._find(path)
        return refuse(errno.ENOENT, path) if found is None else found

    def _above(self, path: str) -> Folder:
        found = self._there(os.path.dirname(path))
        return found if isinstance(found, Folder) else refuse(errno.ENOTDIR, path)

    def _place(self, path: str) -> str:
        """A path whose folder is free of links."""
        plain = _normal(path)
        if self.tree_at(plain):  # it follows what links there are on the way
            return plain
        above, name = os.path.split(plain)
        return os.path.join(self.realpath(above), name)

    def _resolved(self, path: str, left: int) -> str:
        if not left:
            refuse(errno.ELOOP, path)
        if tree := self.tree_at(path):
            return tree.realpath(path)
        place = "/"
        words = [word for word in path.split("/") if word]
        for number, word in enumerate(words, start=1):
            place = os.path.join(place, word)
            text = self._link_at(place)
            if text is not None:
                target = os.path.join(os.path.dirname(place), text, *words[number:])
                return self._resolved(os.path.normpath(target), left - 1)
        return place

    def _link_at(self, path: str) -> str | None:
        try:
            found = self._find(path)
        except OSError:
            return None
        return found.text if isinstance(found, Link) else None

    def _is(self, path: str, test: Any) -> bool:
        try:
            return bool(test(self.stat(path)))
        except OSError:
            return False

    def _mode(self, path: str) -> int:
        if tree := self.tree_at(path):
            kind, permissions = tree.stat(path)
            kinds = {"dir": stat.S_IFDIR, "file": stat.S_IFREG, "link": stat.S_IFLNK}
            return kinds[kind] | int(permissions, 8)
        found = self._there(path)
        if isinstance(found, Folder):
            return stat.S_IFDIR | found.mode
        if isinstance(found, File):
            return stat.S_IFREG | found.mode
        return stat.S_IFLNK | 0o777 if isinstance(found, Link) else stat.S_IFBLK | 0o660
