"""configfs: folders, attributes and links in memory, with the refusals of the real one.

A folder's class says what can be made in it, what may be linked into it, and by methods called
``show_NAME`` and ``store_NAME`` what its attributes do; whatever has no such method keeps what it
is given. What is in a folder from the start comes from its shape, and comes into being when it is
first looked at: an array of thousands of LUNs has hundreds of attributes for each.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar, NoReturn, TypeVar

from sbsim.sim.lio.shapes import AttributeShape, Shape

READABLE, WRITABLE = 0o444, 0o222
NAME_LIMIT = 255
LINK_MODE = 0o777


def refuse(number: int, path: str | None = None) -> NoReturn:
    """Raise OSError with that errno, as the kernel's refusal; the path where a call names it."""
    raise OSError(number, os.strerror(number), path)


class Attribute:
    """A file of a folder."""

    __slots__ = ("folder", "name", "shape")

    def __init__(self, folder: Folder, name: str, shape: AttributeShape) -> None:
        self.folder = folder
        self.name = name
        self.shape = shape

    @property
    def mode(self) -> int:
        """Its permissions."""
        return self.shape.mode

    def read(self) -> str:
        """What it shows."""
        return self.folder.show(self.name)

    def write(self, text: str) -> None:
        """Store a text. Raises whatever the kernel says of it."""
        if not text:  # nothing to copy from whoever writes
            refuse(errno.EFAULT)
        self.folder.store(self.name, text)


class Link:
    """A link to another folder."""

    __slots__ = ("folder", "name", "source")

    def __init__(self, folder: Folder, name: str, source: Folder) -> None:
        self.folder = folder
        self.name = name
        self.source = source

    @property
    def text(self) -> str:
        """Where it leads: relative, up to the root of configfs and down again."""
        depth = len(list(self.folder.lineage()))
        return "../" * depth + "/".join(one.name for one in reversed(list(self.source.lineage())))


