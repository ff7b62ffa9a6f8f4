"""What a real kernel's configfs gave: its tree of objects, and the answer to every operation.

Two files by kernel release: the tree, from which the simulator takes which attributes there are,
their permissions and first values; and the operations with their answers, which it must equal.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sbsim.contract import configfs_scenario as scenario
from sbsim.contract import player
from sbsim.contract.player import Answer, Operation
from sbsim.errors import UsageError
from sbsim.machines import Machine

LIMIT_SECONDS = 300
CONFIGFS = "/sys/kernel/config"
TARGET_MODULES = ("target_core_mod", "iscsi_target_mod", "tcm_loop", "tcm_fc")


@dataclass(frozen=True)
class Disk:
    """A block device that LIO is given: bytes, and its numbers, which LIO tells."""

    path: str
    name: str
    size: int
    major: int
    minor: int


@dataclass(frozen=True)
class Recording:
    """What one kernel gave. `played` are the operations with their answers, in their order."""

    kernel: str
    disks: tuple[Disk, ...]
    tree: Mapping[str, Answer]
    played: tuple[tuple[Operation, Answer], ...]

    def save(self, trees: Path, operations: Path) -> None:
        """Write the two files; the same recording always gives the same bytes."""
        release = short(self.kernel)
        tree = [f"{json.dumps(path)}: {json.dumps(node)}" for path, node in self.tree.items()]
        made = json.dumps(scenario.made())
        disks = json.dumps([vars(disk) for disk in self.disks])
        head = f'"kernel": {json.dumps(self.kernel)},\n"disks": {disks},\n'
        (trees / f"{release}.json").write_text(
            f'{{\n{head}"made": {made},\n"tree": {{\n' + ",\n".join(tree) + "\n}}\n"
        )
        played = [json.dumps(one) for one in self.played]
        (operations / f"configfs-{release}.json").write_text(
            f'{{\n{head}"played": [\n' + ",\n".join(played) + "\n]}\n"
        )


def load(tree: Path, operations: Path) -> Recording:
    """Read them again."""
    first, second = json.loads(tree.read_text()), json.loads(operations.read_text())
    disks = tuple(Disk(**one) for one in first["disks"])
    played = tuple((list(one), list(answer)) for one, answer in second["played"])
    return Recording(first["kernel"], disks, first["tree"], played)


def short(kernel: str) -> str:
    """A kernel's version as the files are named: "6.1" of "6.1.0-37-amd64"."""
    return ".".join(kernel.split(".")[:2])


def record(machine: Machine, devices: tuple[str, ...]) -> Recording:
    """Play everything on a machine's own LIO, which must hold nothing; leave it so.

    `devices` are two block devices that nobody uses; what is on them is lost.

    Raises UsageError where LIO holds something.
    """
    prepare(machine)
    for path in (scenario.FILE_A, scenario.FILE_B):
        machine.run("truncate", "--size", str(scenario.FILE_BYTES), path)
    disks = tuple(look_at_disk(machine, path) for path in devices[:2])
    first = _play(machine, scenario.objects(disks[0].path), ["."])
    _must_have_worked(scenario.objects(disks[0].path), first["answers"])
    tree: dict[str, Answer] = first["trees"]["."]
    gone = scenario.objects_gone()
    _must_have_worked(gone, _play(machine, gone)["answers"])
    asked = scenario.operations(names_in(tree), disks[0].path, disks[1].path)
    answers = _play(machine, asked)["answers"]
    machine.run("rm", "-f", scenario.FILE_A, scenario.FILE_B)
    kernel = machine.run("uname", "-r").stdout.strip()
    return Recording(kernel, disks, tree, tuple(zip(asked, answers, strict=True)))


def prepare(machine: Machine) -> None:
    """Load LIO on a machine. Raises UsageError where it holds something."""
    for module in TARGET_MODULES:
        machine.run("modprobe", module)
    if not machine.run("mountpoint", "-q", CONFIGFS, check=False).ok:
        machine.run("mount", "-t", "configfs", "configfs", CONFIGFS)
    machine.run("mkdir", "-p", "/etc/target/pr")
    found = list(_objects(machine))
    if found:
        raise UsageError(
            f"{machine.name}: LIO holds {', '.join(found)} already; record on a machine without "
            f"targets: sbsim lab up"
        )


def names_in(tree: Mapping[str, Answer]) -> dict[str, list[str]]:
    """By folder of a tree the names of its attributes, sorted: no order of theirs is played."""
    return {
        path: sorted(name for name in answer[1] if tree[_joined(path, name)][0] == "file")
        for path, (kind, _mode, answer) in tree.items()
        if kind == "dir"
    }


def _joined(path: str, name: str) -> str:
    return name if path == "." else f"{path}/{name}"


def _play(machine: Machine, operations: list[Operation], trees: list[str] | None = None) -> Any:
    program = Path(player.__file__).read_text()
    asked = json.dumps({"play": operations, "trees": trees or []})
    done = machine.run("python3", "-c", program, input=asked, timeout=LIMIT_SECONDS)
    return json.loads(done.stdout)


def _must_have_worked(operations: list[Operation], answers: list[Answer]) -> None:
    failed = [f"{one}: {answer[1]}" for one, answer in zip(operations, answers, strict=True)
              if answer[0] == "error"]  # fmt: skip
    if failed:
        raise UsageError(f"the kernel refused what it must take: {'; '.join(failed)}")


def _objects(machine: Machine) -> Iterator[str]:
    for name in machine.run("ls", "--", player.ROOT).lines:
        if name not in ("core", "version", "dbroot"):
            yield name
    for name in machine.run("ls", "--", f"{player.ROOT}/core").lines:
        if name != "alua":
            yield name


def look_at_disk(machine: Machine, path: str) -> Disk:
    """A machine's block device, links followed."""
    real = machine.run("readlink", "-f", "--", path).stdout.strip()
    name = real.rpartition("/")[2]
    major, minor = machine.read(f"/sys/class/block/{name}/dev").decode().strip().split(":")
    sectors = int(machine.read(f"/sys/class/block/{name}/size"))
    return Disk(path, name, sectors * 512, int(major), int(minor))
