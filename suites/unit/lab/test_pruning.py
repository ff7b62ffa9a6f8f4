"""What has gone unused longest leaves the cache."""

from __future__ import annotations

import os
from pathlib import Path

from sbsim.lab.pruning import mark_used, prune


def shelf(tmp_path: Path, *names: str) -> Path:
    """Folders of these names, the first one used longest ago."""
    for age, name in enumerate(names):
        folder = tmp_path / name / "state"
        folder.mkdir(parents=True)
        (folder / "disk").write_text("bytes")
        os.utime(tmp_path / name, (1000 + age, 1000 + age))
    return tmp_path


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_those_used_last_stay(tmp_path: Path) -> None:
    assert prune(shelf(tmp_path, "a", "b", "c", "d"), keep=2) == ("a", "b")
    assert names(tmp_path) == {"c", "d"}
    assert (tmp_path / "c" / "state" / "disk").read_text() == "bytes"


def test_what_is_used_again_stays(tmp_path: Path) -> None:
    mark_used(shelf(tmp_path, "a", "b", "c") / "a")
    assert prune(tmp_path, keep=2) == ("b",)


def test_nothing_goes_while_there_are_few(tmp_path: Path) -> None:
    assert prune(shelf(tmp_path, "a", "b"), keep=2) == ()
    assert names(tmp_path) == {"a", "b"}


def test_what_is_being_made_and_files_stay_and_a_lock_goes_with_its_folder(tmp_path: Path) -> None:
    shelf(tmp_path, "a", ".making-b", "c")
    for name in (".lock-a", ".lock-c", "note"):
        (tmp_path / name).write_text("")
    assert prune(tmp_path, keep=1) == ("a",)
    assert names(tmp_path) == {".making-b", ".lock-c", "c", "note"}
