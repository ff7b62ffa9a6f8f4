"""A host's initiator made to fit the description, and undone."""

from __future__ import annotations

import pytest

from sbsim.deployment import Deployment, Portal, Secret
from sbsim.errors import WaitedInVain
from sbsim.initiator import (
    ChapSettings,
    DiscoveryRefused,
    Initiator,
    LoginRefused,
    LunView,
    Node,
    PortalUnreachable,
    apply,
    configure,
    remove,
    wanted_nodes,
)
from sbsim.machines import Result

from .fake_host import BACKUP, CONF_FILE, CONF_TEXT, NAME_FILE, NAME_TEXT, FakeArray, FakeHost

NAME = "iqn.2016-05.org.zstack:host1"
FULL = "iqn.2015-05.org.zstack:full"
A = Portal.model_validate({"address": "172.20.12.221"})
B = Portal.model_validate({"address": "172.21.12.221"})


@pytest.fixture(autouse=True)
def _no_luns(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake host has no disks to wait for."""
    monkeypatch.setattr(configure, "expected_luns", lambda deployment, host: ())


def configured(initiator: Initiator, deployment: Deployment, chap: ChapSettings) -> tuple[str, ...]:
    return apply(initiator, deployment, deployment.host("host1"), chap)


def test_wanted_are_the_hosts_own_targets_at_portals_on_its_links(deployment: Deployment) -> None:
    assert wanted_nodes(deployment, deployment.host("host1")) == (Node(A, 1, FULL),)
    assert wanted_nodes(deployment, deployment.host("host2")) == (
        Node(A, 1, FULL),
        Node(B, 2, FULL),
        Node(A, 1, "iqn.2015-05.org.zstack:only2"),
        Node(B, 2, "iqn.2015-05.org.zstack:only2"),
    )


def test_first_apply_names_discovers_and_logs_in(
    initiator: Initiator, machine: FakeHost, deployment: Deployment, chap: ChapSettings
) -> None:
    changes = configured(initiator, deployment, chap)
    assert initiator.name() == NAME
    assert initiator.chap_settings() == chap
    assert [session.node for session in initiator.sessions()] == [Node(A, 1, FULL)]
    assert [one.initiator for one in machine.sessions.values()] == [NAME]
    assert initiator.startup_of(Node(A, 1, FULL)) == "automatic"
    assert machine.modes[CONF_FILE] == 0o600
    assert machine.files[f"{BACKUP}/iscsid.conf"] == CONF_TEXT
    assert changes[-1] == f"logged in to {A},1 {FULL}"


def test_second_apply_changes_nothing_and_drops_no_session(
    initiator: Initiator, machine: FakeHost, deployment: Deployment, chap: ChapSettings
) -> None:
    configured(initiator, deployment, chap)
    files, sessions = dict(machine.files), dict(machine.sessions)
    machine.commands.clear()
    assert configured(initiator, deployment, chap) == ()
    assert (machine.files, machine.sessions) == (files, sessions)
    assert not machine.ran("--logout")
    assert not machine.ran("--login")


def test_secret_stands_in_no_command_and_no_change(
    initiator: Initiator, machine: FakeHost, deployment: Deployment, chap: ChapSettings
) -> None:
    changes = configured(initiator, deployment, chap)
    assert "canary" not in str(machine.commands) + str(changes)
    assert "canary" in machine.files[CONF_FILE]


def test_portal_on_a_link_that_the_host_is_not_on_stays_manual(
    initiator: Initiator, machine: FakeHost, deployment: Deployment, chap: ChapSettings
) -> None:
    machine.files[CONF_FILE] = CONF_TEXT.replace("startup = manual", "startup = automatic")
    configured(initiator, deployment, chap)
    assert initiator.startup_of(Node(B, 2, FULL)) == "manual"
    assert len(machine.sessions) == 1


def test_changed_password_logs_in_again(
    initiator: Initiator,
    machine: FakeHost,
    array: FakeArray,
    deployment: Deployment,
    chap: ChapSettings,
) -> None:
    configured(initiator, deployment, chap)
    array.account = ("zstack", "new")
    changes = configured(initiator, deployment, ChapSettings("zstack", Secret("new")))
    assert f"logged out of {A},1 {FULL}" in changes
    assert [one.account for one in machine.sessions.values()] == [("zstack", "new")]
    assert initiator.startup_of(Node(A, 1, FULL)) == "automatic"
    assert "canary" not in "".join(
        text for path, text in machine.files.items() if not path.startswith(BACKUP)
    )


def test_session_of_an_apply_that_was_cut_off_is_renewed(
    initiator: Initiator, machine: FakeHost, deployment: Deployment, chap: ChapSettings
) -> None:
    configured(initiator, deployment, chap)
    machine.sessions[1].initiator = "iqn.1993-08.org.debian:01:154d4d709758"
    configured(initiator, deployment, chap)
    assert [one.initiator for one in machine.sessions.values()] == [NAME]


def test_changed_name_logs_in_again_also_to_targets_of_others(
    initiator: Initiator,
    machine: FakeHost,
    array: FakeArray,
    deployment: Deployment,
    chap: ChapSettings,
) -> None:
    array.shown.append(("172.20.12.221:3260", 1, "iqn.2015-05.org.zstack:foreign"))
    configured(initiator, deployment, chap)
    initiator.login("iqn.2015-05.org.zstack:foreign", A)
    initiator.set_name("iqn.2016-05.org.zstack:other")
    machine.daemon_name = NAME  # as if the name had been changed by hand, with sessions up
    for iqn in (FULL, "iqn.2015-05.org.zstack:foreign"):
        initiator.login(iqn, A)
    configured(initiator, deployment, chap)
    assert initiator.name() == NAME
    assert {one.iqn for one in machine.sessions.values()} == {
        FULL,
        "iqn.2015-05.org.zstack:foreign",
    }


def test_record_with_another_tag_is_replaced(
    initiator: Initiator, machine: FakeHost, deployment: Deployment, chap: ChapSettings
) -> None:
    configured(initiator, deployment, chap)
    record = machine.files[f"/etc/iscsi/nodes/{FULL}/172.20.12.221,3260,1/default"]
    machine.files[f"/etc/iscsi/nodes/{FULL}/172.20.12.221,3260,7/default"] = record
    configured(initiator, deployment, chap)
    assert Node(A, 7, FULL) not in initiator.nodes()
    assert configured(initiator, deployment, chap) == ()
    assert len(machine.sessions) == 1


def test_target_that_is_not_shown_is_named(
    initiator: Initiator, array: FakeArray, deployment: Deployment, chap: ChapSettings
) -> None:
    array.allowed.clear()
    with pytest.raises(DiscoveryRefused, match=rf"does not show .*{FULL} to {NAME}"):
        configured(initiator, deployment, chap)


def test_wrong_password_is_refused_and_mended(
    initiator: Initiator, deployment: Deployment, chap: ChapSettings, machine: FakeHost
) -> None:
    with pytest.raises(LoginRefused, match="authorization failure"):
        configured(initiator, deployment, ChapSettings("zstack", Secret("wrong")))
    assert configured(initiator, deployment, chap)
    assert len(machine.sessions) == 1


def test_dead_portal_is_named(
    initiator: Initiator, array: FakeArray, deployment: Deployment, chap: ChapSettings
) -> None:
    array.dead_portals.add("172.20.12.221:3260")
    with pytest.raises(PortalUnreachable, match=r"172\.20\.12\.221:3260 did not answer"):
        configured(initiator, deployment, chap)


def test_remove_leaves_the_host_as_it_was(
    initiator: Initiator, machine: FakeHost, deployment: Deployment, chap: ChapSettings
) -> None:
    configured(initiator, deployment, chap)
    assert remove(initiator, deployment)
    assert machine.files == {NAME_FILE: NAME_TEXT, CONF_FILE: CONF_TEXT}
    assert machine.modes[CONF_FILE] == 0o644
    assert machine.sessions == {}
    assert machine.daemon_name == ""


def test_remove_leaves_targets_of_others(
    initiator: Initiator,
    machine: FakeHost,
    array: FakeArray,
    deployment: Deployment,
    chap: ChapSettings,
) -> None:
    foreign = "iqn.2015-05.org.zstack:foreign"
    array.shown.append(("172.20.12.221:3260", 1, foreign))
    configured(initiator, deployment, chap)
    initiator.login(foreign, A)
    remove(initiator, deployment)
    assert [one.iqn for one in machine.sessions.values()] == [foreign]
    assert Node(A, 1, foreign) in initiator.nodes()


# --- LUNs ----------------------------------------------------------------------------------------

WWID = "36001405edfc0e0000000000000000000"
LINE = f"[6:0:0:0]    disk    LIO-ORG  lun-0            4.0   /dev/sda   {WWID}\n"


@pytest.fixture
def with_lun(monkeypatch: pytest.MonkeyPatch, machine: FakeHost) -> FakeHost:
    """A host that is to see one LUN, and sees it."""
    lun = LunView(FULL, 0, 0, 0, 1, "LIO-ORG", "lun-0", WWID, "x", "write through")
    monkeypatch.setattr(configure, "expected_luns", lambda deployment, host: (lun,))
    machine.answers["lsscsi", "-i"] = [Result(("lsscsi", "-i"), 0, LINE, "", 0.1)]
    return machine


def test_lun_that_was_mapped_later_is_scanned_for(
    initiator: Initiator, with_lun: FakeHost, deployment: Deployment, chap: ChapSettings
) -> None:
    configured(initiator, deployment, chap)
    assert not with_lun.ran("tee")
    with_lun.answers["lsscsi", "-i"].insert(0, Result(("lsscsi", "-i"), 0, "", "", 0.1))
    assert configured(initiator, deployment, chap) == (f"scanned for {WWID}",)
    assert with_lun.ran("tee")
    assert configured(initiator, deployment, chap) == ()


def test_lun_that_does_not_appear_is_named(
    initiator: Initiator, with_lun: FakeHost, deployment: Deployment, chap: ChapSettings
) -> None:
    del with_lun.answers["lsscsi", "-i"]
    with pytest.raises(WaitedInVain, match=f"not there: {WWID}"):
        configured(initiator, deployment, chap)
