"""A simulated LIO for anybody's tests: rtslib and plain files below /sys/kernel/config/target.

What LIO does is in `sbsim.sim.lio`; here it is carried by pyfakefs, so that `os`, `open`, `pathlib`
and the unmodified `rtslib_fb` of the process that runs the test see it. docs/lio-kernel.md is its
page.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import subprocess
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import PurePosixPath
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pyudev  # type: ignore[import-untyped]
import rtslib_fb
from pyfakefs import fake_file, fake_open, fake_os
from pyfakefs.fake_file import FakeDirectory, FakeFile
from pyfakefs.fake_filesystem import FakeFilesystem
from pyfakefs.fake_filesystem_unittest import Patcher

from sbsim.sim.lio.core import Target
from sbsim.sim.lio.machine import MOUNT
from sbsim.sim.lio.places import BlockDevice
from sbsim.sim.lio.shapes import kernel
from sbsim.sim.lio.tree import (
    NAME_LIMIT,
    READABLE,
    WRITABLE,
    Attribute,
    Configfs,
    Folder,
    Link,
    refuse,
)

TARGET = f"{MOUNT}/target"
MODULES = {
    "target_core_mod", "target_core_file", "target_core_iblock", "iscsi_target_mod", "tcm_fc",
    "tcm_loop",
}  # fmt: skip
FOLDERS = ("/etc/target/pr", "/var/target", "/var/run", "/var/tmp", "/tmp", "/dev")


class LioKernel:
    """What a test may do to the machine beside LIO. `fs` is pyfakefs' own file system.

    Example: ``kernel.add_disk("/dev/sdb", 2**30)``
    """

    def __init__(self, fs: FakeFilesystem, release: str) -> None:
        self.fs = fs
        self._disks: dict[str, BlockDevice] = {}
        self.target = Target(kernel(release), self)

    def add_disk(self, path: str, size: int, write_cache: bool = False) -> None:
        """Give the machine a block device of so many bytes; `write_cache`: a volatile one."""
        number = len(self._disks)
        name = PurePosixPath(path).name
        self._disks[path] = BlockDevice(name, size, 8, 16 * number, write_cache)
        self.fs.create_file(path, st_mode=stat.S_IFBLK | 0o660)

    # --- what LIO finds (sbsim.sim.lio.places) --------------------------------------------------

    def block_device(self, path: str) -> BlockDevice | None:
        """The block device at a path, links followed; None if there is none."""
        try:
            return self._disks.get(str(self.fs.resolve_path(path)))
        except OSError:
            return None

    def file_size(self, path: str) -> int | None:
        """A regular file's bytes; None if there is none at that path."""
        return int(self.fs.get_object(path).size) if self.fs.isfile(path) else None

    def file_space(self, path: str, size: int) -> None:
        """What is done with a LUN here reads none of its bytes."""

    def make_file(self, path: str, size: int) -> bool:
        """Make a file; whether there was a folder for it."""
        if not self.fs.isdir(str(PurePosixPath(path).parent)):
            return False
        self.fs.create_file(path, st_size=size)
        return True

    def is_folder(self, path: str) -> bool:
        """Whether there is a folder at a path."""
        return bool(self.fs.isdir(path))


@contextmanager
def lio_kernel(release: str = "6.1") -> Iterator[LioKernel]:
    """Inside, this process runs on a machine with the LIO of that kernel, and no other files.

    Raises ValueError for a kernel that is not recorded.

    Example: ``with lio_kernel() as kernel: rtslib_fb.RTSRoot()``
    """
    kernel(release)  # from a real file, as long as those are there
    assert rtslib_fb.RTSRoot  # likewise
    with Patcher() as patcher, contextlib.ExitStack() as stack:
        fs = patcher.fs
        assert fs is not None
        fs.shuffle_listdir_results = False
        for folder in FOLDERS:
            if not fs.exists(folder):
                fs.create_dir(folder)
        fs.create_dir(MOUNT)
        fs.add_mount_point(MOUNT, can_exist=True)
        made = LioKernel(fs, release)
        tree = Configfs(made.target, made.is_folder, MOUNT)
        root = _Carried(made.target, fs)
        fs.get_object(MOUNT).add_entry(root)
        for patch in _patches(fs, tree, made):
            stack.enter_context(patch)
        rtslib_fb.RTSRoot.invalidate_caches(None)  # another test's numbers of backstores
        yield made


# --- what pyfakefs is given ----------------------------------------------------------------------


