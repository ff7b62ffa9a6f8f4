"""A lab's name is one folder's name: what is removed under it must be the lab's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from sbsim.backends import LabBackend
from sbsim.bundle import default_deployment
from sbsim.deployment import load
from sbsim.errors import UsageError
from sbsim.lab.folder import LONGEST_NAME, LabFolder, known_labs
from sbsim.lab.plan import Plan
from sbsim.lab.states import state_folder

BAD = ["", ".", "..", "../..", "a/b", "/tmp", ".hidden", "a\0b", "a" * (LONGEST_NAME + 1)]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of this test's own: what is tried here once removed a real one."""
    monkeypatch.setenv("SBSIM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.mark.parametrize("name", BAD)
def test_lab_name_that_leads_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="the lab's name"):
        LabFolder(name)


@pytest.mark.parametrize("name", BAD)
def test_state_name_that_leads_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="the state's name"):
        state_folder(Plan("image", (), ()), name, kvm=False)


@pytest.mark.parametrize("name", [*BAD[:2], ".."])
def test_backend_refuses_it_before_anything_is_touched(name: str, cache: Path) -> None:
    with pytest.raises(UsageError):
        LabBackend(load(default_deployment()), name=name)
    assert not cache.exists()


def test_description_whose_name_leads_elsewhere_gives_no_lab() -> None:
    deployment = load(default_deployment()).model_copy(update={"name": ".."})
    with pytest.raises(UsageError):
        LabBackend(deployment)


def test_lab_lies_in_the_folder_of_labs(cache: Path) -> None:
    assert LabFolder("me-1.x").path == cache / "labs" / "me-1.x"


def test_what_is_no_lab_is_not_listed_among_them(cache: Path) -> None:
    for name in ("one", ".aside"):
        (cache / "labs" / name).mkdir(parents=True)
    assert [folder.name for folder in known_labs()] == ["one"]
