"""The guest of test instances: a boot sector and a little C, compiled when it is first needed.

It is up within seconds where a kernel would take a minute, and it writes to every disk that it has,
telling on its serial line when somebody else wrote too. `guest.c` says how.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import tempfile
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from sbsim.errors import UsageError

SIZE = 2**20
_SOURCES = ("start.S", "guest.c", "guest.ld")
_COMPILER = (
    "gcc", "-m16", "-march=i386", "-ffreestanding", "-fno-pic", "-fno-stack-protector",
    "-fcf-protection=none", "-fno-strict-aliasing", "-nostdlib", "-static", "-Os", "-Wall",
    "-Wextra", "-Werror", "--param=min-pagesize=0", "-Wl,-T,guest.ld", "-Wl,--build-id=none",
    "-Wl,--oformat=binary", "-o",
)  # fmt: skip

# The sector that the guest owns on its root disk; `guest.c` has it too.
ROOT_SECTOR = 32
_FIRST_SECTOR = 2048
_SECTORS = 8192
_FOUND = re.compile(r"found (\d+)")
_ROUND = re.compile(r"round (\d+) errors (\d+) strangers (\d+)")


@dataclass(frozen=True)
class Told:
    """What a guest told last since it started: the round, refused reads and writes, other writers.

    `found` is how far its root disk was counted when it started; 0 if it came from another host,
    where it told that.
    """

    rounds: int
    errors: int
    strangers: int
    found: int

    @property
    def counted(self) -> int:
        """How far its root disk is counted now."""
        return self.found + self.rounds


def parse_serial(text: str) -> Told | None:
    """Read what a guest wrote to its serial line; None if it has told of no round yet."""
    starts = list(_FOUND.finditer(text))
    rounds = _ROUND.findall(text, starts[-1].end() if starts else 0)
    if not rounds:
        return None
    count, errors, strangers = map(int, rounds[-1])
    return Told(count, errors, strangers, found=int(starts[-1][1]) if starts else 0)


def sector_of(uuid: str) -> int:
    """The sector that the guest of the instance with this uuid owns on its data disks."""
    return _FIRST_SECTOR + int(uuid[-4:], 16) % _SECTORS


def guest_image(folder: Path) -> Path:
    """The guest as a raw disk image in a folder, made once. UsageError without a C compiler."""
    sources = {name: resources.files(__package__).joinpath(name).read_bytes() for name in _SOURCES}
    digest = hashlib.sha256(repr((_COMPILER, sources)).encode()).hexdigest()[:16]
    path = folder / f"guest-{digest}.raw"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        aside = path.with_suffix(".new")
        aside.write_bytes(compiled(sources).ljust(SIZE, b"\0"))
        aside.replace(path)
    return path


def compiled(sources: dict[str, bytes]) -> bytes:
    """Compile the guest. Raises UsageError with the compiler's words."""
    with tempfile.TemporaryDirectory(prefix="sbsim-guest-") as name:
        work = Path(name)
        for file, data in sources.items():
            (work / file).write_bytes(data)
        argv = [*_COMPILER, "guest.bin", "start.S", "guest.c"]
        try:
            done = subprocess.run(argv, cwd=work, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            raise UsageError("the test guest needs a C compiler: install gcc") from None
        if done.returncode:
            raise UsageError(f"the test guest could not be compiled: {done.stderr.strip()}")
        return (work / "guest.bin").read_bytes()
