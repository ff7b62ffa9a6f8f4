"""Several wrong configurations at once, each told by its name: the quick ones, on every backend."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sbsim.acceptance import Run
from sbsim.faults import breaks
from sbsim.faults.scene import Scene
from sbsim.faults.wrong import wrongs
from suites.wrong.looking import look

QUICK = [one for one in wrongs() if one.quick]


@pytest.mark.breaks
@pytest.mark.destructive
@pytest.mark.requires("disposable", "power_cycle")
def test_wrong_configurations_made_at_once_are_all_told(
    saved: Run, enter: Callable[[str], None]
) -> None:
    if "paths" in saved.backend.traits.capabilities:
        pytest.skip("made on a deployment with one path to each LUN")
    enter("provisioned")
    for wrong in QUICK:
        breaks.find(wrong.name)(Scene(saved.deployed, saved.backend))
    told = {f"{one.name} @ {one.where}" for one in look(saved, "provisioned")}
    missing = {one.name: one.diagnosed("") - told for one in QUICK}
    assert {name: places for name, places in missing.items() if places} == {}
