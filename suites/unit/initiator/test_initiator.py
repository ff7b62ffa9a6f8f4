"""The initiator's single actions and its errors."""

from __future__ import annotations

import pytest

from sbsim.deployment import Portal
from sbsim.errors import CommandFailed, WaitedInVain
from sbsim.initiator import (
    DiscoveryRefused,
    Initiator,
    InitiatorError,
    LoginFailed,
    LoginRefused,
    Node,
    PortalUnreachable,
    Timeouts,
    ToolsDisagree,
    UnknownNode,
    lsblk,
)
from sbsim.machines import Result
from sbsim.testing import FakeClock

from .captured import captured
from .fake_host import CONF_FILE, FakeArray, FakeHost

NAME = "iqn.2016-05.org.zstack:host1"
FULL = "iqn.2015-05.org.zstack:full"
A = Portal.model_validate({"address": "172.20.12.221"})
NODE = Node(A, 1, FULL)
LOGIN = (
    "iscsiadm", "--mode", "node", "--targetname", FULL, "--portal", str(A), "--login",
)  # fmt: skip
# SCSI's numbers for the types of designators.
NAA, TARGET_PORT_GROUP = 3, 5
PAGE = "/sys/class/scsi_device/{}/device/vpd_pg83"
DISCOVERY = ("iscsiadm", "-m", "discovery", "-t", "sendtargets", "-p", str(A), "-o", "none")


@pytest.fixture
def named(initiator: Initiator, array: FakeArray) -> Initiator:
    """An initiator that the array knows, with both records."""
    array.account = None
    initiator.set_name(NAME)
    initiator.discover(A)
    return initiator


def says(machine: FakeHost, argv: tuple[str, ...], *answers: tuple[int, str]) -> None:
    machine.answers[argv] = [Result(argv, status, "", text, 0.1) for status, text in answers]


def test_host_without_anything_has_nothing(initiator: Initiator) -> None:
    assert initiator.sessions() == initiator.nodes() == initiator.devices() == ()
    assert initiator.login_all() == ()
    assert initiator.logout_all() is False
    assert initiator.rescan_hosts() == 0
    assert initiator.rescan_disks() is False


def test_name_that_is_set_already_stops_no_daemon(named: Initiator, machine: FakeHost) -> None:
    machine.commands.clear()
    assert named.set_name(NAME) is False
    assert machine.commands == []


def test_new_name_ends_sessions_before_the_daemon(named: Initiator, machine: FakeHost) -> None:
    named.login(FULL, A)
    machine.commands.clear()
    assert named.set_name("iqn.2016-05.org.zstack:other") is True
    assert [argv[-1] for argv in machine.commands] == ["--logout", "iscsid.service", "0"]
    assert machine.sessions == {}


def test_login_and_logout_are_repeatable(named: Initiator) -> None:
    assert (named.login(FULL, A), named.login(FULL, A)) == (True, False)
    (session,) = named.sessions()
    assert (session.node, session.state, session.connection, session.scsi_host) == (
        NODE,
        "LOGGED_IN",
        "up",
        6,
    )
    assert session.usable
    assert (named.logout(FULL, A), named.logout(FULL, A)) == (True, False)


def test_cut_session_is_not_usable(named: Initiator, machine: FakeHost) -> None:
    named.login(FULL, A)
    machine.sessions[1].state, machine.sessions[1].connection = "FAILED", "failed"
    (session,) = named.sessions()
    assert (session.state, session.connection, session.usable) == ("FAILED", "failed", False)


def test_login_all_takes_every_record(named: Initiator) -> None:
    assert {node.portal.address.packed[1] for node in named.login_all()} == {20, 21}
    assert named.login_all() == ()


