"""A storage server in memory, for the tests of what the target program does."""

from __future__ import annotations

from typing import Any

import pytest

from sbsim.target import lio_acts, lio_reading
from sbsim.target import server as server_module
from sbsim.target.server import Server
from suites.unit.target.kernel import Door, Kernel, MemorySystem


@pytest.fixture
def kernel() -> Kernel:
    return Kernel()


@pytest.fixture
def system() -> MemorySystem:
    made = MemorySystem()
    made.devices = {f"/dev/disks/lun-{number}": 1 << 30 for number in range(4)}
    return made


@pytest.fixture
def server(kernel: Kernel, system: MemorySystem, monkeypatch: pytest.MonkeyPatch) -> Server:
    """A server whose LIO is `kernel` and whose devices and files are `system`."""

    def take(lio: Any, step: Any) -> None:
        kernel.take(step)
        if step.action == "create" and step.key.path[0] == "fileio":
            system.make_sparse(step.value.path, step.value.size)

    def read(lio: Any) -> tuple[dict[Any, Any], tuple[str, ...]]:
        return dict(kernel.state), ("backstore ramdisk/other",)

    monkeypatch.setattr(server_module, "Lio", lambda rtslib, system: Door(system))
    monkeypatch.setattr(lio_reading, "read", read)
    monkeypatch.setattr(lio_acts, "take", take)
    return Server(None, system)
