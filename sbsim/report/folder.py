"""The folder of a run (`--out DIR`): what lies where, and what may be cleared away.

Beside report.html, report.md, result.json and junit.xml lies `evidence/`: its records (see
`records`), the commands' outputs in `blobs/` by sha256, the machines' consoles in `consoles/`.
Where performance was measured, `bench/` is the folder of a run of `sbsim bench`. What was judged on
variants of the deployment lies in `variants/NAME/`, the folder of a run of its own each.
"""

from __future__ import annotations

import os
import re
import shlex
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from sbsim.errors import SbsimError, UsageError

REPORT = "report.html"
SUMMARY = "report.md"
RESULT = "result.json"
JUNIT = "junit.xml"
EVIDENCE = "evidence"

BLOBS = "blobs"
CONSOLES = "consoles"
RUN = "run.json"
END = "end.json"
CATALOGUE = "requirements.json"
SESSIONS = "sessions.json"
END_STATE = "end_state.json"
TESTS = "tests.jsonl"
PROBES = "probes.jsonl"
COMMANDS = "commands.jsonl"
FINDINGS = "findings.jsonl"
PHASES = "phases.jsonl"

BENCH = "bench"
BENCH_REPORT = "bench.html"
SERIES = "series"

VARIANTS = "variants"

_TOP = {REPORT, SUMMARY, RESULT, JUNIT}
_RECORDS = {RUN, END, CATALOGUE, SESSIONS, END_STATE, TESTS, PROBES, COMMANDS, FINDINGS, PHASES}
_BLOB = re.compile(r"[0-9a-f]{64}")
_UNFINISHED = ".sbsim-"

# A folder, and its files and folders by name, and its files by pattern.
_Place: TypeAlias = tuple[Path, set[str], set[str], re.Pattern[str] | None]


def clear(folder: Path) -> None:
    """Remove an earlier run's files; UsageError, and nothing removed, if others lie there."""
    with explained(folder):
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"{folder}: expected a folder or nothing, found a file; give another")
        files, folders = _ours(folder)
        for path in files:
            path.unlink(missing_ok=True)
        for path in folders:
            path.rmdir()


def _ours(folder: Path) -> tuple[list[Path], list[Path]]:
    """All files and folders of an earlier run, a folder behind what it holds."""
    files: list[Path] = []
    folders: list[Path] = []
    variants = [path for path in _inside(folder / VARIANTS) if path.is_dir()]
    places = [
        *_places(folder, {EVIDENCE, BENCH, VARIANTS}),
        (folder / VARIANTS, set(), {path.name for path in variants}, None),
        *(place for variant in variants for place in _places(variant, {EVIDENCE, BENCH})),
    ]
    for place, names, subfolders, pattern in places:
        for path in _inside(place):
            plain = path.is_file() and not path.is_symlink()
            known = path.name in names or path.name.startswith(_UNFINISHED)
            if plain and (known or (pattern and pattern.fullmatch(path.name))):
                files.append(path)
            elif path.is_dir() and not path.is_symlink() and path.name in subfolders:
                folders.insert(0, path)
            else:
                raise UsageError(
                    f"{folder}: expected an empty folder or one with an earlier run of sbsim, "
                    f"found {path.relative_to(folder)}; nothing was removed, give another folder"
                )
    return files, folders


def _inside(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _places(folder: Path, subfolders: set[str]) -> list[_Place]:
    """What may lie where in the folder of one run."""
    return [
        (folder, _TOP, subfolders, None),
        (folder / EVIDENCE, _RECORDS, {BLOBS, CONSOLES}, None),
        (folder / EVIDENCE / BLOBS, set(), set(), _BLOB),
        (folder / EVIDENCE / CONSOLES, set(), set(), re.compile(r".+\.log")),
        (folder / BENCH, {RUN, BENCH_REPORT}, {SERIES}, None),
        (folder / BENCH / SERIES, set(), set(), re.compile(r".+\.jsonl")),
    ]


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file that is either whole or not there; the last of several writers wins."""
    unfinished = path.with_name(f"{_UNFINISHED}{os.getpid()}-{threading.get_ident()}")
    try:
        unfinished.write_bytes(data)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def command_line(command: str | Sequence[str]) -> str:
    """A command as one would type it."""
    return command if isinstance(command, str) else shlex.join(command)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn the system's own errors into ours: what was tried and why it failed."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise SbsimError(f"{path}: cannot be written: {reason}") from error
