"""A folder of large files in the cache, whole or not there: made aside, hashed, then renamed."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

MANIFEST = "manifest.json"


def seal(folder: Path) -> None:
    """Write the hash of every file of `folder` into its manifest."""
    (folder / MANIFEST).write_text(json.dumps(_hashes(folder), indent=1) + "\n")


def faults(folder: Path) -> list[str]:
    """What is wrong with a sealed folder, one line each; empty if it is as it was sealed."""
    try:
        wanted: dict[str, str] = json.loads((folder / MANIFEST).read_text())
    except (OSError, ValueError) as error:
        return [f"{folder.name}/{MANIFEST} cannot be read: {error}"]
    seen = _hashes(folder)
    return [
        f"{folder.name}/{name} is {'damaged' if name in seen else 'missing'}"
        for name, digest in wanted.items()
        if seen.get(name) != digest
    ]


def make(folder: Path, fill: Callable[[Path], None]) -> None:
    """Let `fill` make the files in a folder aside; seal it and put it in place of `folder`.

    Whatever interrupts this leaves `folder` as it was; the next call clears the rest away.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = folder.with_name(f".making-{folder.name}")
    with alone(folder):
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir()
        try:
            fill(aside)
            seal(aside)
            shutil.rmtree(folder, ignore_errors=True)
            aside.rename(folder)
        finally:
            shutil.rmtree(aside, ignore_errors=True)


def remove(folder: Path) -> None:
    """Take a sealed folder away; nothing if it is not there."""
    with alone(folder):
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Be the only process that makes `folder`; wait for another one that does."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f".lock-{folder.name}").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _hashes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name != MANIFEST)
    with ThreadPoolExecutor(max_workers=4) as pool:
        return dict(zip((path.name for path in files), pool.map(_hash, files), strict=True))


def _hash(path: Path) -> str:
    """SHA-256 of the data of a file and of where it lies; holes are skipped, not read."""
    digest = hashlib.sha256(str(path.stat().st_size).encode())
    with path.open("rb") as file:
        for start, end in _extents(file.fileno(), path.stat().st_size):
            digest.update(f"{start}:{end};".encode())
            file.seek(start)
            left = end - start
            while left:
                block = file.read(min(left, 2**20))
                digest.update(block)
                left -= len(block)
    return digest.hexdigest()


def _extents(descriptor: int, size: int) -> Iterator[tuple[int, int]]:
    position = 0
    while position < size:
        try:
            start = os.lseek(descriptor, position, os.SEEK_DATA)
        except OSError:  # ENXIO: nothing but a hole up to the end
            return
        position = os.lseek(descriptor, start, os.SEEK_HOLE)
        yield start, position