class _Entries(Mapping[str, FakeFile]):
    """What is in a folder, made when it is asked for: LIO's folders hold hundreds of names."""

    def __init__(self, carried: _Carried) -> None:
        self._carried = carried

    def __getitem__(self, name: str) -> FakeFile:
        if name == ".":
            return self._carried
        if len(name) > NAME_LIMIT:
            refuse(errno.ENAMETOOLONG)
        found = self._carried.folder.find(name)
        if found is None:
            raise KeyError(name)
        return self._carried.carry(found)

    def __iter__(self) -> Iterator[str]:
        return iter(self._carried.folder.names())

    def __len__(self) -> int:
        return len(self._carried.folder.names())


class _Carried(FakeDirectory):
    """A folder of LIO's, as pyfakefs knows folders."""

    def __init__(self, folder: Folder, fs: FakeFilesystem) -> None:
        super().__init__(folder.name, folder.shape.mode, filesystem=fs)
        self.folder = folder
        self.st_ino = id(folder)
        self._carriers: weakref.WeakKeyDictionary[Folder, _Carried] = weakref.WeakKeyDictionary()

    @property
    def entries(self) -> Any:
        """What is in it."""
        return _Entries(self)

    # A folder has no size: to sum up all that is in it would make it all.
    size = 0

    def add_entry(self, path_object: FakeFile) -> None:
        """Nothing but folders and links can be made, and those are made elsewhere."""
        refuse(errno.EACCES)

    def carry(self, found: Folder | Attribute | Link) -> FakeFile:
        """Something of LIO's as pyfakefs knows it."""
        carrier: FakeFile
        if isinstance(found, Folder):
            if found not in self._carriers:
                self._carriers[found] = _Carried(found, self.filesystem)
            carrier = self._carriers[found]
        elif isinstance(found, Link):
            carrier = FakeFile(found.name, stat.S_IFLNK | 0o777, found.text, self.filesystem)
        else:
            carrier = _CarriedAttribute(found, self.filesystem)
        carrier.parent_dir = weakref.ref(self)
        carrier.st_dev = self.st_dev
        return carrier


class _CarriedAttribute(FakeFile):
    """An attribute, opened once: what is written goes to LIO, write by write."""

    def __init__(self, attribute: Attribute, fs: FakeFilesystem) -> None:
        super().__init__(attribute.name, stat.S_IFREG | attribute.mode, "", fs)
        self.attribute = attribute
        self.st_ino = id(attribute.folder) ^ hash(attribute.name)
        self._writing = False
        self._stored = b""

    def begin(self, reads: bool, writes: bool, path: str) -> None:
        """It is opened. Raises EACCES as the kernel does, for root too."""
        mode = self.attribute.mode
        if (writes and not mode & WRITABLE) or (reads and not writes and not mode & READABLE):
            refuse(errno.EACCES, path)
        self._writing = writes

    @property
    def byte_contents(self) -> bytes:
        """What it shows; whoever writes begins with nothing."""
        return self._stored if self._writing else self.attribute.read().encode("latin-1")

    def set_contents(self, contents: Any, encoding: str | None = None) -> bool:
        """Store what is new since the last time: pyfakefs gives all that was written so far."""
        data = contents if isinstance(contents, bytes) else str(contents).encode()
        new = data[len(self._stored) :] if data.startswith(self._stored) else data
        if new:
            self.attribute.write(new.decode("latin-1"))
            self._stored = data
        return bool(new)


def _patches(fs: FakeFilesystem, tree: Configfs, made: LioKernel) -> Iterator[Any]:
    """What is changed while the machine is there: of pyfakefs, and of two things that it cannot."""
    ours: dict[str, Callable[..., Any]] = {
        "makedir": lambda path, *_: tree.mkdir(path),
        "rmdir": lambda path, *_: tree.rmdir(path),
        "remove": lambda path, *_: tree.unlink(path),
        "rename": lambda path, new, *_: tree.rename(path, str(new)),
    }
    for name, call in ours.items():
        yield mock.patch.object(fs, name, _for_ours(fs, getattr(fs, name), call))
    yield mock.patch.object(fs, "create_symlink", _symlinks(fs, fs.create_symlink, tree))
    yield mock.patch.object(fake_open.FakeFileOpen, "_init_file_object", _opens())
    yield mock.patch.object(fake_file.FakeFileWrapper, "close_fd", _closes())
    yield mock.patch.object(fake_os.FakeOsModule, "open", _exclusive(made))
    for name, call in (("read", _reads()), ("write", _writes())):
        yield mock.patch.object(fake_os.FakeOsModule, name, call)
    yield mock.patch.object(subprocess, "run", _modprobe(subprocess.run))
    from_file = _udev(made)
    devices = SimpleNamespace(
        from_device_file=from_file,
        from_name=lambda context, _subsystem, name: from_file(context, f"/dev/{name}"),
    )
    yield mock.patch.object(pyudev, "Device", devices)
    yield mock.patch.object(pyudev, "Devices", devices)


