"""FC ports as sysfs tells them, and FCoE's units. The forms are those of facts/lab, section 6."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sbsim.initiator.errors import InitiatorError, UnreadableOutput
from sbsim.initiator.fc import fcoe
from sbsim.initiator.fc.sysfs import (
    HOSTS,
    REMOTE,
    parse_facts,
    parse_links,
    read_fc_hosts,
    read_remote_ports,
)
from sbsim.initiator.lsscsi import TransportLine, parse_lsscsi_transports
from sbsim.machines import Result

CARD = "../../devices/pci0000:00/0000:00:03.0/0000:03:00.0/virtio2/net/link2/ctlr_0"
ADAPTER = "../../devices/pci0000:00/0000:05:00.0"
HOST_LINKS = f"""\
{HOSTS}/host2 {CARD}/host2/fc_host/host2
{HOSTS}/host7 {ADAPTER}/host7/fc_host/host7
"""
HOST_FACTS = f"""\
{HOSTS}/host2/port_name:0x200052545bfc0101
{HOSTS}/host2/port_state:Online
{HOSTS}/host7/port_name:0x10000090fa010203
{HOSTS}/host7/port_state:Linkdown
"""
REMOTE_LINKS = "".join(
    f"{REMOTE}/rport-2:0-{n} {CARD}/host2/rport-2:0-{n}/fc_remote_ports/rport-2:0-{n}\n"
    for n in (0, 1, 2)
)
REMOTE_FACTS = f"""\
{REMOTE}/rport-2:0-0/port_name:0x200052545bfc0102
{REMOTE}/rport-2:0-0/port_state:Online
{REMOTE}/rport-2:0-0/roles:FCP Initiator
{REMOTE}/rport-2:0-0/scsi_target_id:-1
{REMOTE}/rport-2:0-1/port_name:0x200052545bfc0201
{REMOTE}/rport-2:0-1/port_state:Online
{REMOTE}/rport-2:0-1/roles:FCP Target, FCP Initiator
{REMOTE}/rport-2:0-1/scsi_target_id:0
{REMOTE}/rport-2:0-2/port_name:0x200052545bfc0301
{REMOTE}/rport-2:0-2/port_state:Blocked
{REMOTE}/rport-2:0-2/roles:FCP Target, FCP Initiator
{REMOTE}/rport-2:0-2/scsi_target_id:1
"""
CARDS = """[{"ifname":"lo","flags":["LOOPBACK"],"mtu":65536,"addr_info":[]},
{"ifname":"link2","flags":["UP","LOWER_UP"],"mtu":2500,"address":"52:54:5b:fc:01:01",
 "addr_info":[]}]"""


class Door:
    """A machine that answers `find` and `grep` with these texts, `ip` with its cards."""

    name = "host1"

    def __init__(self, links: str = "", facts: str = "", controllers: str = "") -> None:
        self._texts = {"find": links, "grep": facts, "ip": CARDS}
        self._controllers = controllers
        self.ran: list[tuple[tuple[str, ...], object]] = []
        self.files: dict[str, bytes] = {}

    def run(self, *argv: str, input: object = None, check: bool = True, **_: object) -> Result:
        self.ran.append((argv, input))
        if argv[0] == "test":
            return Result(argv, 0 if argv[-1] in self.files else 1, "", "", 0.0)
        if argv[:2] == ("ln", "-sf"):
            self.files[argv[3]] = b"link"
        if argv[:2] == ("find", f"{fcoe.BUS}/devices"):
            return Result(argv, 0, self._controllers, "", 0.0)
        if argv[:2] == ("find", fcoe.WANTS):
            names = [path for path in self.files if path.startswith(fcoe.WANTS)]
            return Result(argv, 0, "".join(f"{path} x\n" for path in names), "", 0.0)
        return Result(argv, 0, self._texts.get(argv[0], ""), "", 0.0)

    def read(self, path: str) -> bytes:
        if path not in self.files:
            raise FileNotFoundError(path)
        return self.files[path]

    def write(self, path: str, data: bytes, mode: int = 0o644, owner: object = None) -> None:
        self.files[path] = data


# --- ports ----------------------------------------------------------------------------------------


def test_own_ports_are_read_with_the_card_that_carries_them() -> None:
    first, second = read_fc_hosts(Door(HOST_LINKS, HOST_FACTS))  # type: ignore[arg-type]
    assert (first.number, first.wwpn, first.online, first.card) == (
        2, "20:00:52:54:5b:fc:01:01", True, "link2",
    )  # fmt: skip
    assert (second.number, second.online, second.card) == (7, False, None)


def test_remote_port_is_a_target_by_its_role_and_usable_while_it_is_online() -> None:
    ports = read_remote_ports(Door(REMOTE_LINKS, REMOTE_FACTS))  # type: ignore[arg-type]
    assert [(one.wwpn[-5:], one.is_target, one.usable) for one in ports] == [
        ("01:02", False, False),
        ("02:01", True, True),
        ("03:01", True, False),
    ]
    assert (ports[1].target_name, ports[1].place) == (
        "naa.200052545bfc0201", "20:00:52:54:5b:fc:02:01",
    )  # fmt: skip


def test_target_that_was_never_given_a_number_is_none() -> None:
    # The trap: the port came before its target, and is not scanned.
    facts = REMOTE_FACTS.replace("scsi_target_id:0", "scsi_target_id:-1")
    ports = read_remote_ports(Door(REMOTE_LINKS, facts))  # type: ignore[arg-type]
    assert not ports[1].is_target


def test_machine_without_the_modules_has_no_ports() -> None:
    assert read_fc_hosts(Door()) == ()  # type: ignore[arg-type]
    assert read_remote_ports(Door()) == ()  # type: ignore[arg-type]


def test_port_that_goes_while_it_is_read_is_left_out() -> None:
    gone = "\n".join(line for line in HOST_FACTS.splitlines() if "host7" not in line)
    assert len(read_fc_hosts(Door(HOST_LINKS, gone))) == 1  # type: ignore[arg-type]


def test_name_that_is_no_wwpn_is_told() -> None:
    facts = HOST_FACTS.replace("0x200052545bfc0101", "eth0")
    with pytest.raises(UnreadableOutput, match="a WWPN such as 0x200052545bfc0101, found 'eth0'"):
        read_fc_hosts(Door(HOST_LINKS, facts))  # type: ignore[arg-type]


names = st.from_regex(r"[a-z_]{1,12}", fullmatch=True)
values = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20).map(str.strip)
folders = st.from_regex(r"/sys/class/fc_remote_ports/rport-[0-9]{1,3}:0-[0-9]", fullmatch=True)


@given(st.dictionaries(folders, st.dictionaries(names, values, min_size=1)))
def test_facts_are_read_as_grep_writes_them(facts: dict[str, dict[str, str]]) -> None:
    written = "".join(
        f"{folder}/{name}:{value}\n"
        for folder, told in facts.items()
        for name, value in told.items()
    )
    assert parse_facts(written) == facts


@given(st.text(max_size=200))
def test_no_text_breaks_the_readers(text: str) -> None:
    parse_facts(text)
    parse_links(text)


# --- lsscsi ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["fcoe", "fc"])
def test_transport_view_names_the_targets_port(kind: str) -> None:
    text = f"[2:0:0:1]    disk    {kind}:0x200052545bfc0201,0x000201  /dev/sdb   26.2GB\n"
    (line,) = parse_lsscsi_transports(text)
    assert isinstance(line, TransportLine)
    assert (line.wwpn, line.iqn, line.tag) == ("20:00:52:54:5b:fc:02:01", None, None)
    assert (line.node, line.size) == ("/dev/sdb", "26.2GB")


def test_iscsi_has_no_wwpn() -> None:
    text = "[6:0:0:0]    disk    iqn.2015-05.org.zstack:tsn.200001,t,0x1  /dev/sda   20.9GB\n"
    assert parse_lsscsi_transports(text)[0].wwpn is None


# --- FCoE -----------------------------------------------------------------------------------------

CONTROLLER = f"{fcoe.BUS}/devices/ctlr_3 ../{CARD.replace('ctlr_0', 'ctlr_3')}\n"


def test_port_is_made_by_three_writes_in_this_order() -> None:
    door = Door(controllers=CONTROLLER)
    fcoe.make(door, "link2")  # type: ignore[arg-type]
    folder = f"{fcoe.BUS}/devices/ctlr_3"
    assert [(argv[-1], text) for argv, text in door.ran if argv[0] == "tee"] == [
        (f"{fcoe.BUS}/ctlr_create", "link2"),
        (f"{folder}/mode", "vn2vn"),
        (f"{folder}/enabled", "1"),
    ]
    assert door.ran[0][0] == ("modprobe", "-a", "libfcoe", "fcoe")


def test_controller_that_does_not_come_up_is_told() -> None:
    with pytest.raises(InitiatorError, match="no FCoE controller came up on link2"):
        fcoe.make(Door(), "link2")  # type: ignore[arg-type]


def test_card_is_found_by_the_mac_in_the_name() -> None:
    assert fcoe.card_of(Door(), "20:00:52:54:5b:fc:01:01") == "link2"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wwpn", "words"),
    [
        ("20:00:52:54:5b:fc:01:99", "nor a network card with the MAC 52:54:5b:fc:01:99"),
        ("10:00:00:90:fa:01:02:03", "over Ethernet there is none"),
    ],
)
def test_port_that_is_nowhere_is_told(wwpn: str, words: str) -> None:
    with pytest.raises(InitiatorError, match=words):
        fcoe.card_of(Door(), wwpn)  # type: ignore[arg-type]


def test_port_is_kept_over_a_restart_once() -> None:
    door = Door()
    assert fcoe.keep(door, "link2")  # type: ignore[arg-type]
    assert not fcoe.keep(door, "link2")  # type: ignore[arg-type]
    assert fcoe.kept(door) == ("link2",)  # type: ignore[arg-type]
    text = door.files[f"{fcoe.UNITS}/{fcoe.UNIT}"].decode()
    # The array's targets come first, and the port is made as `make` makes it.
    assert "After=sbsim-target.service" in text
    for one in ("ctlr_create", "echo vn2vn > mode && echo 1 > enabled", "modprobe -a libfcoe fcoe"):
        assert one in text
