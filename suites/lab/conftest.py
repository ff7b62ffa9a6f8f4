"""A lab of one small machine, for tests of the lab itself."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from sbsim.lab import lab as labs
from sbsim.lab.accelerator import kvm_works
from sbsim.lab.folder import LabFolder
from sbsim.lab.image import ensure_image
from sbsim.lab.plan import CONTROL_BRIDGE, MTU, Card, Plan, PlannedMachine
from sbsim.lab.recipe import default_recipe


@pytest.fixture(scope="session")
def asked_for(request: pytest.FixtureRequest) -> None:
    """The tests here are skipped unless the lab was asked for."""
    if request.config.option.sbsim_backend != "lab":
        pytest.skip("makes labs of its own: give --sbsim-backend lab")


@pytest.fixture(scope="session")
def image(asked_for: None) -> Path:
    """The machines' image."""
    return ensure_image(default_recipe(), labs.ignore)


@pytest.fixture(scope="session")
def kvm(image: Path) -> bool:
    """Whether machines run with KVM."""
    return kvm_works(image)


@pytest.fixture(scope="session")
def solo_plan(image: Path) -> Plan:
    """One machine called solo."""
    card = Card(
        "", CONTROL_BRIDGE, "control", "52:54:5b:00:00:01", "tap1-0", ("fe80::5b:1/64",), MTU
    )
    machine = PlannedMachine("solo", 1, 384 * 2**20, "fe80::5b:1", (card,), ())
    return Plan(image=default_recipe().key, bridges=((CONTROL_BRIDGE, MTU),), machines=(machine,))


@pytest.fixture
def plan(solo_plan: Plan) -> Plan:
    """One machine called solo."""
    return solo_plan


@pytest.fixture
def folder() -> Iterator[LabFolder]:
    """A lab name that nobody else uses; whatever is left of the lab is ended."""
    folder = LabFolder(f"test-{uuid.uuid4().hex[:8]}")
    yield folder
    lab = labs.find(folder)
    (lab or labs.Lab(folder)).down()


@pytest.fixture
def lab(folder: LabFolder, plan: Plan, kvm: bool) -> labs.Lab:
    """A lab whose keeper runs; its machine is not booted."""
    return labs.start(folder, plan, kvm)
