"""Every wrong configuration is diagnosed by its name: what is wrong, where, and how to mend it.

wrong.toml lists them. Those with several paths are made where the deployment has them
(``--sbsim-deployment fixtures/deployments/multipath.toml``), the others where it has not.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sbsim.acceptance import Run
from sbsim.checks.diagnosis import Diagnosis
from sbsim.faults import breaks
from sbsim.faults.scene import Scene
from sbsim.faults.wrong import Wrong, wrongs
from sbsim.machines import Machine
from suites.wrong.looking import group_name, look

Enter = Callable[[str], None]

pytestmark = [
    pytest.mark.breaks,
    pytest.mark.destructive,
    pytest.mark.requires("disposable", "power_cycle"),
]


@pytest.fixture(scope="module")
def sound(saved: Run, enter: Enter) -> Callable[[str], frozenset[Diagnosis]]:
    """What a sound deployment in some state is told: looked at once per state."""
    known: dict[str, frozenset[Diagnosis]] = {}

    def sound(state: str) -> frozenset[Diagnosis]:
        if state not in known:
            enter(state)
            known[state] = look(saved, state)
        return known[state]

    return sound


@pytest.mark.parametrize("wrong", [pytest.param(one, id=one.name) for one in wrongs()])
def test_wrong_configuration_is_told_by_name_and_place(
    wrong: Wrong, saved: Run, enter: Enter, sound: Callable[[str], frozenset[Diagnosis]]
) -> None:
    able = saved.backend.traits.capabilities
    if lacking := wrong.needs - able:
        pytest.skip(f"the deployment lacks {', '.join(sorted(lacking))}")
    if wrong.profile not in (None, saved.deployment.profile):
        pytest.skip(f"wrong for {wrong.profile}")
    if "paths" in able - wrong.needs:
        pytest.skip("made on a deployment with one path to each LUN")
    before = sound(wrong.on)
    enter(wrong.on)
    breaks.find(wrong.name)(Scene(saved.deployed, saved.backend))
    found = look(saved, wrong.on) - before
    group = group_name(saved, wrong.on)
    assert {f"{one.name} @ {one.where}" for one in found} == wrong.diagnosed(group)
    assert all(one.what and one.mend for one in found)


def test_sound_deployment_is_told_of_nothing_that_is_an_error(
    saved: Run, machines: dict[str, Machine], sound: Callable[[str], frozenset[Diagnosis]]
) -> None:
    for state in ("provisioned", "connected"):
        assert [one for one in sound(state) if one.severity == "error"] == []


def test_guides_own_deployment_is_warned_of_what_its_version_leaves_out(
    saved: Run, sound: Callable[[str], frozenset[Diagnosis]]
) -> None:
    if saved.deployment.profile != "zstack-2.6":
        pytest.skip("of version 2.6")
    warned = {one.name for one in sound("connected")}
    # Under multipath the sessions' own time-out is the short one of multipath.conf.
    several = "paths" in saved.backend.traits.capabilities
    assert warned == {"watchdog-off"} | (set() if several else {"timeouts-outlast-lease"})
