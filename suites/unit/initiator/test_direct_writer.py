"""The writer on a plain file: past caches or not, its bookkeeping is the same."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from sbsim.initiator import direct_writer
from sbsim.initiator.direct_writer import SIZE, DirectFile, Writer, replacing

BLOCKS = 4


class Stop(threading.Event):
    """Stops after so many turns, without waiting."""

    def __init__(self, turns: int) -> None:
        super().__init__()
        self.turns = turns

    def wait(self, timeout: float | None = None) -> bool:
        self.turns -= 1
        return self.turns < 0


@pytest.fixture(autouse=True)
def cached(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test's folder may lie on a file system without direct I/O."""
    monkeypatch.delattr(os, "O_DIRECT", raising=False)


@pytest.fixture
def device(tmp_path: Path) -> Path:
    path = tmp_path / "device"
    path.write_bytes(bytes(range(256)) * 16 * (BLOCKS + 2))
    return path


def run(device: Path, turns: int) -> dict[str, object]:
    report = f"{device}.json"
    Writer(DirectFile(str(device)), SIZE, BLOCKS, replacing(report)).run(Stop(turns))
    told: dict[str, object] = json.loads(Path(report).read_text())
    return told


def test_device_is_left_as_it_was(device: Path) -> None:
    before = device.read_bytes()
    told = run(device, 10)
    assert device.read_bytes() == before
    assert (told["writes"], told["errors"], told["mismatches"]) == (10, [], 0)


def test_error_is_told(device: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(direct_writer.os, "pwrite", fail)
    assert run(device, 10)["errors"] == ["[Errno 5] Input/output error"]


def test_block_that_reads_back_otherwise_is_counted(
    device: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Writer, "write", lambda *_: None)
    assert run(device, 3)["mismatches"] == 3
