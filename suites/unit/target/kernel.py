"""A small LIO in memory: takes steps, and refuses what the kernel refuses."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace

from sbsim.target.plan import Step
from sbsim.target.state import GroupAccess, Key, Value, needs
from sbsim.target.system import System


class Kernel:
    """What configfs holds, by key. `taken` are the steps so far, `limit` how many it lives for."""

    def __init__(self, state: dict[Key, Value] | None = None) -> None:
        self.state = dict(state or {})
        self.taken: list[Step] = []
        self.limit = 10_000

    def take(self, step: Step) -> None:
        if len(self.taken) >= self.limit:
            raise Killed
        getattr(self, f"_{step.action}")(step)
        self.taken.append(step)

    def run(self, steps: tuple[Step, ...]) -> dict[Key, Value]:
        for step in steps:
            self.take(step)
        return self.state

    def _create(self, step: Step) -> None:
        assert step.key not in self.state, f"{step}: EEXIST"
        assert step.value is not None
        for need in needs(step.key, step.value):
            assert need in self.state, f"{step}: ENOENT {need}"
        assert not _serves(step.value), f"{step}: a group is enabled by an act of its own"
        self.state[step.key] = step.value

    def _remove(self, step: Step) -> None:
        value = self.state.pop(step.key)
        assert not _serves(value), f"{step}: still serves"
        for key, user in self.state.items():
            assert step.key not in needs(key, user), f"{step}: EBUSY, {key} uses it"

    def _change(self, step: Step) -> None:
        there = self.state[step.key]
        assert step.value is not None
        assert step.value != there, f"{step}: changes nothing"
        assert _serves(step.value) == _serves(there)
        assert needs(step.key, step.value) == needs(step.key, there)
        self.state[step.key] = step.value

    def _enable(self, step: Step) -> None:
        self._turn(step, True)

    def _disable(self, step: Step) -> None:
        self._turn(step, False)

    def _turn(self, step: Step, on: bool) -> None:
        there = self.state[step.key]
        assert isinstance(there, GroupAccess)
        assert there.enabled != on
        self.state[step.key] = replace(there, enabled=on)


class Killed(BaseException):
    """The program was killed at this step."""


def _serves(value: Value) -> bool:
    return isinstance(value, GroupAccess) and bool(value.enabled)


class Door:
    """Stands where `Lio` stands: opens, and knows how rtslib spells names."""

    def __init__(self, system: MemorySystem) -> None:
        self._system = system

    def open(self) -> None:
        if self._system.make_folder("/etc/target") and self._system.killed_while_opening:
            raise Killed

    def clear_stale_folders(self) -> None: ...

    def unfit_names(self, names: list[tuple[str, str]]) -> list[str]:
        return [name for _, name in names if name != name.lower() or "_" in name]


class MemorySystem(System):
    """A storage server's devices and files, in memory.

    `devices` are bytes by path, `files` texts, `backing` bytes of backing files by path.
    """

    def __init__(self) -> None:
        self.devices: dict[str, int] = {}
        self.cached: set[str] = set()
        self.busy: dict[str, str] = {}
        self.files: dict[str, str] = {}
        self.backing: dict[str, int] = {}
        self.folders = {"/sys/kernel/config/target"}
        self.boot = "boot-1"
        self.killed_while_opening = False
        self.commands: list[tuple[str, ...]] = []

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        yield

    def boot_id(self) -> str:
        return self.boot

    def command(self, *argv: str) -> str:
        self.commands.append(argv)
        return ""

    def is_block(self, path: str) -> bool | None:
        if path in self.devices:
            return True
        return False if path in self.files or path in self.backing else None

    def block_size(self, path: str) -> int:
        return self.devices[path]

    def write_back(self, path: str) -> bool:
        return path in self.cached

    def user_of(self, path: str) -> str | None:
        return self.busy.get(path)

    def same_device(self, one: str, other: str) -> bool:
        return one == other

    def file_size(self, path: str) -> int | None:
        if path in self.folders:
            return -1
        return self.backing.get(path, len(self.files[path]) if path in self.files else None)

    def make_sparse(self, path: str, size: int) -> None:
        self.backing[path] = max(size, self.backing.get(path, 0))

    def read(self, path: str) -> str | None:
        return self.files.get(path)

    def write(self, path: str, text: str, mode: int = 0o600) -> None:
        self.files[path] = text

    def remove(self, path: str) -> bool:
        found = self.files.pop(path, None) is not None
        return self.backing.pop(path, None) is not None or found

    def make_folder(self, path: str) -> bool:
        new = path not in self.folders
        self.folders.add(path)
        return new

    def remove_folder(self, path: str) -> None:
        self.folders.discard(path)

    def link(self, path: str, to: str) -> bool:
        new = self.files.get(path) != to
        self.files[path] = to
        return new

    def exists(self, path: str) -> bool:
        return path in self.files or path in self.folders
