"""What LIO finds on the machine it runs on: block devices and files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass
class BlockDevice:
    """A block device: its kernel name, bytes, numbers, and whether it has a volatile cache.

    `in_use`: somebody has it for himself.
    """

    name: str
    size: int
    major: int
    minor: int
    write_cache: bool = False
    block_size: int = 512
    in_use: bool = False


class Places(Protocol):
    """The machine beside its configfs."""

    def block_device(self, path: str) -> BlockDevice | None:
        """The block device at a path, links followed; None if there is none."""

    def file_size(self, path: str) -> int | None:
        """A regular file's bytes; None if there is none at that path."""

    def make_file(self, path: str, size: int) -> bool:
        """Make a sparse file; whether there was a folder for it."""

    def is_folder(self, path: str) -> bool:
        """Whether there is a folder at a path."""
