"""What is in a volume: raw bytes, or qcow2 with or without a backing volume; by qemu-img.

qemu-img's JSON is read, never its tables. Paths are those of active logical volumes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

from sbsim.errors import CommandFailed
from sbsim.machines import Machine
from sbsim.sharedblock.errors import UnreadableReport, VolumeFailed

Format = Literal["qcow2", "raw"]

# Copying a volume of some GiB between two LUNs of a slow array.
COPY_LIMIT_SECONDS = 600.0


@dataclass(frozen=True)
class Content:
    """What a volume holds: `virtual` bytes as its reader sees them; what lies behind it, if any.

    `end` is the first byte that qcow2 has not used yet, None where qemu-img does not tell.
    """

    format: Format
    virtual: int
    backing: str | None = None
    backing_format: Format | None = None
    end: int | None = None


def parse_info(text: str) -> Content:
    """Read `qemu-img info --output=json`. Raises UnreadableReport."""
    try:
        row = json.loads(text)
        return Content(
            format=row["format"],
            virtual=int(row["virtual-size"]),
            backing=row.get("backing-filename"),
            backing_format=row.get("backing-filename-format"),
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UnreadableReport("qemu-img", text, str(error)) from None


class QemuImg:
    """qemu-img on one host."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def info(self, path: str) -> Content:
        """What a volume holds; it may be in use (no lock of QEMU's is taken)."""
        result = self._run("info", "--force-share", "--output=json", path)
        return parse_info(result)

    def make(self, path: str, content: Content) -> None:
        """Write an empty qcow2 of that virtual size, upon its backing volume if it has one.

        The backing volume is not looked at: an instance may be writing it.
        """
        backing: tuple[str, ...] = ()
        if content.backing is not None:
            backing = ("-u", "-b", content.backing, "-F", content.backing_format or "qcow2")
        self._run("create", "-q", "-f", "qcow2", *backing, path, str(content.virtual))

    def resize(self, path: str, virtual: int) -> None:
        """Give a qcow2 that no instance uses another virtual size."""
        self._run("resize", "-q", "-f", "qcow2", path, str(virtual))

    def copy(self, source: str, source_format: Format, target: str) -> None:
        """Copy what a reader of the source sees into a raw volume."""
        words = ("-n", "-t", "none", "-T", "none", "-f", source_format, "-O", "raw")
        self._run("convert", *words, source, target, timeout=COPY_LIMIT_SECONDS)

    def rebase(self, path: str, onto: str | None, onto_format: Format | None) -> None:
        """Put a qcow2 upon another volume, copying into it what it would lose; None: upon none."""
        target = ("-b", "") if onto is None else ("-b", onto, "-F", onto_format or "qcow2")
        words = ("-f", "qcow2", "-t", "none", "-T", "none", *target)
        self._run("rebase", *words, path, timeout=COPY_LIMIT_SECONDS)

    def measure(self, path: str, format: Format) -> int:
        """The bytes that a full copy as qcow2 could take."""
        text = self._run("measure", "-U", "-f", format, "-O", "qcow2", "--output=json", path)
        try:
            return int(json.loads(text)["required"])
        except (ValueError, KeyError, TypeError) as error:
            raise UnreadableReport("qemu-img", text, str(error)) from None

    def _run(self, *words: str, timeout: float = 60.0) -> str:
        try:
            return self._machine.run("qemu-img", *words, timeout=timeout).stdout
        except CommandFailed as error:
            raise VolumeFailed(
                self._machine.name, f"qemu-img {words[0]} failed: {error.stderr.strip()}"
            ) from error