class Folder:
    """A folder. `default`: it came with its parent, and nobody can remove it."""

    # The classes of the folders that come with it, by name; others are plain.
    parts: ClassVar[Mapping[str, type[Folder]]] = {}

    def __init__(self, name: str, parent: Folder | None, shape: Shape, default: bool) -> None:
        self.name = name
        self.parent = parent
        self.shape = shape
        self.default = default
        self.links_here = 0
        self.values: dict[str, str] = {}
        self._folders: dict[str, Folder] = {}
        self._made: dict[str, Folder | Link] = {}

    # --- for the classes of objects -----------------------------------------------------------

    def make(self, name: str) -> Folder:
        """The new object of that name, or a refusal."""
        refuse(errno.EPERM)

    def removed(self) -> None:
        """It is taken away."""

    def allow_link(self, source: Folder, name: str) -> None:
        """Refuse, or take in, a link of that name to an object."""
        refuse(errno.EPERM)

    def drop_link(self, source: Folder, name: str) -> None:
        """A link is taken away."""

    def show(self, name: str) -> str:
        """What an attribute shows."""
        special = getattr(self, f"show_{name}", None)
        return special() if special else self.value(name)

    def store(self, name: str, text: str) -> None:
        """Give an attribute a text."""
        special = getattr(self, f"store_{name}", None)
        if special is None:
            self.values[name] = text
        else:
            special(text)

    def value(self, name: str) -> str:
        """What an attribute was given last, or held from the start."""
        found = self.values.get(name)
        return self.shape.attributes[name].first or "" if found is None else found

    # --- what is in it ------------------------------------------------------------------------

    def names(self) -> list[str]:
        """Everything in it, the newest first."""
        return [*reversed(self._made), *self.shape.names]

    def find(self, name: str) -> Folder | Attribute | Link | None:
        """What has that name."""
        if made := self._made.get(name):
            return made
        if shape := self.shape.attributes.get(name):
            return Attribute(self, name, shape)
        return self.folder(name)

    def folder(self, name: str) -> Folder | None:
        """A folder that came with it."""
        found = self._folders.get(name)
        if found is None and (shape := self.shape.folders.get(name)):
            found = self.parts.get(name, Folder)(name, self, shape, default=True)
            self._folders[name] = found
        return found

    def part(self, name: str, kind: type[F]) -> F:
        """A folder that came with it, of that class."""
        found = self.folder(name)
        assert isinstance(found, kind), f"{name} of {self.path} is {found}"
        return found

    def made(self, kind: type[F]) -> list[F]:
        """The objects of a class that were made in it, the oldest first."""
        return [one for one in self._made.values() if isinstance(one, kind)]

    def links(self) -> list[Link]:
        """The links in it, the oldest first."""
        return [one for one in self._made.values() if isinstance(one, Link)]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was made in it, nor in the folders that came with it."""
        return not self._made and all(one.is_empty for one in self._folders.values())

    @property
    def is_linked(self) -> bool:
        """Whether a link leads to it, or to a folder that came with it."""
        return bool(self.links_here) or any(one.is_linked for one in self._folders.values())

    def lineage(self) -> Iterator[Folder]:
        """Itself and its parents, up to the root."""
        one: Folder | None = self
        while one is not None:
            yield one
            one = one.parent

    @property
    def root(self) -> Folder:
        """The folder above all others."""
        return list(self.lineage())[-1]

    @property
    def path(self) -> str:
        """Its path from the root's parent."""
        return "/".join(one.name for one in reversed(list(self.lineage())))

    # --- what is done to it -------------------------------------------------------------------

    def mkdir(self, name: str) -> None:
        """Make an object."""
        if self.find(name):
            refuse(errno.EEXIST)
        self._made[name] = self.make(name)

    def rmdir(self, name: str) -> None:
        """Take an object away."""
        found = self._there(name)
        if not isinstance(found, Folder):
            refuse(errno.ENOTDIR)
        if found.default:
            refuse(errno.EPERM)
        if found.is_linked:
            refuse(errno.EBUSY)
        if not found.is_empty:
            refuse(errno.ENOTEMPTY)
        found.removed()
        del self._made[name]

    def symlink(self, source: Folder, name: str) -> None:
        """Link to an object."""
        self.allow_link(source, name)
        self._made[name] = Link(self, name, source)
        source.links_here += 1

    def unlink(self, name: str) -> None:
        """Take a link away."""
        found = self._there(name)
        if isinstance(found, Folder):
            refuse(errno.EISDIR)
        if isinstance(found, Attribute):
            refuse(errno.EPERM)
        self.drop_link(found.source, name)
        found.source.links_here -= 1
        del self._made[name]

    def _there(self, name: str) -> Folder | Attribute | Link:
        return self.find(name) or refuse(errno.ENOENT)


F = TypeVar("F", bound=Folder)


