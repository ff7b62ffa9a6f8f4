"""What tools answered in a run on real machines, kept as cases for the simulator.

A case is one command on one machine in one test; the run's evidence tells what it answered. The
simulator runs the same acceptance and must have given the same answer to the same command there,
after the differences that `NORMALISATIONS` lists.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from sbsim.report import folder as out
from sbsim.report.recorded import read
from sbsim.report.records import Command
from sbsim.report.result import load

# Of each shape of a command so many cases are kept, evenly over the run.
PER_SHAPE = 6
# Tools whose first word is a verb.
WITH_VERBS = ("systemctl", "multipathd", "qemu-img", "dmsetup", "sanlock", "ip", "udevadm")

# A case is left out by a rule, with its reason.
LEFT_OUT: dict[str, Callable[[str, tuple[str, ...]], bool]] = {
    # Which host the platform gives an instance to follows its uuids.
    "instances run where they are put": lambda where, _: (
        where.startswith("suites/operate/")
        and not any(name in where for name in ("test_attachment", "test_growth"))
    ),
    # How far two hosts are that do the same at once is a matter of moments.
    "hosts that reconnect beside each other": lambda where, argv: (
        "test_storage_is_connected_while_any_host_is" in where
        and argv[0] in ("lvmlockctl", "sanlock", "vgs", "vgchange")
    ),
    # Who has asked for the global lock of late depends on who reconnected first.
    "locks after hosts reconnected": lambda where, argv: (
        "test_attachment" in where and argv[0] == "lvmlockctl"
    ),
    "the states of a path that is just lost": lambda where, argv: (
        "test_losing_a_path" in where and argv[0] in ("multipathd", "lsblk")
    ),
    "whether udev still looks at a map that is to go": lambda _, argv: (
        argv[:2] == ("multipath", "-f")
    ),
    "whether every path is in its map soon after a restart": lambda where, argv: (
        "test_devices" in where and argv[:2] == ("lsblk", "-J")
    ),
    # Whoever reads such a map's end loses its paths: the simulator's LVM reads no disk's end.
    "a map that has outgrown its paths": lambda where, argv: (
        "test_grown_lun_gives_its_room" in where and argv[0] in ("pvs", "vgs", "multipathd")
    ),
    "whether FC ports that were just made are online": lambda where, argv: (
        where == "provision" and any(word.endswith("/port_state") for word in argv)
    ),
    # After a cable was out: what two hosts have of each other matters to nobody.
    "whether hosts' FC ports have found each other again": lambda where, argv: (
        where not in ("provision", "diagnosis") and any("/fc_remote_ports" in word for word in argv)
    ),
    # sbsim's own programs, and files read by sftp: no tool answers there.
    "not a tool": lambda _, argv: argv[0].startswith(("@", "python3")),
}

# Of these the status alone counts.
STATUS_ONLY = {
    "apt-get": "how it tells of its progress is read by nobody",
    "head": "the bytes of a file system are as its own tool has made them",
    "systemctl enable": "which links it makes is the packages'",
    "systemctl mask": "whether it warns depends on who has looked at the unit before",
    "cat /proc/modules": "which modules are loaded is the image's",
    "stat --file-system": "the room on a machine's own disk is the image's",
}


@dataclass(frozen=True)
class Case:
    """A command, where it was run (test or phase, machine), and what it answered."""

    where: str
    machine: str
    argv: tuple[str, ...]
    status: int | None
    stdout: str
    stderr: str

    @property
    def shape(self) -> tuple[str, ...]:
        """The tool, its verb if it has one, and its options without their values."""
        words = list(_called(self.argv))
        verb = [word for word in words[1:] if not word.startswith("-")][:1]
        options = sorted({word.partition("=")[0] for word in words[1:] if word.startswith("-")})
        return (words[0], *(verb if words[0] in WITH_VERBS else ()), *options)

    @property
    def asked(self) -> tuple[str, str, str]:
        """What tells it from others: where, on which machine, and the command."""
        return self.where, self.machine, normal(self.argv, " ".join(self.argv))

    @property
    def status_only(self) -> bool:
        """Whether its words do not count."""
        called = " ".join(_called(self.argv))
        return any(called.startswith(one) for one in STATUS_ONLY)

    @property
    def answer(self) -> tuple[int | None, str, str]:
        """What it answered, as it is compared."""
        if self.status_only:
            return self.status, "", ""
        return self.status, normal(self.argv, self.stdout), normal(self.argv, self.stderr)


def _called(argv: tuple[str, ...]) -> tuple[str, ...]:
    """The command itself: what `env` calls."""
    if argv[0] != "env":
        return argv
    return argv[next(n for n, word in enumerate(argv) if n and "=" not in word) :]


def cases_of(folder: Path) -> list[Case]:
    """Every case of a run, from its folder. Raises UsageError where there is no evidence."""
    recorded = read(folder)
    return [
        Case(
            one.test or one.phase or "",
            one.machine,
            tuple(one.argv),
            one.status,
            _text(recorded.blobs, one, "stdout"),
            _text(recorded.blobs, one, "stderr"),
        )
        for one in recorded.commands
    ]


def matrix(folder: Path) -> dict[str, str]:
    """What a run found of every requirement in its scope."""
    found = load(folder)
    return {id: found.requirements[id].status for id in found.scope}


def end_state(folder: Path) -> Any:
    """How the deployment stood at the end of a run, without what was drawn and without times.

    None where the run did not go over all of it.
    """
    path = folder / out.EVIDENCE / out.END_STATE
    return _without_drawn(json.loads(path.read_text())) if path.is_file() else None


def _without_drawn(value: Any) -> Any:
    if isinstance(value, dict):
        return {_without_drawn(key): _without_drawn(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_drawn(one) for one in value]
    if isinstance(value, float):  # seconds since 1970
        return "<time>"
    if isinstance(value, str):
        for what in (UUIDS, TIMES):
            value = NORMALISATIONS[what]((), value)
    return value


def _text(blobs: Path | None, command: Command, which: str) -> str:
    name: str | None = getattr(command, which)
    if not name or blobs is None:
        return ""
    return (blobs / name).read_bytes().decode("utf-8", "replace")


def kept(cases: Iterable[Case]) -> list[Case]:
    """Those that serve: every shape, each with some of its cases."""
    by_shape: dict[tuple[str, ...], list[Case]] = defaultdict(list)
    for one in cases:
        if not _is_early(one) and not any(rule(one.where, one.argv) for rule in LEFT_OUT.values()):
            plain = replace(one, stdout="", stderr="") if one.status_only else one
            by_shape[one.shape].append(plain)
    return [one for shape in sorted(by_shape) for one in _evenly(by_shape[shape])]


def _is_early(case: Case) -> bool:
    """Whether it shows one of several paths that was not in its map yet: it has no id then."""
    return (
        case.argv == ("lsscsi", "-i") and re.search(r" -$", case.stdout, re.MULTILINE) is not None
    )


def _evenly(cases: Sequence[Case]) -> Iterator[Case]:
    count = min(PER_SHAPE, len(cases))
    for number in range(count):
        yield cases[number * len(cases) // count]


def to_json(cases: Iterable[Case], about: dict[str, Any]) -> str:
    """Cases as data, with what run they are of; a line for each."""
    lines = ",\n".join(json.dumps(asdict(one), ensure_ascii=False) for one in cases)
    return f'{{"run": {json.dumps(about)},\n"cases": [\n{lines}\n]}}\n'


def from_json(text: str) -> tuple[dict[str, Any], list[Case]]:
    """Cases, and what run they are of."""
    told = json.loads(text)
    return told["run"], [Case(**{**one, "argv": tuple(one["argv"])}) for one in told["cases"]]


# --- normalisations -------------------------------------------------------------------------------


def _pattern(pattern: str, instead: str) -> Callable[[tuple[str, ...], str], str]:
    compiled = re.compile(pattern, re.MULTILINE)

    def change(_argv: tuple[str, ...], text: str) -> str:
        return compiled.sub(instead, text)

    return change


def _own_disks(argv: tuple[str, ...], text: str) -> str:
    if argv[0] == "lsblk" and text.lstrip().startswith("{"):
        devices = json.loads(text)["blockdevices"]
        return "\n".join(json.dumps(one) for one in devices if not one["name"].startswith("vd"))
    if argv[0] == "fdisk":
        blocks = [" | ".join(block.split("\n")) for block in re.split(r"\n\n+", text.strip())]
        return "\n".join(one for one in blocks if not one.startswith("Disk /dev/vd"))
    if argv[0] in ("lsblk", "find"):
        return "\n".join(line for line in text.splitlines() if not re.search(r"/vd[a-z]\b", line))
    return text


def _cards(argv: tuple[str, ...], text: str) -> str:
    if argv[:2] != ("ip", "-json") or not text.startswith("["):
        return text
    lines = []
    for card in json.loads(text):
        if card["ifname"] != "control":
            told = [
                (one["family"], one["local"], one["prefixlen"])
                for one in card.get("addr_info", ())
                if one["scope"] != "link"
            ]
            lines.append(json.dumps([card["mtu"], card["operstate"], card["flags"], told]))
    return "\n".join(lines)


def _in_order(_argv: tuple[str, ...], text: str) -> str:
    return "\n".join(sorted(line.rstrip(", ") for line in text.splitlines() if line.strip()))


UUIDS, TIMES = "uuids are drawn", "the time of day goes on"
# What is not compared, and why; in this order.
NORMALISATIONS: dict[str, Callable[[tuple[str, ...], str], str]] = {
    "a lab's machine has disks of its own, which hold its image": _own_disks,
    "a lab's machine has a card of its own; cards have addresses of theirs": _cards,
    UUIDS: _pattern(
        r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
        r"|(?<![0-9a-f])(?!3?6001405)[0-9a-f]{32}(?![0-9a-f])"
        r"|\b[0-9A-Za-z]{6}(-[0-9A-Za-z]{4}){5}-[0-9A-Za-z]{6}\b|(?<=-LVM-)[0-9A-Za-z]{64}",
        "<uuid>",
    ),
    "so are digests of what was drawn": _pattern(r"\b[0-9a-f]{64}\b", "<digest>"),
    TIMES: _pattern(r"\b1[67][0-9]{8}\b", "<time>"),
    "how long it took": _pattern(
        r"time \d+ms|rtt min.*|\b\d+(\.\d+)?(e-\d+)? s(econds)?\b(, .*/s)?", "<seconds>"
    ),
    "disks are named in the order in which their probes end": _pattern(
        r"\bsd[a-z]+(?=\d*\b)", "<sd>"
    ),
    "mapped devices are numbered as they come": _pattern(r"\bdm-\d+\b|\b25[34]:\d+\b", "<dm>"),
    "disks' numbers follow their names": _pattern(r"\b(8|6[5-9]):\d+ +(?=active)", "<numbers> "),
    "SCSI hosts and sessions are numbered as they come": _pattern(
        r"\b\d+(?=:0:0:\d+\b)|(?<=\[)\d+(?=\])|(?<=sid: )\d+|(?<=/session)\d+|(?<=/host)\d+",
        "<n>",
    ),
    "so are the ports that a machine sees": _pattern(r"\brport-\d+:0-\d+\b", "<rport>"),
    "the hosts' changes of a group interleave": _pattern(
        r'(?<="vg_seqno":")\d+|(?<= ver )\d+', "<n>"
    ),
    "a package that is not installed may be known all the same": _pattern(
        r"^\S+ not-installed$|^dpkg-query: no packages found matching .*$", ""
    ),
    "the transport's module may still be unloaded": _pattern(
        r"^iscsiadm: Could not scan /sys/class/iscsi_transport\.$", ""
    ),
    "udev may still look at a device that goes": _pattern(
        r"^ *device-mapper: remove ioctl on .*failed: Device or resource busy$", ""
    ),
    "devices are listed in the order of their names": _in_order,
}


def normal(argv: tuple[str, ...], text: str) -> str:
    """A text without what `NORMALISATIONS` lists."""
    for change in NORMALISATIONS.values():
        text = change(argv, text)
    return text
