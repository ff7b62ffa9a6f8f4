"""Where the lab keeps things: the cache, and one folder per lab in it.

<cache>/                 SBSIM_CACHE, else ~/.cache/sbsim
  images/<key>/          the machines' image (image.py); the three used last stay (pruning.py)
  states/<key>/<name>/   saved states of a plan (states.py); those of the six plans used last stay
  keys/                  the ssh keys of the lab's machines
  mount/                 empty; each lab mounts its own tmpfs here, in its own mount namespace
  labs/<lab>/            keeper.sock, keeper.log, lock, console/<machine>.log; and of a deployment
                         that was provisioned there, deployment.toml and management.db
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sbsim.errors import UsageError

LONGEST_NAME = 64


def cache_folder() -> Path:
    """The cache: `SBSIM_CACHE`, else ``~/.cache/sbsim``; always absolute."""
    named = os.environ.get("SBSIM_CACHE")
    return (Path(named) if named else Path.home() / ".cache" / "sbsim").absolute()


def mount_point() -> Path:
    """The one path at which every lab sees its own tmpfs, so that saved states fit every lab."""
    return cache_folder() / "mount"


def folder_name(what: str, name: str) -> str:
    """Return `name` if it names one folder in another; raise UsageError if not.

    What is made under a name is removed under it: ".." or "a/b" would take others' things along.
    """
    if not name or name.startswith(".") or "/" in name or "\0" in name or len(name) > LONGEST_NAME:
        raise UsageError(
            f"{what} {name!r} cannot be a folder's name; expected 1 to {LONGEST_NAME} characters "
            "without a slash and without a dot at the beginning"
        )
    return name


@dataclass(frozen=True)
class LabFolder:
    """The files of one lab, by name. Raises UsageError for a name that is no folder's."""

    name: str

    def __post_init__(self) -> None:
        """Refuse what would lead out of the folder of labs."""
        folder_name("the lab's name", self.name)

    @property
    def path(self) -> Path:
        """The folder itself."""
        return cache_folder() / "labs" / self.name

    @property
    def socket(self) -> Path:
        """The keeper's unix socket."""
        return self.path / "keeper.sock"

    @property
    def log(self) -> Path:
        """What the keeper said."""
        return self.path / "keeper.log"

    @property
    def lock(self) -> Path:
        """Held (flock) by the keeper for as long as it lives."""
        return self.path / "lock"

    @property
    def console(self) -> Path:
        """One log per machine: all that its kernel and systemd printed."""
        return self.path / "console"

    @property
    def store(self) -> Path:
        """What the management plane knows of the deployment in this lab."""
        return self.path / "management.db"

    @property
    def description(self) -> Path:
        """A link to the description that was provisioned in this lab."""
        return self.path / "deployment.toml"

    def alive(self) -> bool:
        """Whether a keeper holds this lab."""
        try:
            with self.lock.open("r") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False


def known_labs() -> list[LabFolder]:
    """Every lab that has a folder, alive or dead, by name."""
    base = cache_folder() / "labs"
    return [LabFolder(path.name) for path in sorted(base.glob("[!.]*")) if path.is_dir()]


@contextlib.contextmanager
def short_path(path: Path) -> Iterator[str]:
    """Give a name for `path` that fits a socket address (108 bytes), however deep it lies."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def listen(path: Path) -> socket.socket:
    """Listen on a unix socket that only its owner can use; a dead one's file is replaced."""
    path.unlink(missing_ok=True)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with short_path(path) as name:
        server.bind(name)
    path.chmod(0o600)
    server.listen(64)
    return server


def connect(path: Path) -> socket.socket:
    """Connect to a unix socket."""
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with short_path(path) as name:
            client.connect(name)
    except OSError:
        client.close()
        raise
    return client
