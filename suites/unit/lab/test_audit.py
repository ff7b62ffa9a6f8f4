"""What is left on a machine, and what is in use."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from sbsim.backends.sim import FOLDERS
from sbsim.lab import audit


def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    monkeypatch.setattr(audit, "_PLACES", (str(tmp_path),))
    return {Path(one.what).name for one in audit.leftovers() if one.kind == "file"}


def test_file_of_ours_is_left_and_a_strangers_is_not_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sbsim-x").write_text("")
    (tmp_path / "other").write_text("")
    assert files(tmp_path, monkeypatch) == {"sbsim-x"}


def test_folder_of_a_simulated_run_is_left_once_its_process_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    (tmp_path / f"{FOLDERS}{os.getpid()}-a").mkdir()
    (tmp_path / f"{FOLDERS}{ended.pid}-b").mkdir()
    assert files(tmp_path, monkeypatch) == {f"{FOLDERS}{ended.pid}-b"}