@pytest.mark.parametrize(
    ("status", "error"),
    [(24, LoginRefused), (8, PortalUnreachable), (4, PortalUnreachable), (21, UnknownNode),
     (19, LoginFailed), (7, LoginFailed), (15, LoginFailed)],
)  # fmt: skip
def test_login_that_fails_is_told_by_its_status(
    named: Initiator, machine: FakeHost, status: int, error: type[InitiatorError]
) -> None:
    # 15 (session exists) without a session: iscsid is still trying an earlier login.
    says(machine, LOGIN, (status, "iscsiadm: it said so.\niscsiadm: it said so.\n"))
    with pytest.raises(error, match=FULL) as caught:
        named.login(FULL, A)
    assert caught.value.status == status
    assert status == 21 or str(caught.value).count("it said so") == 1


def test_login_asks_first_whether_the_portal_answers(
    named: Initiator, array: FakeArray, machine: FakeHost
) -> None:
    array.dead_portals.add(str(A))
    with pytest.raises(PortalUnreachable):
        named.login(FULL, A)
    assert not machine.ran("--login")


@pytest.mark.parametrize(
    ("status", "error"),
    [(11, PortalUnreachable), (4, PortalUnreachable), (24, DiscoveryRefused), (6, InitiatorError)],
)
def test_discovery_that_fails_is_told_by_its_status(
    initiator: Initiator, machine: FakeHost, status: int, error: type[InitiatorError]
) -> None:
    says(machine, (*DISCOVERY[:-1], "nonpersistent"), (status, "iscsiadm: oh\n"))
    with pytest.raises(error, match="oh") as caught:
        initiator.discover(A, records="none")
    assert type(caught.value) is error


def test_discovery_that_hangs_is_a_portal_that_does_not_answer(
    initiator: Initiator, array: FakeArray
) -> None:
    array.dead_portals.add(str(A))
    with pytest.raises(PortalUnreachable, match="within 25 s"):
        initiator.discover(A)


def test_discovery_keeps_records_that_exist(named: Initiator) -> None:
    named.set_startup("automatic", [NODE])
    named.discover(A)
    assert named.startup_of(NODE) == "automatic"
    named.discover(A, records="renew")
    assert named.startup_of(NODE) == "manual"


def test_discovery_without_records_leaves_none(named: Initiator) -> None:
    for node in named.nodes():
        assert named.forget(node) is True
    assert named.forget(NODE) is False
    assert NODE in named.discover(A, records="none")
    assert named.nodes() == ()


def test_unknown_initiator_discovers_nothing(initiator: Initiator) -> None:
    assert initiator.discover(A) == ()


def test_startup_is_set_where_it_differs(named: Initiator) -> None:
    assert len(named.set_startup("automatic")) == 2
    assert named.set_startup("automatic") == ()


def test_record_of_an_unknown_node_says_so(initiator: Initiator) -> None:
    with pytest.raises(UnknownNode, match="discover it first"):
        initiator.startup_of(NODE)


def test_timeouts_are_set_in_file_and_records(named: Initiator, machine: FakeHost) -> None:
    wanted = Timeouts(replacement=5, noop_interval=2, noop_timeout=3)
    assert named.timeouts() == Timeouts()
    assert (named.set_timeouts(wanted), named.set_timeouts(wanted)) == (True, False)
    assert named.timeouts() == named.record_of(NODE).timeouts == wanted
    assert "node.session.timeo.replacement_timeout = 5\n" in machine.files[CONF_FILE]


def test_logout_waits_until_iscsid_has_its_sessions(
    named: Initiator, machine: FakeHost, clock: FakeClock
) -> None:
    argv = ("iscsiadm", "-m", "session", "--logout")
    says(machine, argv, (2, "busy"), (32, "busy"), (0, ""))
    assert named.logout_all() is True
    assert clock.time == 2.0


def test_logout_gives_up_after_its_limit(named: Initiator, machine: FakeHost) -> None:
    says(machine, ("iscsiadm", "-m", "session", "--logout"), (32, "busy"))
    with pytest.raises(WaitedInVain, match="host1's sessions to end"):
        named.logout_all()


def test_session_list_that_fails_is_an_error(initiator: Initiator, machine: FakeHost) -> None:
    says(machine, ("iscsiadm", "-m", "session"), (20, "iscsiadm: can not connect to iSCSI daemon"))
    with pytest.raises(CommandFailed, match="can not connect"):
        initiator.sessions()


