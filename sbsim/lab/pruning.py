"""The cache does not grow for ever: what has gone unused longest goes when something new comes.

An image is some 350 MiB and the states of five machines some 3 GiB; a changed recipe, description,
QEMU or kernel makes new ones beside the old.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

IMAGES_KEPT = 3
# Plans whose states are kept: the guide's deployment, with multipath, and some of the user's own.
PLANS_KEPT = 6


def mark_used(folder: Path) -> None:
    """Note that a folder of the cache is used now."""
    os.utime(folder)


def prune(shelf: Path, keep: int) -> tuple[str, ...]:
    """Remove all folders of a shelf but the `keep` that were used last; return the removed names.

    What is being made (its name begins with a dot) is left alone.
    """
    folders = [path for path in shelf.iterdir() if path.is_dir() and path.name[0] != "."]
    folders.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for folder in folders[keep:]:
        shutil.rmtree(folder, ignore_errors=True)
        # The lock beside it, which its makers hold (`manifest.alone`).
        folder.with_name(f".lock-{folder.name}").unlink(missing_ok=True)
    return tuple(sorted(folder.name for folder in folders[keep:]))
