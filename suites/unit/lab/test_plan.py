from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from sbsim.bundle import bundle_folder
from sbsim.deployment import load
from sbsim.errors import UsageError
from sbsim.lab.domains import Boot, _letters, domain_xml
from sbsim.lab.own_disk import _network
from sbsim.lab.plan import Plan, plan_for

DEPLOYMENTS = bundle_folder() / "fixtures" / "deployments"


@pytest.fixture
def plan() -> Plan:
    return plan_for(load(DEPLOYMENTS / "tutorial.toml"), "an-image")


def test_plan_has_the_guides_five_machines(plan: Plan) -> None:
    names = ["zstack-mn", "sharedblock-host1", "sharedblock-host2", "sharedblock-host3"]
    assert [machine.name for machine in plan.machines] == [*names, "openfiler"]


def test_machine_has_its_address_and_the_labs_scale(plan: Plan) -> None:
    host = plan.machine("sharedblock-host1")
    assert host.cards[1].addresses == ("172.20.11.107/16",)
    assert (host.cpus, host.memory) == (1, 512 * 2**20)


def test_storage_server_has_a_write_through_disk_per_lun(plan: Plan) -> None:
    disks = plan.machine("openfiler").disks
    assert [disk.size for disk in disks[:3]] == [20971520000, 26239565824, 31474057216]
    assert {disk.cache for disk in disks} == {"writethrough"}
    assert disks[0].device == "/dev/volume-1/zstack-sto-1"


def test_plan_travels_unchanged(plan: Plan) -> None:
    again = Plan.from_json(plan.to_json())
    assert again == plan
    assert again.key == plan.key


def test_other_machines_have_another_key(plan: Plan) -> None:
    other = plan_for(load(DEPLOYMENTS / "branch.toml"), "an-image")
    assert other.key != plan.key
    assert plan_for(load(DEPLOYMENTS / "tutorial.toml"), "another-image").key != plan.key


def test_port_on_a_fabric_is_a_card_with_its_mac_and_room_for_frames() -> None:
    plan = plan_for(load(DEPLOYMENTS / "fc-multipath.toml"), "an-image")
    assert dict(plan.bridges) == {"control": 1500, "link1": 1500, "link2": 2500, "link3": 2500}
    cards = {card.link: card for card in plan.machine("sharedblock-host2").cards}
    fabric = cards["fabric-2"]
    assert (fabric.mac, fabric.mtu, fabric.addresses) == ("52:54:5b:fd:01:12", 2500, ())
    assert fabric.name == "link3"
    storage = [card.mac for card in plan.machine("openfiler").cards if card.mtu == 2500]
    assert storage == ["52:54:5b:fc:02:01", "52:54:5b:fd:02:11"]
    assert "RequiredForOnline=no" in _network(fabric)
    assert "RequiredForOnline" not in _network(cards["lan"])


def test_port_that_is_no_network_card_is_refused(tmp_path: Path) -> None:
    text = (DEPLOYMENTS / "fc.toml").read_text()
    other = text.replace("20:00:52:54:5b:fc:01:01", "10:00:00:90:fa:01:02:03")
    (tmp_path / "hba.toml").write_text(other)
    with pytest.raises(UsageError, match="expected a WWPN of 20:00 and a card's MAC"):
        plan_for(load(tmp_path / "hba.toml"), "an-image")


def test_two_links_give_two_cards_and_two_bridges() -> None:
    plan = plan_for(load(DEPLOYMENTS / "multipath.toml"), "an-image")
    assert [name for name, _ in plan.bridges] == ["control", "link1", "link2"]
    assert [card.name for card in plan.machine("sharedblock-host2").cards] == [
        "control",
        "link1",
        "link2",
    ]


@pytest.mark.parametrize("file", ["tutorial", "multipath", "large", "branch"])
def test_names_that_must_differ_do(file: str) -> None:
    plan = plan_for(load(DEPLOYMENTS / f"{file}.toml"), "an-image")
    cards = [card for machine in plan.machines for card in machine.cards]
    for values in (
        [card.mac for card in cards],
        [card.tap for card in cards],
        [machine.control for machine in plan.machines],
    ):
        assert len(set(values)) == len(values)
    assert all(len(card.tap) <= 15 for card in cards)


@pytest.mark.parametrize("kvm", [True, False])
def test_domain_is_sound_xml_with_every_disk_and_card(plan: Plan, kvm: bool) -> None:
    boot = Boot(Path("/i"), Path("/d"), Path("/c"), kvm)
    tree = ElementTree.fromstring(domain_xml(plan.machine("openfiler"), boot))
    assert tree.get("type") == ("kvm" if kvm else "qemu")
    processors = tree.find("vcpu")
    assert processors is not None
    assert (processors.get("current"), processors.text) == ("1", "2")
    assert len(tree.findall("devices/disk")) == 3 + 4
    assert len(tree.findall("devices/interface")) == 2
    caches = {
        disk.findtext("serial"): disk.find("driver").get("cache")  # type: ignore[union-attr]
        for disk in tree.findall("devices/disk")
    }
    assert caches["sbsim-lun-1"] == "writethrough"


@pytest.mark.parametrize(
    ("number", "letters"), [(0, "a"), (25, "z"), (26, "aa"), (27, "ab"), (701, "zz"), (702, "aaa")]
)
def test_disks_are_lettered_as_linux_does(number: int, letters: str) -> None:
    assert _letters(number) == letters
