"""The platform as a description wants it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sbsim.bundle import default_deployment
from sbsim.deployment import load
from sbsim.errors import MachineError
from sbsim.initiator.chap import ChapSettings
from sbsim.management import inventory
from sbsim.management.deployed import Deployed
from sbsim.management.described import take_over
from sbsim.management.errors import ManagementError
from sbsim.management.store import Store
from sbsim.testing import FakeClock

from .fake_san import FakeSan
from .plane import plane


def test_hosts_that_could_be_taken_over_are_known_though_another_failed(store: Store) -> None:
    deployed = Deployed(load(default_deployment()), {}, ChapSettings(), FakeClock())
    names = [host.name for host in deployed.deployment.hosts]
    lacking = dict.fromkeys(names, ("lvm2", "sanlock"))
    broken = {names[1]}

    def install(name: str) -> tuple[str, ...]:
        if name in broken:
            raise MachineError(f"{name}: the repository does not answer")
        return lacking.pop(name, ())

    management = replace(plane(store, FakeSan(tuple(names))), install=install)
    with pytest.raises(ManagementError, match=rf"not every host.*{names[1]}: the repository"):
        take_over(deployed, management)
    known = {one.name: one.installed for one in inventory.hosts(management)}
    assert known == {name: ("lvm2", "sanlock") for name in names if name not in broken}

    broken.clear()
    assert take_over(deployed, management)[names[1]] == ("lvm2", "sanlock")
    known = {one.name: one.installed for one in inventory.hosts(management)}
    assert known == dict.fromkeys(names, ("lvm2", "sanlock"))
