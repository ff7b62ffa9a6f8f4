"""Logins that are only tried leave nothing behind, and ask no more than they must."""

from __future__ import annotations

import pytest

from sbsim.deployment import Portal, Secret
from sbsim.initiator import Initiator, LoginFailed, Node
from sbsim.initiator.trial import ACCEPTED, INTERFACE, REFUSED, shown, try_logins
from sbsim.testing import FakeClock

from .fake_host import FakeArray, FakeHost

NAME = "iqn.2016-05.org.zstack:host1"


class TrialHost(FakeHost):
    """Keeps the interface and its records apart; each login ends with the next of `statuses`."""

    def __init__(self, array: FakeArray) -> None:
        super().__init__(array)
        self.interfaces: set[str] = set()
        self.statuses: list[int] = []

    def _iscsiadm(self, words: tuple[str, ...], timeout: float) -> tuple[int, str, str]:
        if "iface" not in words and "-I" not in words:
            return super()._iscsiadm(words, timeout)
        if words == ("-m", "iface"):
            return 0, "".join(f"{name} tcp,<empty>\n" for name in self.interfaces), ""
        if "--login" in words:
            return self.statuses.pop(0), "", ""
        if words[:2] == ("-m", "iface"):
            (self.interfaces.add if "new" in words else self.interfaces.discard)(INTERFACE)
        return 0, "", ""


@pytest.fixture
def host(array: FakeArray) -> TrialHost:
    return TrialHost(array)


@pytest.fixture
def trying(host: TrialHost, clock: FakeClock) -> Initiator:
    initiator = Initiator(host, clock)
    initiator.set_name(NAME)
    return initiator


@pytest.fixture
def nodes(trying: Initiator, array: FakeArray) -> tuple[Node, ...]:
    portal = Portal.model_validate({"address": "172.20.12.221"})
    return trying.discover(portal, records="none")


def test_each_login_has_its_own_verdict_and_nothing_is_left(
    trying: Initiator, host: TrialHost, nodes: tuple[Node, ...]
) -> None:
    host.statuses = [24, 0]
    seen = try_logins(trying, nodes, password=Secret("wrong"))
    assert seen == {str(nodes[0]): REFUSED, str(nodes[1]): ACCEPTED}
    assert host.interfaces == set()
    assert host.commands[-3:] == [
        ("iscsiadm", "-m", "node", "-I", INTERFACE, "--logout"),
        ("iscsiadm", "-m", "node", "-I", INTERFACE, "-o", "delete"),
        ("iscsiadm", "-m", "iface", "-I", INTERFACE, "-o", "delete"),
    ]


def test_every_change_names_the_trials_own_interface(
    trying: Initiator, host: TrialHost, nodes: tuple[Node, ...]
) -> None:
    host.commands.clear()
    host.statuses = [24, 24]
    try_logins(trying, nodes, name="iqn.2016-05.org.zstack:stranger")
    changes = [argv for argv in host.commands if argv != ("iscsiadm", "-m", "iface")]
    assert all(INTERFACE in argv for argv in changes)


def test_failed_trial_leaves_nothing_and_says_so(
    trying: Initiator, host: TrialHost, nodes: tuple[Node, ...]
) -> None:
    host.statuses = [5]
    with pytest.raises(LoginFailed):
        try_logins(trying, nodes)
    assert host.interfaces == set()


def test_interrupted_trial_is_cleared_first(
    trying: Initiator, host: TrialHost, nodes: tuple[Node, ...]
) -> None:
    host.interfaces = {INTERFACE}
    host.commands.clear()
    host.statuses = [24, 24]
    try_logins(trying, nodes)
    assert host.commands[1] == ("iscsiadm", "-m", "node", "-I", INTERFACE, "--logout")


def test_portal_is_asked_once_for_all_of_its_targets(
    trying: Initiator, host: TrialHost, nodes: tuple[Node, ...]
) -> None:
    hidden = Node(nodes[0].portal, 1, "iqn.2015-05.org.zstack:hidden")
    host.commands.clear()
    assert shown(trying, [nodes[0], hidden]) == [nodes[0]]
    assert len(host.ran("discovery")) == 1
