"""The deployment's questions, on the descriptions that come with sbsim."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import pytest
from pydantic import ValidationError

from sbsim.deployment import Deployment, Host, Portal, load, report
from sbsim.errors import UsageError

DESCRIPTIONS = Path(__file__).parents[3] / "fixtures" / "deployments"


@pytest.fixture(scope="module")
def tutorial() -> Deployment:
    return load(DESCRIPTIONS / "tutorial.toml")


@pytest.fixture(scope="module")
def multipath() -> Deployment:
    return load(DESCRIPTIONS / "multipath.toml")


@pytest.fixture(scope="module")
def large() -> Deployment:
    return load(DESCRIPTIONS / "large.toml")


@pytest.mark.parametrize("file", sorted(DESCRIPTIONS.glob("*.toml")), ids=lambda file: file.name)
def test_shipped_description_has_no_finding(file: Path) -> None:
    assert report(file)[0] == []


def test_tutorial_is_the_guides_deployment(tutorial: Deployment) -> None:
    servers = {machine.name: str(machine.address) for machine in tutorial.machines}
    assert servers == {
        "zstack-mn": "172.20.12.249",
        "sharedblock-host1": "172.20.11.107",
        "sharedblock-host2": "172.20.11.244",
        "sharedblock-host3": "172.20.12.241",
        "openfiler": "172.20.12.221",
    }
    assert [host.initiator for host in tutorial.hosts] == [
        f"iqn.2016-05.org.zstack:ocfs2-host{number}" for number in (1, 2, 3)
    ]
    asked = (tutorial.management_node, *tutorial.hosts)
    assert {(machine.cpus, machine.memory) for machine in asked} == {(4, 8 << 30)}
    assert tutorial.lab.scale is not None
    assert (tutorial.lab.scale.cpus, tutorial.lab.scale.memory) == (1, 512 << 20)


def test_tutorial_has_the_guides_targets(tutorial: Deployment) -> None:
    full, empty = tutorial.targets
    assert full.iqn == "iqn.2015-05.org.zstack:tsn.200001"
    assert empty.iqn == "iqn.2015-05.org.zstack:tsn.100001"
    assert empty.luns == ()
    assert [(lun.lun, lun.name, lun.size, lun.serial) for lun in full.luns] == [
        (0, "zstack-sto-1", 20971520000, "LzedfI-cZI0-qKej"),
        (1, "zstack-sto-2", 26239565824, "FVnSC7-xfj8-rwq3"),
        (2, "zstack-sto-3", 31474057216, "21IqYi-RghT-0AE6"),
        (3, "zstack-sto-4", 36708548608, "GgYkGT-GBUu-00J1"),
    ]
    assert {(lun.cache, lun.backing) for lun in full.luns} == {("write-through", "block")}
    assert len({lun.wwid for lun in full.luns}) == 4


def test_tutorial_uses_the_guides_chap(
    tutorial: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SBSIM_CHAP_PASSWORD", raising=False)
    assert tutorial.chap is not None
    assert tutorial.chap.user == "zstack"
    password = tutorial.chap.password
    assert password.resolve(lab=True, base=DESCRIPTIONS).reveal() == "password"
    with pytest.raises(UsageError, match="SBSIM_CHAP_PASSWORD"):
        password.resolve(lab=False, base=DESCRIPTIONS)


def test_multipath_differs_from_the_tutorial_in_its_paths_alone(
    tutorial: Deployment, multipath: Deployment
) -> None:
    (server,) = multipath.storage_servers
    assert [
        (controller.tag, *map(str, controller.portals)) for controller in server.controllers
    ] == [
        (1, "172.20.12.221:3260"),
        (2, "172.21.12.221:3260"),
    ]
    assert multipath.targets == tutorial.targets
    assert [host.address for host in multipath.hosts] == [host.address for host in tutorial.hosts]
    for machine in (*multipath.hosts, server):
        assert [link.name for link, _ in multipath.links_of(machine)] == ["storage-1", "storage-2"]
    assert len(multipath.links_of(multipath.management_node)) == 1


def test_large_has_its_size(large: Deployment) -> None:
    assert (len(large.hosts), len(large.luns)) == (8, 64)
    assert len({lun.wwid for lun in large.luns}) == 64


def test_links_of_gives_the_addresses_on_each_link(large: Deployment) -> None:
    found = large.links_of(large.storage_servers[0])
    assert [(link.name, [str(address) for address in there]) for link, there in found] == [
        ("management", ["10.20.0.200"]),
        ("storage-1", ["10.20.1.200", "10.20.1.201"]),
        ("storage-2", ["fd00:20:2::200", "fd00:20:2::201"]),
    ]


def test_initiators_of_follows_the_targets_list(tutorial: Deployment, large: Deployment) -> None:
    assert tutorial.initiators_of(tutorial.targets[0]) == tutorial.hosts
    assert large.initiators_of(large.targets[3]) == large.hosts[4:]


def test_hosts_of_a_cluster(large: Deployment) -> None:
    assert large.hosts_of(large.clusters[0]) == large.hosts[:4]
    assert large.hosts_of("cluster-b") == large.hosts[4:]


def test_all_addresses_begin_with_the_managed_one(multipath: Deployment) -> None:
    addresses = multipath.host("sharedblock-host1").all_addresses
    assert addresses == (ip_address("172.20.11.107"), ip_address("172.21.11.107"))


def test_entities_are_found_by_name(tutorial: Deployment) -> None:
    assert tutorial.host("sharedblock-host2") is tutorial.hosts[1]
    assert tutorial.lun("zstack-sto-3").lun == 2
    assert tutorial.machine("zstack-mn") is tutorial.management_node


def test_unknown_name_is_a_usage_error(tutorial: Deployment) -> None:
    with pytest.raises(UsageError, match="no host 'sharedblock-host4'; did you mean 'shared"):
        tutorial.host("sharedblock-host4")
    with pytest.raises(UsageError, match="no LUN 'x'"):
        tutorial.lun("x")


@pytest.mark.parametrize(
    ("address", "text"), [("10.0.0.1", "10.0.0.1:3260"), ("fd00::1", "[fd00::1]:3260")]
)
def test_portal_is_written_as_iscsiadm_does(address: str, text: str) -> None:
    assert str(Portal(address=address)) == text


def test_models_are_frozen(tutorial: Deployment) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        tutorial.hosts[0].name = "other"
    assert isinstance(tutorial.hosts, tuple)
    assert hash(tutorial.hosts[0]) == hash(Host.model_validate(tutorial.hosts[0].model_dump()))


def test_controllers_without_tags_are_numbered_by_position(small: str, tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(small.replace('name = "right"', 'name = "right"\ntag = 7'))
    assert [each.tag for each in load(path).storage_servers[0].controllers] == [1, 7]


def test_json_gives_the_deployment_back_without_secrets(large: Deployment) -> None:
    again = Deployment.model_validate_json(large.model_dump_json())
    assert again != large
    assert again.model_dump_json() == large.model_dump_json()
    assert again.model_dump(exclude={"chap"}) == large.model_dump(exclude={"chap"})