def test_rescan_writes_to_every_iscsi_host(named: Initiator, machine: FakeHost) -> None:
    named.login_all()
    assert named.rescan_hosts() == 2
    assert machine.commands[-1] == (
        "tee",
        "/sys/class/scsi_host/host6/scan",
        "/sys/class/scsi_host/host7/scan",
    )


# --- devices, from real output -------------------------------------------------------------------


def shows(machine: FakeHost, state: str = "four_luns") -> None:
    """Let the tools print what was captured."""
    for argv, name in (
        (("lsscsi",), "lsscsi/lsscsi"),
        (("lsscsi", "-st"), "lsscsi/lsscsi_-st"),
        (("lsscsi", "-i"), "lsscsi/lsscsi_-i"),
        (lsblk.ARGV, "lsblk/lsblk_-J"),
        (("fdisk", "-l"), "fdisk/fdisk_-l"),
    ):
        text = _captured(name, state)
        machine.answers[argv] = [Result(argv, 0, text, "", 0.1)]
    for lun in range(4):
        machine.files[f"/sys/class/scsi_disk/6:0:0:{lun}/cache_type"] = "write through\n"


def _captured(name: str, state: str) -> str:
    try:
        return captured(f"debian12/{name}.{state}.txt")
    except FileNotFoundError:
        return captured(f"debian12/{name}.four_luns.txt")


def test_devices_have_all_their_facts(named: Initiator, machine: FakeHost) -> None:
    named.login(FULL, A)
    shows(machine)
    device = named.devices()[1]
    assert (str(device.hctl), device.path, device.bytes) == ("6:0:0:1", "/dev/sdd", 26239565824)
    assert (device.wwid, device.serial) == ("36001405fc7f830000000000000000000", "FVnSC7-xfj8-rwq3")
    assert (device.iqn, device.tag, device.portal) == ("iqn.2015-05.org.zstack:tsn.200001", 1, A)
    assert (device.vendor, device.model, device.revision) == ("LIO-ORG", "IBLOCK", "4.0")
    assert (device.cache_type, device.state, device.kind) == ("write through", "running", "disk")


def test_disk_without_driver_has_no_path(named: Initiator, machine: FakeHost) -> None:
    shows(machine, "one_without_driver")
    device = named.devices()[3]
    assert (device.path, device.bytes, device.wwid) == (None, None, None)


def test_other_devices_have_no_target(named: Initiator, machine: FakeHost) -> None:
    shows(machine, "with_cd")
    device = named.devices()[-1]
    assert (device.kind, device.iqn, device.portal, device.cache_type) == (
        "cd/dvd",
        None,
        None,
        None,
    )


def test_fdisk_leaves_blocked_disks_alone(named: Initiator, machine: FakeHost) -> None:
    shows(machine, "blocked")
    assert {device.state for device in named.devices()} == {"blocked"}
    assert machine.ran("fdisk") == [("fdisk", "-l", "/dev/vda", "/dev/vdb", "/dev/vdc")]


@pytest.mark.parametrize(
    ("argv", "old", "new", "told"),
    [
        (("fdisk", "-l"), "26239565824 bytes", "26239565312 bytes", "fdisk shows 26239565312"),
        (("lsscsi", "-st"), "26.2GB", "26.4GB", "lsscsi -st shows 26.4GB"),
        (("lsscsi", "-st"), "/dev/sdd", "/dev/sdx", "different columns of [6:0:0:1]"),
        (("lsscsi", "-i"), "36001405fc7f83", "36001405fc7f84", "the id 36001405fc7f84"),
        (("lsscsi",), "[6:0:0:1] ", "[6:0:1:1] ", "shows [6:0:1:1]"),
        (("fdisk", "-l"), "Disk /dev/sdd", "Disk /dev/sde", "fdisk does not"),
    ],
)
def test_tools_that_disagree_are_told(
    named: Initiator, machine: FakeHost, argv: tuple[str, ...], old: str, new: str, told: str
) -> None:
    shows(machine)
    (answer,) = machine.answers[argv]
    assert old in answer.stdout
    machine.answers[argv] = [Result(argv, 0, answer.stdout.replace(old, new), "", 0.1)]
    with pytest.raises(ToolsDisagree) as caught:
        named.devices()
    assert told in str(caught.value)


