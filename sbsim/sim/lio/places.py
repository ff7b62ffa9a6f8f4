"""What LIO finds on the machine it runs on: block devices and files."""

from __future__ import annotations

from typing import Protocol

from sbsim.sim.disk.space import Space


class BlockDevice:
    """A block device: its kernel name, bytes, numbers, and whether it has a volatile cache.

    `in_use`: somebody has it for himself.
    """

    def __init__(
        self,
        name: str,
        size: int,
        major: int,
        minor: int,
        write_cache: bool = False,
        block_size: int = 512,
    ) -> None:
        self.name = name
        self.space = Space(size, write_cache)
        self.major = major
        self.minor = minor
        self.block_size = block_size
        self.in_use = False

    @property
    def size(self) -> int:
        """Its bytes."""
        return self.space.size

    @size.setter
    def size(self, size: int) -> None:
        self.space.resize(size)

    @property
    def write_cache(self) -> bool:
        """Whether what is written can be lost until it is flushed."""
        return self.space.write_cache

    @write_cache.setter
    def write_cache(self, on: bool) -> None:
        self.space.write_cache = on


class Places(Protocol):
    """The machine beside its configfs."""

    def block_device(self, path: str) -> BlockDevice | None:
        """The block device at a path, links followed; None if there is none."""

    def file_size(self, path: str) -> int | None:
        """A regular file's bytes; None if there is none at that path."""

    def file_space(self, path: str, size: int) -> Space | None:
        """The bytes of a file that serves as a disk of that size; None where none are held."""

    def make_file(self, path: str, size: int) -> bool:
        """Make a sparse file; whether there was a folder for it."""

    def is_folder(self, path: str) -> bool:
        """Whether there is a folder at a path."""
