"""Findings of descriptions over Fibre Channel, and of what belongs to the other transport.

Each case changes fixtures/deployments/fc.toml; the comment `# HERE` marks the line that must be
reported.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sbsim.deployment import Finding, load
from sbsim.deployment.unfit import Unfit
from sbsim.deployment.wwpn import mac_of, naa_of, wwpn, wwpn_of

from .conftest import assert_says

DEPLOYMENTS = Path(__file__).parents[3] / "fixtures" / "deployments"
FC = (DEPLOYMENTS / "fc.toml").read_text()
MULTIPATH = (DEPLOYMENTS / "fc-multipath.toml").read_text()
HOST_1 = 'ports = [{wwpn = "20:00:52:54:5b:fc:01:01", link = "fabric-1"}]'
ARRAY = 'ports = [{wwpn = "20:00:52:54:5b:fc:02:01", link = "fabric-1"}]'
ADDRESS_1 = 'address = "172.20.11.107"'
FABRIC = 'name = "fabric-1"\ntransport = "fc"\n'


def case(name: str, field: str, words: str, *edits: str) -> Any:
    """Edits are old and new texts in turn; `words` (split by |) must be in the finding."""
    return pytest.param(field, words, edits, id=name)


def port(name: str, link: str = "fabric-1") -> str:
    return f'ports = [{{wwpn = "{name}", link = "{link}"}}]'


WRONG = [
    case("WWPN in capitals", "hosts[0].ports[0].wwpn", "write '20:00:52:54:5b:fc:01:01'", HOST_1,
         f"{port('20:00:52:54:5B:FC:01:01')} # HERE"),
    case("WWPN as sysfs has it", "hosts[0].ports[0].wwpn", "write '20:00:52:54:5b:fc:01:01'",
         HOST_1, f"{port('0x200052545bfc0101')} # HERE"),
    case("WWPN as LIO has it", "hosts[0].ports[0].wwpn", "write '20:00:52:54:5b:fc:01:01'",
         HOST_1, f"{port('naa.200052545bfc0101')} # HERE"),
    case("MAC instead of a WWPN", "hosts[0].ports[0].wwpn", "write '20:00:52:54:5b:fc:01:01'",
         HOST_1, f"{port('52:54:5b:fc:01:01')} # HERE"),
    case("no WWPN at all", "hosts[0].ports[0].wwpn", "WWPN of eight bytes|for example", HOST_1,
         f"{port('host-1')} # HERE"),
    case("number as WWPN", "hosts[0].ports[0].wwpn", "found 7|WWPN of eight bytes", HOST_1,
         'ports = [{wwpn = 7, link = "fabric-1"}] # HERE'),
    case("WWPN of another host", "hosts[1].ports[0].wwpn", "sharedblock-host1 already has",
         port("20:00:52:54:5b:fc:01:02"), f"{port('20:00:52:54:5b:fc:01:01')} # HERE"),
    case("WWPN of the array's port", "storage_servers[0].controllers[0].ports[0].wwpn",
         "sharedblock-host1 already has", ARRAY, f"{port('20:00:52:54:5b:fc:01:01')} # HERE"),
    case("port on the LAN", "hosts[0].ports[0].link", "'lan'|a link with transport = \"fc\"",
         HOST_1, f"{port('20:00:52:54:5b:fc:01:01', 'lan')} # HERE"),
    case("port on a link that is not there", "hosts[0].ports[0].link", "did you mean 'fabric-1'?",
         HOST_1, f"{port('20:00:52:54:5b:fc:01:01', 'fabric-i')} # HERE"),
    case("host without ports", "hosts[0].ports", "nothing|Fibre Channel ports|for example ports =",
         f"{HOST_1}\n", "", '[[hosts]]\nname = "sharedblock-host1"',
         '[[hosts]] # HERE\nname = "sharedblock-host1"'),
    case("host with an empty list of ports", "hosts[0].ports", "an empty array|at least one",
         HOST_1, "ports = [] # HERE"),
    case("controller without ports", "storage_servers[0].controllers[0].ports", "nothing|ports",
         f"{ARRAY}\n", "", "[[storage_servers.controllers]]",
         "[[storage_servers.controllers]] # HERE"),
    case("mistyped ports", "hosts[0].port", "did you mean 'ports'?", HOST_1,
         HOST_1.replace("ports =", "port =") + " # HERE"),
    case("initiator name", "hosts[0].initiator", "iSCSI name|Fibre Channel|remove it", ADDRESS_1,
         f'{ADDRESS_1}\ninitiator = "iqn.2016-05.org.zstack:ocfs2-host1" # HERE'),
    case("portals", "storage_servers[0].controllers[0].portals", "iSCSI portals|remove it", ARRAY,
         f'{ARRAY}\nportals = [{{address = "172.20.12.221"}}] # HERE'),
    case("name of a target", "storage_servers[0].targets[0].iqn", "iSCSI name|remove it",
         "[[storage_servers.targets]]\n",
         '[[storage_servers.targets]]\niqn = "iqn.2015-05.org.zstack:one" # HERE\n'),
    case("CHAP", "chap", "CHAP over Fibre Channel|WWPNs alone", "[management_node]",
         '[chap] # HERE\nuser = "zstack"\npassword = {env = "X"}\n[management_node]'),
    case("subnets of a fabric", "links[1].subnets", "subnets over Fibre Channel|remove it", FABRIC,
         f'{FABRIC}subnets = ["172.21.0.0/16"] # HERE\n'),
    case("fabric that is not for LUNs", "links[1].storage", "for LUNs alone", FABRIC,
         f"{FABRIC}storage = false # HERE\n"),
    case("iSCSI beside it", "links[0]", "iSCSI on lan beside Fibre Channel|storage = false",
         "[[links]]\nname = \"lan\"", "[[links]] # HERE\nname = \"lan\"", "storage = false\n", ""),
    case("unknown transport", "links[1].transport", "'iscsi', 'fc'", 'transport = "fc"',
         'transport = "fcoe" # HERE'),
    case("second target", "storage_servers[0].targets[1]", "a second target of openfiler",
         "# --- The primary storage", "[[storage_servers.targets]] # HERE\n# ---"),
]  # fmt: skip


def test_both_descriptions_are_sound() -> None:
    assert load(DEPLOYMENTS / "fc.toml").transport == "fc"
    assert load(DEPLOYMENTS / "fc-multipath.toml").transport == "fc"
    assert load(DEPLOYMENTS / "tutorial.toml").transport == "iscsi"


# A transport that nobody knows, or a fabric that is missed, has more than one consequence.
@pytest.mark.parametrize(("field", "words", "edits"), WRONG)
def test_fault_is_told_where_it_stands(
    findings_of: Callable[[str], list[Finding]], field: str, words: str, edits: tuple[str, ...]
) -> None:
    text = FC
    for old, new in zip(edits[::2], edits[1::2], strict=True):
        assert text.count(old) >= 1, old
        text = text.replace(old, new, 1)
    findings = findings_of(text)
    if field != "links[1].transport":
        assert [one.field for one in findings] == [field], "\n".join(map(str, findings))
    assert_says(next(one for one in findings if one.field == field), text, words)


def test_ports_need_a_fabric(findings_of: Callable[[str], list[Finding]], small: str) -> None:
    text = small.replace('name = "host-1"\n', f'name = "host-1"\n{HOST_1}\n', 1)
    (finding,) = findings_of(text)
    assert (finding.field, finding.found) == ("hosts[0].ports", "Fibre Channel ports")
    assert 'transport = "fc"' in str(finding)


def test_two_ports_of_a_machine_are_on_two_fabrics(
    findings_of: Callable[[str], list[Finding]],
) -> None:
    old = '"20:00:52:54:5b:fd:01:11", link = "fabric-2"'
    (finding,) = findings_of(MULTIPATH.replace(old, old.replace("fabric-2", "fabric-1")))
    assert finding.field == "hosts[0].ports[1].link"
    assert "a second port of sharedblock-host1 on 'fabric-1'" in str(finding)


def test_host_shares_a_fabric_with_the_array(findings_of: Callable[[str], list[Finding]]) -> None:
    text = FC.replace(FABRIC, f'{FABRIC}\n[[links]]\nname = "fabric-2"\ntransport = "fc"\n')
    (finding,) = findings_of(text.replace(HOST_1, HOST_1.replace("fabric-1", "fabric-2")))
    assert finding.field == "hosts[0].ports"
    assert "no port of sharedblock-host1 on a link of a controller" in str(finding)


# --- WWPNs --------------------------------------------------------------------------------------

wwpns = st.builds(
    lambda first, rest: ":".join(f"{byte:02x}" for byte in (first, *rest)),
    st.sampled_from([0x10, 0x20, 0x21, 0x50, 0xC0, 0xFF]),
    st.lists(st.integers(0, 255), min_size=7, max_size=7),
)


@given(wwpns)
def test_every_spelling_of_a_wwpn_is_known(name: str) -> None:
    assert wwpn(name) == name
    assert wwpn_of(naa_of(name)) == name
    assert wwpn_of(f"0x{name.replace(':', '')}\n") == name
    for other in (naa_of(name), f"0x{name.replace(':', '')}", name.replace(":", "-")):
        with pytest.raises(Unfit) as refused:
            wwpn(other)
        assert refused.value.advice == f"write '{name}'"


@given(st.text(max_size=30) | st.integers() | st.none() | st.lists(st.integers(), max_size=2))
def test_what_is_no_wwpn_is_refused_in_words(value: object) -> None:
    with pytest.raises(Unfit, match="WWPN of eight bytes"):
        wwpn(value)


@given(st.lists(st.integers(0, 255), min_size=6, max_size=6))
def test_port_over_ethernet_is_named_by_its_card(mac: list[int]) -> None:
    text = ":".join(f"{byte:02x}" for byte in mac)
    # The lowest bit of the first byte marks groups, which no card is.
    assert mac_of(f"20:00:{text}") == (None if mac[0] & 1 else text)
    assert mac_of(f"10:00:{text}") is None
