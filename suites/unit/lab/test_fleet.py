"""The fleet against a driver that answers as libvirt does amid a reboot."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import libvirt
import pytest

from sbsim.deployment import load
from sbsim.lab import fleet as fleets
from sbsim.lab.domains import Boot
from sbsim.lab.fleet import Fleet
from sbsim.lab.keys import Keys
from sbsim.lab.plan import plan_for

TUTORIAL = Path(__file__).parents[3] / "fixtures/deployments/tutorial.toml"
HOST = "sharedblock-host2"


class ForgettingLate:
    """A driver that says a domain has stopped, and `refusals` times more that it has one."""

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals
        self.created: list[str] = []
        self.running = False

    def createXML(self, xml: str) -> None:
        if self.refusals:
            self.refusals -= 1
            raise libvirt.libvirtError("operation failed: domain already exists with uuid")
        self.created.append(xml)
        self.running = True

    def lookupByName(self, name: str) -> ForgettingLate:
        if not self.running:
            raise libvirt.libvirtError(f"Domain not found: {name}")
        return self

    def state(self) -> tuple[int, int]:
        return libvirt.VIR_DOMAIN_RUNNING, 0


def reboot(monkeypatch: pytest.MonkeyPatch, driver: ForgettingLate, answered: bool) -> None:
    """Have the fleet told that HOST has gone off to reboot."""
    told: list[Callable[[str], None]] = []
    monkeypatch.setattr(fleets, "on_reboot", lambda _driver, restart: told.append(restart))
    folder = Path("/nowhere")
    fleet = Fleet(
        plan_for(load(TUTORIAL), "image"),
        Boot(folder, folder, folder, kvm=False),
        Keys(folder, folder),
        cast(Any, driver),
        {HOST} if answered else set(),
    )
    fleet.restart_on_reboot()
    thread = threading.Thread(target=told[0], args=(HOST,))
    thread.start()
    thread.join(20)
    assert not thread.is_alive()


def test_a_machine_reboots_although_libvirt_forgets_it_late(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    driver = ForgettingLate(refusals=2)
    reboot(monkeypatch, driver, answered=True)
    assert len(driver.created) == 1
    assert capsys.readouterr().out.count("already exists") == 2


def test_a_machine_that_never_answered_stays_off(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = ForgettingLate(refusals=0)
    reboot(monkeypatch, driver, answered=False)
    assert not driver.created
