"""The cache: full, broken, or asked for what its mirror does not have.

Every test has a cache of its own, some of them on a file system that is really full.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sbsim.errors import ImageError, LabError
from sbsim.lab import image as images
from sbsim.lab import manifest, states
from sbsim.lab.image import FILES, ensure_image, image_folder
from sbsim.lab.keys import ensure_keys
from sbsim.lab.lab import ignore
from sbsim.lab.own_disk import make_own_disk
from sbsim.lab.plan import CONTROL_BRIDGE, MTU, Card, Plan, PlannedMachine
from sbsim.lab.recipe import default_recipe

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("asked_for")]

UNKNOWN = "sbsim-no-such-package"
CARD = Card("", CONTROL_BRIDGE, "control", "52:54:5b:00:00:01", "tap1-0", ("fe80::5b:1/64",), MTU)
MACHINE = PlannedMachine("solo", 1, 384 * 2**20, "fe80::5b:1", (CARD,), ())
PLAN = Plan(image="none", bridges=(), machines=(MACHINE,))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    folder.mkdir()
    monkeypatch.setenv("SBSIM_CACHE", str(folder))
    return folder


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for a few small files."""
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "sbsim-test", str(folder)], check=True
    )
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def flip(path: Path) -> None:
    """Change one byte in the middle of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


# --- full -------------------------------------------------------------------------------------


def test_full_cache_is_named_before_an_image_is_made(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SBSIM_CACHE", str(small))
    with pytest.raises(ImageError, match=rf"{small} has 0 MiB free.*Make room.*SBSIM_CACHE"):
        ensure_image(default_recipe(), ignore)


def test_full_cache_is_named_before_a_machine_is_held_to_be_saved(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SBSIM_CACHE", str(small))
    with pytest.raises(LabError, match=rf"{small} has 0 MiB free.*1 machines.*SBSIM_CACHE"):
        states.check_room(PLAN)


def test_machine_whose_disk_finds_no_room_is_named(small: Path) -> None:
    keys = ensure_keys()
    (small / "filler").write_bytes(bytes(60 * 1024))
    with pytest.raises(LabError, match=r"solo: cannot make its own disk: .*[Nn]o space left"):
        make_own_disk(MACHINE, keys, small / "solo.own")


# --- what the mirror does not have ------------------------------------------------------------


@pytest.mark.parametrize("where", ["packages", "offered"])
def test_unknown_package_is_named_before_anything_is_installed(where: str, cache: Path) -> None:
    recipe = replace(default_recipe(), **{where: ("dbus", UNKNOWN)})
    said: list[str] = []
    with pytest.raises(ImageError, match=f"has no package {UNKNOWN} for bookworm"):
        ensure_image(recipe, said.append)
    assert not any("unpacking the kernel" in line for line in said)
    assert not any(path.is_dir() for path in (cache / "images").iterdir())


def test_mirror_that_is_none_is_named() -> None:
    with pytest.raises(ImageError, match=r"the mirror nonsense cannot be used: .*SBSIM_MIRROR"):
        ensure_image(replace(default_recipe(), mirror="nonsense"), ignore)


# --- broken -----------------------------------------------------------------------------------


def test_image_with_a_flipped_byte_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Path] = []

    def build(_recipe: object, folder: Path, _progress: object) -> None:
        made.append(folder)
        for name in FILES:
            (folder / name).write_bytes(name.encode() * 1000)

    monkeypatch.setattr(images, "_build", build)
    recipe, said = default_recipe(), list[str]()
    assert ensure_image(recipe, ignore) == ensure_image(recipe, ignore)
    assert len(made) == 1
    flip(image_folder(recipe) / "root.erofs")
    folder = ensure_image(recipe, said.append)
    assert "root.erofs is damaged" in said[0]
    assert len(made) == 2
    assert manifest.faults(folder) == []


def test_saved_state_with_a_flipped_byte_is_no_state() -> None:
    def fill(folder: Path) -> None:
        (folder / "solo.memory").write_bytes(b"memory" * 1000)

    folder = states.state_folder(PLAN, "kept", kvm=False)
    manifest.make(folder, fill)
    assert states.sound_state(PLAN, "kept", kvm=False) == folder
    flip(folder / "solo.memory")
    assert states.sound_state(PLAN, "kept", kvm=False) is None