def test_disagreement_that_passes_is_waited_for(
    named: Initiator, machine: FakeHost, clock: FakeClock
) -> None:
    shows(machine)
    (answer,) = machine.answers["lsscsi",]
    early = "\n".join(answer.stdout.splitlines()[:3]) + "\n"
    machine.answers["lsscsi",] = [Result(("lsscsi",), 0, early, "", 0.1), answer]
    assert len(named.devices()) == 4
    assert clock.time == 1.0


def test_disk_that_lsblk_calls_otherwise_is_told(named: Initiator, machine: FakeHost) -> None:
    shows(machine)
    (answer,) = machine.answers[lsblk.ARGV]
    text = answer.stdout.replace("/dev/sdd", "/dev/sdx")
    machine.answers[lsblk.ARGV] = [Result(lsblk.ARGV, 0, text, "", 0.1)]
    with pytest.raises(ToolsDisagree, match=r"lsscsi shows /dev/sdd for .*, lsblk /dev/sdx"):
        named.devices()


def test_settle_waits_for_every_disk_to_have_its_id(
    named: Initiator, machine: FakeHost, clock: FakeClock
) -> None:
    shows(machine, "one_without_driver")
    with pytest.raises(WaitedInVain, match="without device or id: 6:0:0:3"):
        named.settle(limit_seconds=5)
    assert clock.time >= 5
    shows(machine)
    named.settle()


def test_settle_waits_for_the_named_luns(
    named: Initiator, machine: FakeHost, clock: FakeClock
) -> None:
    shows(machine, "one_without_driver")
    (early,) = machine.answers["lsscsi", "-i"]
    shows(machine)
    machine.answers["lsscsi", "-i"].insert(0, early)
    named.settle(wwids=["36001405b001000000000000000000000"])
    assert clock.time > 0
    with pytest.raises(WaitedInVain, match="36001405ffff"):
        named.settle(wwids=["36001405ffff"], limit_seconds=5)


def without_link(machine: FakeHost, argv: tuple[str, ...]) -> str:
    """Have `lsscsi -i` show the last disk without an id, as it shows a LUN's second path."""
    (answer,) = machine.answers[argv]
    last = answer.stdout.splitlines()[-1].split()
    text = answer.stdout.replace(last[-1], "-")
    machine.answers[argv] = [Result(argv, 0, text, "", 0.1)]
    return last[-1]


def page(kind: int, value: bytes) -> bytes:
    """VPD page 0x83 with one binary designator."""
    entry = bytes((1, kind, 0, len(value))) + value
    return bytes((0, 0x83)) + len(entry).to_bytes(2, "big") + entry


def test_path_that_udev_does_not_link_has_the_kernels_id(
    named: Initiator, machine: FakeHost
) -> None:
    shows(machine)
    id = without_link(machine, ("lsscsi", "-i"))
    hctl = machine.answers["lsscsi", "-i"][0].stdout.splitlines()[-1].split("]")[0].strip("[")
    machine.write(PAGE.format(hctl), page(NAA, bytes.fromhex(id[1:])))
    named.settle(wwids=[id])
    assert [line.wwid for line in named.disk_ids()][-1] == id
    assert named.devices()[-1].wwid == id


def test_disk_whose_kernel_tells_no_id_of_the_lun_is_not_settled(
    named: Initiator, machine: FakeHost
) -> None:
    shows(machine)
    without_link(machine, ("lsscsi", "-i"))
    hctl = machine.answers["lsscsi", "-i"][0].stdout.splitlines()[-1].split("]")[0].strip("[")
    machine.write(PAGE.format(hctl), page(TARGET_PORT_GROUP, b"\0\0\0\1"))
    with pytest.raises(WaitedInVain, match="without device or id"):
        named.settle(limit_seconds=2)
