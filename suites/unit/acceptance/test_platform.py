"""When the platform is made, when a kept state is gone back to, and when neither may be."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from sbsim.acceptance import platform as platforms
from sbsim.acceptance.platform import connected_state, make_platform, taken_over_state
from sbsim.bundle import default_deployment
from sbsim.deployment import load
from sbsim.errors import LabError
from sbsim.initiator.chap import ChapSettings
from sbsim.management.deployed import Deployed
from sbsim.testing import FakeClock


@dataclass
class States:
    """A backend's kept states, and what was done in order."""

    store: Path
    kept: dict[str, str] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    full: bool = False

    def has(self, name: str, version: str = "") -> bool:
        return self.kept.get(name) == version

    def save(self, name: str, progress: Any, version: str = "") -> None:
        if self.full:
            raise LabError("no room")
        self.kept[name] = version
        self.done.append(f"save {name}")

    def restore(self, name: str, progress: Any) -> None:
        self.done.append(f"restore {name}")


@pytest.fixture
def deployed() -> Deployed:
    return Deployed(load(default_deployment()), {}, ChapSettings(), FakeClock())


@pytest.fixture
def backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> States:
    states = States(tmp_path / "store.db")
    monkeypatch.setattr(platforms, "open_management", lambda *_: None)
    monkeypatch.setattr(platforms, "_take_over", lambda *_: states.done.append("take over"))
    monkeypatch.setattr(platforms, "_attach", lambda *_: states.done.append("attach"))
    return states


def make(deployed: Deployed, backend: States, keep: bool = True) -> list[str]:
    """What making the platform does."""
    backend.done.clear()
    make_platform(deployed, backend, lambda _: None, keep)  # type: ignore[arg-type]
    return list(backend.done)


FROM_NOTHING = ["take over", "save taken-over", "attach", "save connected-zstack-2.6"]


def test_both_states_are_made_once(deployed: Deployed, backend: States) -> None:
    assert make(deployed, backend) == FROM_NOTHING
    assert make(deployed, backend) == ["restore connected-zstack-2.6"]


def test_other_version_of_the_product_begins_with_the_hosts_taken_over(
    deployed: Deployed, backend: States
) -> None:
    make(deployed, backend)
    stock = replace(
        deployed, deployment=deployed.deployment.model_copy(update={"profile": "stock"})
    )
    assert make(stock, backend) == ["restore taken-over", "attach", "save connected-stock"]


def test_other_description_begins_anew(deployed: Deployed, backend: States) -> None:
    make(deployed, backend)
    other = replace(deployed, deployment=deployed.deployment.model_copy(update={"zone": "zone-9"}))
    assert make(other, backend) == FROM_NOTHING
    assert connected_state(other) != connected_state(deployed)
    assert taken_over_state(other) != taken_over_state(deployed)


def test_machines_that_are_not_the_runs_own_are_never_taken_back(
    deployed: Deployed, backend: States
) -> None:
    make(deployed, backend)
    assert make(deployed, backend, keep=False) == ["take over", "attach"]


def test_platform_that_is_there_is_gone_on_with(deployed: Deployed, backend: States) -> None:
    make(deployed, backend)
    backend.store.touch()
    assert make(deployed, backend) == ["take over", "attach"]


def test_state_that_cannot_be_kept_stops_nothing(deployed: Deployed, backend: States) -> None:
    backend.full = True
    assert make(deployed, backend) == ["take over", "attach"]
