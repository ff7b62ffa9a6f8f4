"""Raw file operations on LIO's configfs, played one after the other; what each one gave.

An operation is a list: its name and its arguments; paths are relative to the target's root. The
answer is ``["ok", value]`` or ``["error", NAME]`` with errno's name. On a real kernel this file is
the whole program (``python3 -c``, operations as JSON on stdin, answers on stdout), so it imports
nothing of sbsim; on a simulated one `play` gets that one's functions in the place of `os`.
"""

from __future__ import annotations

import errno
import json
import os
import stat
import sys
from typing import Any

ROOT = "/sys/kernel/config/target"
Operation = list[str]
Answer = list[Any]


class RealFiles:
    """The operations as the real kernel does them."""

    def mkdir(self, path: str) -> None:
        """Make a folder."""
        os.mkdir(path)

    def rmdir(self, path: str) -> None:
        """Remove a folder."""
        os.rmdir(path)

    def symlink(self, source: str, path: str) -> None:
        """Make `path` lead to `source`."""
        os.symlink(source, path)

    def readlink(self, path: str) -> str:
        """Where a link leads."""
        return os.readlink(path)

    def unlink(self, path: str) -> None:
        """Remove a link or a file."""
        os.unlink(path)

    def rename(self, path: str, new: str) -> None:
        """Give another name."""
        os.rename(path, new)

    def create(self, path: str) -> None:
        """Make a file."""
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))

    def read(self, path: str) -> str:
        """What a file holds."""
        handle = os.open(path, os.O_RDONLY)
        try:
            return os.read(handle, 65536).decode("latin-1")
        finally:
            os.close(handle)

    def write(self, path: str, text: str) -> None:
        """Write in one call."""
        handle = os.open(path, os.O_WRONLY)
        try:
            os.write(handle, text.encode("latin-1"))
        finally:
            os.close(handle)

    def ls(self, path: str) -> list[str]:
        """The names in a folder, in the order in which the kernel gives them."""
        return os.listdir(path)

    def stat(self, path: str) -> list[str]:
        """What it is (dir, file, link), and its permissions in octal."""
        mode = os.lstat(path).st_mode
        kinds = ((stat.S_ISDIR, "dir"), (stat.S_ISREG, "file"), (stat.S_ISLNK, "link"))
        kind = next(name for test, name in kinds if test(mode))
        return [kind, oct(stat.S_IMODE(mode))]


def play(operations: list[Operation], files: Any = None, root: str = ROOT) -> list[Answer]:
    """Play operations; the answers in their order. Absolute paths are left as they are."""
    files = files or RealFiles()
    return [_answer(files, root, *one) for one in operations]


def _answer(files: Any, root: str, name: str, *words: str) -> Answer:
    plain = 1 if name == "write" else 0  # the last word is no path
    paths = [os.path.join(root, one) for one in words[: len(words) - plain]]
    try:
        return ["ok", getattr(files, name)(*paths, *words[len(words) - plain :])]
    except OSError as error:
        return ["error", errno.errorcode[error.errno or 0]]


def tree(root: str, files: Any = None) -> dict[str, Answer]:
    """Everything below a folder by its path: what it is and its permissions; what it holds.

    A folder holds its names, a link where it leads, a file its text or the refusal to read it.
    """
    files = files or RealFiles()
    found: dict[str, Answer] = {}

    def look(path: str) -> None:
        kind, mode = files.stat(path)
        by_kind = {"dir": "ls", "file": "read", "link": "readlink"}[kind]
        answer = _answer(files, root, by_kind, path)
        found[os.path.relpath(path, root)] = [kind, mode, answer]
        if kind == "dir":
            for name in answer[1]:
                look(os.path.join(path, name))

    look(root)
    return found


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    json.dump(
        {
            "answers": play(asked["play"]),
            "trees": {
                one: tree(os.path.normpath(os.path.join(ROOT, one))) for one in asked["trees"]
            },
        },
        sys.stdout,
    )
