from __future__ import annotations

from ipaddress import ip_interface
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sbsim.errors import SbsimError
from sbsim.machines.server import (
    BEGIN,
    END,
    parse_getent,
    parse_ip_addr,
    parse_lsmem,
    parse_os_release,
    with_hosts,
    with_minor,
)

CAPTURED = Path(__file__).parents[3] / "fixtures" / "captured" / "debian12" / "server"

NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True)
ADDRESSES = st.ip_addresses(v=4).map(str)


def captured(name: str) -> str:
    return (CAPTURED / f"{name}.txt").read_text()


def test_captured_release_is_debian_12() -> None:
    assert parse_os_release(captured("os-release")) == "debian-12"


@pytest.mark.parametrize(
    ("text", "release"),
    [
        ('ID="centos"\nVERSION_ID="7"\n', "centos-7"),
        ("ID=arch\n", "arch"),
        ("# a comment\n\nVERSION_ID=9.3\nID='rocky'\nNAME=\"Rocky Linux\"\n", "rocky-9.3"),
    ],
)
def test_release_is_read_with_and_without_quotes(text: str, release: str) -> None:
    assert parse_os_release(text) == release


def test_centos_tells_its_minor_version_elsewhere() -> None:
    text = "CentOS Linux release 7.4.1708 (Core)\n"
    assert with_minor("centos-7", text) == "centos-7.4"
    # os-release counts where the two are at odds, or the file says nothing.
    assert with_minor("centos-8", text) == "centos-8"
    assert with_minor("centos-7", "nothing\n") == "centos-7"


def test_release_without_id_is_an_error() -> None:
    with pytest.raises(SbsimError, match="names no ID"):
        parse_os_release("VERSION_ID=12\n")


def test_captured_memory_is_the_whole_512_mib() -> None:
    assert parse_lsmem(captured("lsmem")) == 512 * 2**20


def test_memory_that_is_not_told_is_an_error() -> None:
    with pytest.raises(SbsimError, match="no total"):
        parse_lsmem("lsmem: failed\n")


def test_captured_cards_have_addresses_mtu_and_cable() -> None:
    cards = {card.name: card for card in parse_ip_addr(captured("ip-address"))}
    assert cards["link1"].addresses == (ip_interface("172.20.11.107/16"),)
    assert (cards["link1"].mtu, cards["link1"].carrier) == (1500, True)
    assert "lo" not in cards


def test_card_without_cable_is_seen() -> None:
    text = captured("ip-address").replace('"LOWER_UP"', '"DORMANT"')
    assert not any(card.carrier for card in parse_ip_addr(text))


def test_getent_gives_every_address_of_a_name() -> None:
    text = "172.20.11.107   host1 host1.example\n172.20.12.241   host3\n10.0.0.1 host3\n"
    assert parse_getent(text) == {
        "host1": {"172.20.11.107"},
        "host1.example": {"172.20.11.107"},
        "host3": {"172.20.12.241", "10.0.0.1"},
    }


@given(
    st.lists(st.text(alphabet="abc #.\t1", max_size=20), max_size=8),
    st.dictionaries(NAMES, ADDRESSES),
)
def test_hosts_file_keeps_every_other_line(lines: list[str], entries: dict[str, str]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    new = with_hosts(text, entries)
    before, _, rest = new.partition(f"{BEGIN}\n")
    block, _, after = rest.partition(f"{END}\n")
    assert before + after == text
    assert parse_getent(block).keys() == entries.keys()


@given(st.dictionaries(NAMES, ADDRESSES), st.dictionaries(NAMES, ADDRESSES))
def test_hosts_file_written_again_is_replaced_in_place(
    first: dict[str, str], second: dict[str, str]
) -> None:
    text = with_hosts("127.0.0.1\tlocalhost\n", first) + "10.9.9.9\tmine\n"
    new = with_hosts(text, second)
    assert with_hosts(new, second) == new
    assert new.count(BEGIN) == 1
    assert new.endswith("10.9.9.9\tmine\n")