def _place(fs: FakeFilesystem, path: Any) -> str:
    return os.path.normpath(str(fs.absnormpath(os.fspath(path))))


def _is_ours(path: str) -> bool:
    return path == TARGET or path.startswith(f"{TARGET}/")


def _for_ours(
    fs: FakeFilesystem, original: Callable[..., Any], call: Callable[..., Any]
) -> Callable[..., Any]:
    def either(path: Any, *words: Any, **named: Any) -> Any:
        place = _place(fs, path)
        if not _is_ours(place):
            return original(path, *words, **named)
        try:
            return call(place, *words)
        except OSError as error:
            raise OSError(error.errno, error.strerror, os.fspath(path)) from None

    return either


def _symlinks(
    fs: FakeFilesystem, original: Callable[..., Any], tree: Configfs
) -> Callable[..., Any]:
    def create_symlink(path: Any, source: Any, *words: Any, **named: Any) -> Any:
        place = _place(fs, path)
        if not _is_ours(place):
            return original(path, source, *words, **named)
        # The kernel looks for the source from where the process is, not from where the link is.
        tree.symlink(_place(fs, source), place)
        there = PurePosixPath(place)
        return fs.get_object(str(there.parent)).get_entry(there.name)

    return create_symlink


def _opens() -> Callable[..., Any]:
    original = fake_open.FakeFileOpen._init_file_object

    def opened(self: Any, file: Any, path: Any, modes: Any, *words: Any, **named: Any) -> Any:
        if isinstance(file, _CarriedAttribute):
            file.begin(modes.can_read, modes.can_write, path)
        return original(self, file, path, modes, *words, **named)

    return opened


def _closes() -> Callable[..., Any]:
    original = fake_file.FakeFileWrapper.close_fd

    def close_fd(self: Any, fd: int | None) -> None:
        try:
            original(self, fd)
        except OSError:
            # The kernel closes it all the same; pyfakefs would keep it open for ever.
            if isinstance(self.file_object, _CarriedAttribute) and fd is not None:
                self.filesystem.close_open_file(fd)
            raise

    return close_fd


def _exclusive(made: LioKernel) -> Callable[..., Any]:
    original = fake_os.FakeOsModule.open

    def opened(self: Any, path: Any, flags: int, *words: Any, **named: Any) -> int:
        # O_EXCL without O_CREAT asks for a block device that nobody has, which pyfakefs knows not.
        if flags & os.O_EXCL and not flags & os.O_CREAT:
            found = made.block_device(os.fspath(path))
            if found is not None and found.in_use:
                refuse(errno.EBUSY, os.fspath(path))
            flags &= ~os.O_EXCL
        return original(self, path, flags, *words, **named)

    return opened


def _reads() -> Callable[..., Any]:
    original = fake_os.FakeOsModule.read

    def read(self: Any, handle: int, count: int) -> bytes:
        if isinstance(self.filesystem.get_open_file(handle).get_object(), _Carried):
            refuse(errno.EISDIR)
        return bytes(original(self, handle, count))

    return read


def _writes() -> Callable[..., Any]:
    original = fake_os.FakeOsModule.write

    def write(self: Any, handle: int, data: bytes) -> int:
        opened = self.filesystem.get_open_file(handle).get_object()
        if not data and isinstance(opened, _CarriedAttribute):
            opened.attribute.write("")  # pyfakefs passes on no write of nothing
        return int(original(self, handle, data))

    return write


def _modprobe(original: Callable[..., Any]) -> Callable[..., Any]:
    def run(command: Any, *words: Any, **named: Any) -> Any:
        asked = command.split() if isinstance(command, str) else list(command)
        if asked[:1] != ["modprobe"]:
            return original(command, *words, **named)
        known = asked[-1] in MODULES
        error = b"" if known else f"modprobe: FATAL: Module {asked[-1]} not found\n".encode()
        return subprocess.CompletedProcess(command, 0 if known else 1, b"", error)

    return run


def _udev(made: LioKernel) -> Callable[..., Any]:
    def from_device_file(_context: object, path: str) -> Any:
        found = made.block_device(path)
        if found is None:
            raise pyudev.DeviceNotFoundByFileError(path)
        sizes = {"size": found.size // 512, "queue/logical_block_size": found.block_size}
        return _Device(sizes)

    return from_device_file


class _Device:
    """What rtslib asks udev of a block device."""

    subsystem = "block"

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self.attributes = SimpleNamespace(asint=sizes.__getitem__)

    def __getitem__(self, name: str) -> str:
        return {"DEVTYPE": "disk"}[name]
