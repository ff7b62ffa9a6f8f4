from __future__ import annotations

from pathlib import Path

import pytest

from sbsim.lab import manifest


def fill(folder: Path) -> None:
    (folder / "a").write_bytes(b"alpha")
    with (folder / "sparse").open("wb") as file:
        file.truncate(10 * 2**30)
        file.seek(5 * 2**30)
        file.write(b"in the middle")


@pytest.fixture
def made(tmp_path: Path) -> Path:
    folder = tmp_path / "cache" / "thing"
    manifest.make(folder, fill)
    return folder


def test_made_folder_is_sound_and_alone(made: Path) -> None:
    assert manifest.faults(made) == []
    assert [path.name for path in made.parent.iterdir() if path.is_dir()] == ["thing"]


def test_changed_byte_is_seen(made: Path) -> None:
    (made / "a").write_bytes(b"alphA")
    assert manifest.faults(made) == ["thing/a is damaged"]


def test_changed_byte_in_a_sparse_file_is_seen(made: Path) -> None:
    with (made / "sparse").open("r+b") as file:
        file.seek(2**30)
        file.write(b"x")
    assert manifest.faults(made) == ["thing/sparse is damaged"]


def test_shortened_file_is_seen(made: Path) -> None:
    with (made / "sparse").open("r+b") as file:
        file.truncate(9 * 2**30)
    assert manifest.faults(made) == ["thing/sparse is damaged"]


def test_missing_file_is_seen(made: Path) -> None:
    (made / "a").unlink()
    assert manifest.faults(made) == ["thing/a is missing"]


@pytest.mark.parametrize("text", ["", "{", '{"a": '])
def test_broken_manifest_is_a_fault_and_no_error(made: Path, text: str) -> None:
    (made / manifest.MANIFEST).write_text(text)
    (fault,) = manifest.faults(made)
    assert "cannot be read" in fault


def test_failure_leaves_the_old_folder_and_nothing_aside(made: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "a").write_bytes(b"half")
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        manifest.make(made, fail)
    assert manifest.faults(made) == []
    assert [path.name for path in made.parent.iterdir() if path.is_dir()] == ["thing"]


def test_leftover_of_a_killed_maker_is_cleared(made: Path) -> None:
    aside = made.with_name(f".making-{made.name}")
    aside.mkdir()
    (aside / "rest").write_bytes(b"old")
    manifest.make(made, fill)
    assert not aside.exists()
    assert not (made / "rest").exists()


def test_removed_folder_is_gone_and_removing_again_is_no_fault(made: Path) -> None:
    manifest.remove(made)
    assert not made.exists()
    manifest.remove(made)
    manifest.make(made, fill)
    assert manifest.faults(made) == []
