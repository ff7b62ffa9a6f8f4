"""What this machine lacks for each backend, and the command that mends it."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sbsim.lab.folder import cache_folder
from sbsim.lab.image import NEEDED_BYTES

MEMORY_BYTES = 4 * 2**30

# What the lab calls, and the Debian package that brings it.
_TOOLS = {
    "qemu-system-x86_64": "qemu-system-x86",
    "mmdebstrap": "mmdebstrap",
    "mkfs.erofs": "erofs-utils",
    "mke2fs": "e2fsprogs",
    "apt-ftparchive": "apt-utils",
    "busybox": "busybox-static",
    "cpio": "cpio",
    "depmod": "kmod",
    "unshare": "util-linux",
    "mount": "mount",
}
_DRIVER = Path("/usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_qemu.so")


@dataclass(frozen=True)
class Check:
    """One thing a backend needs: whether it is there, what was found, and what mends it."""

    backend: str
    what: str
    ok: bool
    found: str
    mend: str = ""


def examine() -> list[Check]:
    """Look at everything; nothing is changed."""
    return [*_python(), *_lab()]


def _python() -> Iterator[Check]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Check("all", "Python 3.11 or newer", sys.version_info >= (3, 11), version,
                "apt-get install python3")  # fmt: skip
    for name in ("rtslib-fb", "libvirt-python", "pytest"):
        yield Check("all", name, True, importlib.metadata.version(name))


def _lab() -> Iterator[Check]:
    root = os.geteuid() == 0
    yield Check("lab", "root", root, "root" if root else "an ordinary user", "sudo ./run …")
    for tool, package in _TOOLS.items():
        found = shutil.which(tool, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
        yield Check("lab", tool, found is not None, found or "missing",
                    f"apt-get install {package}")  # fmt: skip
    yield Check("lab", "libvirt's QEMU driver", _DRIVER.exists(),
                "present" if _DRIVER.exists() else "missing",
                "apt-get install libvirt-daemon-driver-qemu")  # fmt: skip
    tun = Path("/dev/net/tun").exists()
    yield Check("lab", "/dev/net/tun", tun, "present" if tun else "missing", "modprobe tun")
    yield from _room()


def _room() -> Iterator[Check]:
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    yield Check(
        "lab",
        f"{MEMORY_BYTES >> 30} GiB of memory",
        memory >= MEMORY_BYTES,
        f"{memory >> 20} MiB",
        "lower memory in [lab.scale] of the description",
    )
    folder = cache_folder()
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(there).free
    yield Check(
        "lab",
        f"{NEEDED_BYTES >> 30} GiB free in {folder}",
        free >= NEEDED_BYTES,
        f"{free >> 20} MiB",
        "make room, or name another folder in SBSIM_CACHE",
    )
