"""A fio job file of the user's own, as a workload.

It says how I/O is done, and nothing else: where, for how long, and what is run besides is sbsim's
to say, or a typing error would write over a disk that nobody named.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import cast

from sbsim.bench.errors import UnfitJobFile
from sbsim.bench.workloads import KIB, Pattern, Workload

_PATTERNS = {
    "randread": "randread", "randwrite": "randwrite", "randrw": "randrw", "rw": "randrw",
    "read": "read", "write": "write",
}  # fmt: skip
_SIZE = re.compile(r"(?P<number>\d{1,9})(?P<unit>k|kb|kib|m|mb|mib|)", re.IGNORECASE)
_UNITS = {"": 1, "k": KIB, "m": KIB * KIB}
# Options that change how I/O is done and nothing else.
ALLOWED = frozenset({
    "rwmixwrite", "percentage_random", "random_distribution", "random_generator", "fsync",
    "fdatasync", "thinktime", "thinktime_spin", "thinktime_blocks", "iodepth_batch",
    "iodepth_batch_complete_min", "iodepth_batch_complete_max", "iodepth_low", "rate_iops",
    "refill_buffers", "zero_buffers", "buffer_compress_percentage", "dedupe_percentage",
    "hipri", "nonvectored",
})  # fmt: skip
# What sbsim decides itself; that it stands in the file changes nothing.
IGNORED = frozenset({
    "direct", "ioengine", "runtime", "time_based", "group_reporting", "norandommap", "stonewall",
    "ramp_time", "randrepeat", "randseed", "name",
})  # fmt: skip


def parse_job_file(text: str, source: str) -> Workload:
    """The workload that a job file of one job describes.

    Raises UnfitJobFile, naming the line, for an option that says where I/O goes, that runs
    something, or that is not known here; and for a file of several jobs.
    """
    options: dict[str, tuple[int, str]] = {}
    jobs: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped[0] in "#;":
            continue
        if stripped.startswith("["):
            jobs += _section(stripped, source, number)
            continue
        key, _, value = (part.strip() for part in stripped.partition("="))
        _refuse(key, source, number)
        if key not in IGNORED:
            options[key] = (number, value)
    if len(jobs) != 1:
        found = ", ".join(jobs) or "none"
        raise UnfitJobFile(f"{source}: expected one job beside [global], found {found}")
    return _workload(options, source)


def _section(line: str, source: str, number: int) -> list[str]:
    if not line.endswith("]") or len(line) < 3:
        raise UnfitJobFile(f"{source}:{number}: expected [name of a job], found {line!r}")
    name = line[1:-1].strip()
    return [] if name == "global" else [name]


def _refuse(key: str, source: str, number: int) -> None:
    if key not in ALLOWED | IGNORED | _KNOWN:
        raise UnfitJobFile(
            f"{source}:{number}: {key} is not taken from a job file: sbsim says where and for how "
            f"long I/O is done; expected one of {', '.join(sorted(ALLOWED | _KNOWN))}"
        )


def _workload(options: dict[str, tuple[int, str]], source: str) -> Workload:
    def take(
        keys: tuple[str, ...], default: str, read: Callable[[str], int | str | None]
    ) -> object:
        for key in keys:
            if key in options:
                number, text = options.pop(key)
                found = read(text)
                if found is None:
                    raise UnfitJobFile(f"{source}:{number}: {key}={text} is not understood")
                return found
        return read(default)

    pattern = cast(Pattern, take(("rw", "readwrite"), "read", _PATTERNS.get))
    mixed = pattern == "randrw"
    mix = take(("rwmixread",), "50", lambda text: _whole(text, 1, 99))
    return Workload(
        pattern=pattern,
        block=cast(int, take(("bs", "blocksize"), "4k", _bytes)),
        depth=cast(int, take(("iodepth",), "1", lambda text: _whole(text, 1, 1024))),
        jobs=cast(int, take(("numjobs",), "1", lambda text: _whole(text, 1, 64))),
        reads=cast(int, mix) if mixed else None,
        extra=tuple((key, value) for key, (_, value) in sorted(options.items())),
    )


_KNOWN = frozenset({"rw", "readwrite", "bs", "blocksize", "iodepth", "numjobs", "rwmixread"})


def _whole(text: str, low: int, high: int) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and low <= int(text) <= high else None


def _bytes(text: str) -> int | None:
    """Bytes of a size such as 4k; fio's own k is 1024. A multiple of 512 up to 16 MiB."""
    match = _SIZE.fullmatch(text)
    if match is None:
        return None
    size = int(match["number"]) * _UNITS[match["unit"][:1].lower()]
    return size if 512 <= size <= 16 * KIB * KIB and size % 512 == 0 else None
