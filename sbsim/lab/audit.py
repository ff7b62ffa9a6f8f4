"""What of sbsim is left on this machine, outside the cache and outside labs that are up.

There must be nothing, after `kill -9` too. Looked at: processes, mounts, named network namespaces,
network devices, files in the places where temporary files lie, and LIO targets and iSCSI sessions
of this machine's own kernel (the lab never makes any here).
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sbsim.lab.folder import cache_folder, known_labs

_MARK = b"SBSIM_LAB="
_SIMULATED = re.compile(r"sbsim-sim-(?P<pid>\d+)-.*")
_PLACES = ("/tmp", "/run", "/var/tmp", "/dev/shm")


@dataclass(frozen=True)
class Leftover:
    """One thing that should not be there: a process, a mount, a file, …"""

    kind: str
    what: str


def leftovers() -> list[Leftover]:
    """Everything that is left, in a fixed order."""
    return [*_processes(), *_mounts(), *_namespaces(), *_files(), *_kernel_objects()]


def _processes() -> Iterator[Leftover]:
    """Processes that carry the mark of a lab that is not alive, or QEMUs on the cache's image."""
    alive = {folder.name for folder in known_labs() if folder.alive()}
    cache = os.fsencode(str(cache_folder()))
    namespaces = _live_namespaces(alive)
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            command = (folder / "cmdline").read_bytes()
            environment = (folder / "environ").read_bytes().split(b"\0")
            marks = [item[len(_MARK) :].decode() for item in environment if item.startswith(_MARK)]
            machine = b"qemu-system" in command and cache in command
            if not marks and not machine:
                continue
            if str((folder / "ns/pid").readlink()) in namespaces or any(m in alive for m in marks):
                continue
            text = command.replace(b"\0", b" ").decode(errors="replace").strip()
            yield Leftover("process", f"{folder.name}: {text[:200]}")


def _live_namespaces(alive: set[str]) -> set[str]:
    """The pid namespaces of the labs that are alive, as /proc names them."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            for item in (folder / "environ").read_bytes().split(b"\0"):
                if item.startswith(_MARK) and item[len(_MARK) :].decode() in alive:
                    found.add(str((folder / "ns/pid").readlink()))
    found.discard(str(Path("/proc/self/ns/pid").readlink()))
    return found


def _mounts() -> Iterator[Leftover]:
    cache = str(cache_folder())
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields = line.split()
        if fields[4].startswith(cache) or " sbsim-" in line:
            yield Leftover("mount", fields[4])


def _namespaces() -> Iterator[Leftover]:
    for path in sorted(Path("/run/netns").glob("sbsim*")):
        yield Leftover("network namespace", path.name)
    for path in sorted(Path("/sys/class/net").glob("*")):
        if path.name.startswith("sbsim"):
            yield Leftover("network device", path.name)


def _files() -> Iterator[Leftover]:
    for place in _PLACES:
        for path in sorted(Path(place).glob("sbsim*")):
            if not _is_in_use(path):
                yield Leftover("file", str(path))


def _is_in_use(path: Path) -> bool:
    """Whether it is the folder of a simulated run whose process, named in it, still lives."""
    match = _SIMULATED.fullmatch(path.name)
    return match is not None and Path("/proc", match["pid"]).exists()


def _kernel_objects() -> Iterator[Leftover]:
    for path in sorted(Path("/sys/kernel/config/target/core").glob("*/sbsim-*")):
        yield Leftover("LIO backstore", path.name)
    for path in sorted(Path("/sys/class/iscsi_session").glob("session*")):
        with contextlib.suppress(OSError):
            name = (path / "targetname").read_text().strip()
            if "sbsim" in name:
                yield Leftover("iSCSI session", name)
