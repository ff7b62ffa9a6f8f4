"""The storage server beside LIO: devices, files, kernel modules, the boot.

One class, so that a simulated storage server can put its own in the place of it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from sbsim.target.failure import TargetFailure

CONFIGFS = "/sys/kernel/config"
# Newer targetcli holds this lock while it works; rtslib itself locks nothing but the choice of a
# backstore's number, and that from a list which it may have read before.
LOCK = "/run/targetcli.lock"
LOCK_LIMIT_SECONDS = 20.0
_COMMAND_LIMIT_SECONDS = 60.0


class System:
    """What the target program asks of the machine it runs on."""

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other tools (targetcli, another one of these) out. Raises TargetFailure."""
        with Path(LOCK).open("w") as file:
            end = time.monotonic() + LOCK_LIMIT_SECONDS
            while not _locked(file.fileno()):
                if time.monotonic() > end:
                    raise TargetFailure(
                        f"another tool (targetcli?) has held {LOCK} for {LOCK_LIMIT_SECONDS:g} s; "
                        "end it and try again"
                    )
                # The program runs alone on a real machine: no other clock is at hand.
                time.sleep(0.1)
            yield

    def boot_id(self) -> str:
        """Changes with every boot of the kernel."""
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()

    def mount_configfs(self) -> None:
        """Mount configfs if it is not there. Raises TargetFailure.

        rtslib 2.2.4 cannot: it asks to mount on a folder called `{config_dir}`.
        """
        if os.path.ismount(CONFIGFS):
            return
        if not Path(CONFIGFS).is_dir():
            self.modprobe("configfs")
        self.command("mount", "-t", "configfs", "configfs", CONFIGFS)

    def modprobe(self, module: str) -> None:
        """Load a kernel module. Raises TargetFailure, naming it."""
        try:
            self.command("modprobe", module)
        except TargetFailure as failure:
            raise TargetFailure(
                f"the kernel module {module} is missing ({failure}); "
                "boot a kernel with LIO, or install the package of its modules"
            ) from None

    def command(self, *argv: str) -> str:
        """Run a command; return its output. Raises TargetFailure."""
        try:
            done = subprocess.run(
                argv, capture_output=True, text=True, timeout=_COMMAND_LIMIT_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise TargetFailure(f"`{' '.join(argv)}`: {error}") from None
        if done.returncode:
            said = (done.stderr or done.stdout).strip() or f"status {done.returncode}"
            raise TargetFailure(f"`{' '.join(argv)}`: {said}")
        return done.stdout

    # --- configfs -----------------------------------------------------------------------------

    def folders_in(self, path: str) -> list[str]:
        """Return the names of the folders in a folder, sorted."""
        with os.scandir(path) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))

    def link_in(self, path: str) -> str | None:
        """Return where the one link in a folder leads; None if there is none."""
        with os.scandir(path) as entries:
            link = next((entry.path for entry in entries if entry.is_symlink()), None)
        return None if link is None else os.path.realpath(link)

    def attribute(self, path: str) -> str | None:
        """Return an attribute's text without its line end; None if the kernel has none."""
        try:
            return Path(path).read_text().strip()
        except FileNotFoundError:
            return None

    # --- devices ------------------------------------------------------------------------------

    def is_block(self, path: str) -> bool | None:
        """Whether a path is a block device; None if nothing is there."""
        try:
            return stat.S_ISBLK(Path(path).stat().st_mode)
        except OSError:
            return None

    def block_size(self, path: str) -> int:
        """Return a block device's bytes."""
        return int((self._block(path) / "size").read_text()) * 512

    def write_back(self, path: str) -> bool:
        """Whether a block device has a write cache that it must be asked to flush."""
        folder = self._block(path)
        if not (folder / "queue").is_dir():
            folder = folder.parent  # a partition: its disk knows
        try:
            return (folder / "queue/write_cache").read_text().strip() == "write back"
        except OSError:
            return False

    def user_of(self, path: str) -> str | None:
        """Say who holds a block device exclusively; None if it is free."""
        try:
            os.close(os.open(path, os.O_RDONLY | os.O_EXCL | os.O_NONBLOCK))
        except OSError as error:
            if error.errno != errno.EBUSY:
                return error.strerror or "unreadable"
            return self._holder(path)
        return None

    def same_device(self, one: str, other: str) -> bool:
        """Whether two paths lead to one device or file."""
        return os.path.realpath(one) == os.path.realpath(other)

    def _block(self, path: str) -> Path:
        number = Path(path).stat().st_rdev
        return Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}").resolve()

    def _holder(self, path: str) -> str:
        holders = self._block(path) / "holders"
        names = sorted(entry.name for entry in holders.iterdir()) if holders.is_dir() else []
        if names:
            return "used by " + ", ".join(names)
        device = os.path.realpath(path)
        for line in Path("/proc/mounts").read_text().splitlines():
            source, place = line.split()[:2]
            if source.startswith("/") and os.path.realpath(source) == device:
                return f"mounted on {place}"
        return "in use"

    # --- files --------------------------------------------------------------------------------

    def file_size(self, path: str) -> int | None:
        """Return a plain file's bytes; None if nothing is there, -1 if it is something else."""
        try:
            found = Path(path).stat()
        except FileNotFoundError:
            return None
        return found.st_size if stat.S_ISREG(found.st_mode) else -1

    def make_sparse(self, path: str, size: int) -> None:
        """Make a file of `size` bytes without blocks, or lengthen one that is there."""
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if os.fstat(descriptor).st_size < size:
                os.ftruncate(descriptor, size)
        finally:
            os.close(descriptor)

    def read(self, path: str) -> str | None:
        """Return a file's text; None if it is not there."""
        try:
            return Path(path).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def write(self, path: str, text: str, mode: int = 0o600) -> None:
        """Replace a file in one step, on the disk when it is done; its folder is made."""
        place = Path(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        aside = place.with_name(f".{place.name}.new")
        aside.unlink(missing_ok=True)
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(descriptor)
            aside.replace(place)
        except OSError:
            aside.unlink(missing_ok=True)
            raise

    def remove(self, path: str) -> bool:
        """Remove a file or link; return whether it was there."""
        try:
            Path(path).unlink()
        except FileNotFoundError:
            return False
        return True

    def make_folder(self, path: str) -> bool:
        """Make a folder and those above it; return whether it was missing."""
        if Path(path).is_dir():
            return False
        Path(path).mkdir(parents=True)
        return True

    def remove_folder(self, path: str) -> None:
        """Remove a folder if it is there and empty."""
        with contextlib.suppress(OSError):
            Path(path).rmdir()

    def link(self, path: str, to: str) -> bool:
        """Make a symbolic link; return whether it was missing or led elsewhere."""
        place = Path(path)
        if place.is_symlink() and str(place.readlink()) == to:
            return False
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.symlink_to(to)
        return True

    def exists(self, path: str) -> bool:
        """Whether anything is at a path, a broken link included."""
        return os.path.lexists(path)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
