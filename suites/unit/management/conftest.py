from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sbsim.machines import WallClock
from sbsim.management.management import Management
from sbsim.management.store import Store

from . import plane
from .fake_san import FakeSan
from .fake_volumes import FakeWorld

MEMORY = Path("/dev/shm")


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """In memory where there is such a place: every transaction waits for its disk."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        yield Path(name)


@pytest.fixture(scope="session")
def filled_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Filled once; a store is copied as one file."""
    path = tmp_path_factory.mktemp("filled") / "store.db"
    plane.filled(Store(path, WallClock()), FakeSan(plane.HOSTS))
    return path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store.db", WallClock())


@pytest.fixture
def san() -> FakeSan:
    return FakeSan(plane.HOSTS)


@pytest.fixture
def world() -> FakeWorld:
    return FakeWorld()


@pytest.fixture
def management(tmp_path: Path, filled_file: Path, san: FakeSan, world: FakeWorld) -> Management:
    """The plane of `plane.filled`."""
    path = tmp_path / "filled.db"
    shutil.copyfile(filled_file, path)
    return plane.plane(Store(path, WallClock()), san, start=1000, world=world)
