"""The bytes of one disk: only what was written takes room."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from typing import Protocol

PAGE = 4096
_EMPTY = bytes(PAGE)


class OutOfRange(ValueError):
    """A read or write that does not lie on the disk."""


class Storage(Protocol):
    """What is read and written in bytes: a disk as a host has it, or its bytes themselves.

    Raises OSError where it does not answer.
    """

    def read(self, offset: int, count: int) -> bytes:
        """So many bytes."""

    def write(self, offset: int, data: bytes) -> object:
        """Put bytes there; when it returns, everybody who has the disk reads them."""


class Disk(Storage, Protocol):
    """Storage that knows its size in bytes."""

    @property
    def size(self) -> int:
        """Its bytes."""


class Space:
    """So many bytes, all zero at first. `write_cache`: what is not flushed can be lost.

    Raises OutOfRange.
    """

    def __init__(self, size: int, write_cache: bool = False) -> None:
        self.size = size
        self.write_cache = write_cache
        self._pages: dict[int, bytes] = {}
        # Pages as they were at the last flush, of those that were written since; None: empty.
        self._unflushed: dict[int, bytes | None] = {}

    def read(self, offset: int, count: int) -> bytes:
        """`count` bytes from `offset`."""
        self._check(offset, count)
        first, last = offset // PAGE, (offset + count + PAGE - 1) // PAGE
        whole = b"".join(self._pages.get(number, _EMPTY) for number in range(first, last))
        start = offset - first * PAGE
        return whole[start : start + count]

    def write(self, offset: int, data: bytes) -> None:
        """Put bytes at `offset`."""
        self._check(offset, len(data))
        place = 0
        while place < len(data):
            number, start = divmod(offset + place, PAGE)
            part = data[place : place + PAGE - start]
            old = self._pages.get(number)
            if self.write_cache:
                self._unflushed.setdefault(number, old)
            page = old or _EMPTY
            self._put(number, page[:start] + part + page[start + len(part) :])
            place += len(part)

    def zero(self, offset: int, count: int) -> None:
        """Zeros from `offset`: what was whole pages takes no room any more."""
        self._check(offset, count)
        end = offset + count
        for number in [one for one in self._pages if offset // PAGE <= one <= end // PAGE]:
            start = max(offset, number * PAGE)
            stop = min(end, (number + 1) * PAGE)
            if start < stop:
                self.write(start, bytes(stop - start))

    def resize(self, size: int) -> None:
        """Another size; what lay beyond a smaller one is gone."""
        for number in [one for one in self._pages if one * PAGE >= size]:
            del self._pages[number]
            self._unflushed.pop(number, None)
        if size < self.size and size % PAGE and (page := self._pages.get(size // PAGE)):
            self._put(size // PAGE, page[: size % PAGE].ljust(PAGE, b"\0"))
        self.size = size

    # --- the cache ----------------------------------------------------------------------------

    def flush(self) -> None:
        """All that was written is safe now."""
        self._unflushed.clear()

    def lose_power(self, draw: random.Random) -> None:
        """Each page that was written since the last flush is there or is not, as drawn."""
        for number in sorted(self._unflushed):
            if draw.random() < 0.5:
                old = self._unflushed[number]
                self._put(number, old or _EMPTY)
        self._unflushed.clear()

    # --- the whole ----------------------------------------------------------------------------

    @property
    def used(self) -> int:
        """The bytes that take room."""
        return len(self._pages) * PAGE

    def digest(self, offset: int = 0, count: int | None = None) -> str:
        """SHA-256 over what was written there; equal for equal bytes."""
        found = hashlib.sha256()
        end = self.size if count is None else offset + count
        for number in sorted(self._pages):
            start, stop = max(offset, number * PAGE), min(end, (number + 1) * PAGE)
            if start < stop and (part := self.read(start, stop - start)).strip(b"\0"):
                found.update(f"{start}:".encode() + part)
        return found.hexdigest()

    def extents(self) -> Iterator[tuple[int, bytes]]:
        """What was written, page by page: offset and bytes."""
        for number in sorted(self._pages):
            yield number * PAGE, self._pages[number][: self.size - number * PAGE]

    def _put(self, number: int, page: bytes) -> None:
        if page == _EMPTY:
            self._pages.pop(number, None)
        else:
            self._pages[number] = page

    def _check(self, offset: int, count: int) -> None:
        if offset < 0 or count < 0 or offset + count > self.size:
            raise OutOfRange(f"{count} bytes at {offset} of a disk of {self.size}")