class Configfs:
    """A tree by its paths, for whoever carries it: every call as the one of `os` of its name.

    Paths begin with `mount`. `is_folder_elsewhere` tells of a path outside whether it is a folder:
    nothing there can be linked to, and the kernel says so in two ways.
    """

    def __init__(
        self,
        root: Folder,
        is_folder_elsewhere: Callable[[str], bool] = lambda _path: False,
        mount: str = "/sys/kernel/config",
    ) -> None:
        self.root = root
        self.is_folder_elsewhere = is_folder_elsewhere
        self.mount = mount
        self._prefix = f"{mount}/{root.name}"

    def find(self, path: str) -> Folder | Attribute | Link | None:
        """What lies at a path; None if nothing does. Links on the way are followed."""
        found: Folder | Attribute | Link | None = self.root
        for name in self._words(path):
            if isinstance(found, Link):
                found = found.source
            if not isinstance(found, Folder):
                refuse(errno.ENOTDIR)
            found = found.find(name)
            if found is None:
                return None
        return found

    def mkdir(self, path: str) -> None:
        """Make an object."""
        folder, name = self._place(path)
        folder.mkdir(name)

    def rmdir(self, path: str) -> None:
        """Take an object away."""
        folder, name = self._place(path)
        folder.rmdir(name)

    def symlink(self, source: str, path: str) -> None:
        """Make `path` lead to `source`."""
        folder, name = self._place(path)
        if folder.find(name):
            refuse(errno.EEXIST)
        if type(folder).allow_link is Folder.allow_link:
            refuse(errno.EPERM)
        # What lies outside is a file or a folder; neither can be linked to.
        if not self.holds(source):
            refuse(errno.EPERM if self.is_folder_elsewhere(source) else errno.ENOTDIR)
        found = self.find(source) or refuse(errno.ENOENT)
        found = found.source if isinstance(found, Link) else found
        if not isinstance(found, Folder):
            refuse(errno.ENOTDIR)
        folder.symlink(found, name)

    def readlink(self, path: str) -> str:
        """Where a link leads."""
        found = self._there(path)
        return found.text if isinstance(found, Link) else refuse(errno.EINVAL)

    def unlink(self, path: str) -> None:
        """Take a link away."""
        folder, name = self._place(path)
        folder.unlink(name)

    def rename(self, path: str, new: str) -> None:
        """Nothing here can have another name."""
        self._there(path)
        self._place(new)
        refuse(errno.EPERM)

    def create(self, path: str) -> None:
        """No file can be made here."""
        folder, name = self._place(path)
        refuse(errno.EEXIST if folder.find(name) else errno.EACCES)

    def read(self, path: str) -> str:
        """What an attribute shows."""
        return self._opened(path, READABLE).read()

    def write(self, path: str, text: str) -> None:
        """Give an attribute a text."""
        self._opened(path, WRITABLE).write(text)

    def realpath(self, path: str) -> str:
        """The path with every link followed; what does not exist stays as it is written."""
        found: Folder | Attribute | Link | None = self.root
        words = self._words(path)
        for number, name in enumerate(words):
            found = found.find(name) if isinstance(found, Folder) else None
            if isinstance(found, Link):
                rest = "/".join(("", *words[number + 1 :]))
                return self.realpath(f"{self.mount}/{found.source.path}{rest}")
            if found is None:
                break
        return path if path[-1] != "/" else path.rstrip("/")

    def ls(self, path: str) -> list[str]:
        """The names in a folder, the newest first."""
        found = self._there(path)
        found = found.source if isinstance(found, Link) else found
        return found.names() if isinstance(found, Folder) else refuse(errno.ENOTDIR)

    def stat(self, path: str) -> list[str]:
        """What it is (dir, file, link), and its permissions in octal."""
        found = self._there(path)
        if isinstance(found, Folder):
            return ["dir", oct(found.shape.mode)]
        return (
            ["file", oct(found.mode)] if isinstance(found, Attribute) else ["link", oct(LINK_MODE)]
        )

    def holds(self, path: str) -> bool:
        """Whether a path is one of this tree's."""
        return os.path.normpath(path).startswith(f"{self.mount}/{self.root.name}")

    def _words(self, path: str) -> list[str]:
        if "/." in path or "//" in path:
            path = os.path.normpath(path)
        words = path[len(self._prefix) + 1 :].split("/")
        if len(path) > NAME_LIMIT and any(len(word) > NAME_LIMIT for word in words):
            refuse(errno.ENAMETOOLONG)
        return words if words[-1] else words[:-1]

    def _there(self, path: str) -> Folder | Attribute | Link:
        return self.find(path) or refuse(errno.ENOENT, path)

    def _opened(self, path: str, permission: int) -> Attribute:
        found = self._there(path)
        if not isinstance(found, Attribute):
            refuse(errno.EISDIR, path)
        return found if found.mode & permission else refuse(errno.EACCES, path)

    def _place(self, path: str) -> tuple[Folder, str]:
        above, _, name = os.path.normpath(path).rpartition("/")
        if len(name) > NAME_LIMIT:
            refuse(errno.ENAMETOOLONG)
        folder = self._there(above)
        folder = folder.source if isinstance(folder, Link) else folder
        if not isinstance(folder, Folder):
            refuse(errno.ENOTDIR)
        return folder, name
