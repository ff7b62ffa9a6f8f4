"""The description becomes the array that the storage server is to show."""

from __future__ import annotations

from pathlib import Path

import pytest

from sbsim.deployment import Deployment, Secret, load
from sbsim.errors import UsageError
from sbsim.target.model import Chap, Group, Lun, Portal
from sbsim.target.wanted import initiators_of, wanted_array

DEPLOYMENTS = Path(__file__).parents[3] / "fixtures" / "deployments"
PASSWORD = Secret("canary-7d21")


def deployment(name: str) -> Deployment:
    return load(str(DEPLOYMENTS / f"{name}.toml"))


def test_the_guides_array() -> None:
    described = deployment("tutorial")
    wanted = wanted_array(described, described.storage_servers[0], PASSWORD)
    one, other = wanted.targets
    assert (one.iqn, other.iqn) == (
        "iqn.2015-05.org.zstack:tsn.200001",
        "iqn.2015-05.org.zstack:tsn.100001",
    )
    assert one.groups == other.groups == (Group(1, (Portal("172.20.12.221", 3260),)),)
    assert one.luns[0] == Lun(
        lun=0,
        name="zstack-sto-1",
        size=20971520000,
        serial="LzedfI-cZI0-qKej",
        backing="block",
        path="/dev/volume-1/zstack-sto-1",
        write_back=False,
    )
    assert [one.lun for one in one.luns] == [0, 1, 2, 3]
    assert other.luns == ()
    assert one.initiators == other.initiators
    assert [initiator.name for initiator in one.initiators] == [
        host.initiator for host in described.hosts
    ]
    assert one.initiators[0].chap == Chap("zstack", "canary-7d21")


def test_two_controllers_are_two_groups() -> None:
    described = deployment("multipath")
    wanted = wanted_array(described, described.storage_servers[0], PASSWORD)
    assert wanted.targets[0].groups == (
        Group(1, (Portal("172.20.12.221"),)),
        Group(2, (Portal("172.21.12.221"),)),
    )


def test_each_port_over_fibre_channel_is_a_target_with_the_same_luns() -> None:
    described = deployment("fc-multipath")
    wanted = wanted_array(described, described.storage_servers[0])
    one, other = wanted.targets
    assert (one.iqn, other.iqn) == ("naa.200052545bfc0201", "naa.200052545bfd0211")
    assert (one.fabric, one.groups) == ("fc", (Group(1, ()),))
    assert one.luns == other.luns
    assert [lun.name for lun in wanted.luns] == [f"zstack-sto-{n}" for n in (1, 2, 3, 4)]
    # The hosts' ports on the same fabric, and no credentials.
    assert [(each.name, each.chap) for each in other.initiators] == [
        (f"naa.200052545bfd011{number}", Chap()) for number in (1, 2, 3)
    ]


def test_only_the_named_hosts_ports_get_in() -> None:
    described = deployment("fc")
    target = described.targets[0].model_copy(update={"initiators": ("sharedblock-host2",)})
    server = described.storage_servers[0].model_copy(update={"targets": (target,)})
    changed = described.model_copy(update={"storage_servers": (server,)})
    (port,) = wanted_array(changed, server).targets
    assert [one.name for one in port.initiators] == ["naa.200052545bfc0102"]


def test_only_the_named_hosts_get_in() -> None:
    described = deployment("tutorial")
    target = described.targets[0].model_copy(update={"initiators": ("sharedblock-host2",)})
    assert [one.name for one in initiators_of(described, target, Chap())] == [
        "iqn.2016-05.org.zstack:ocfs2-host2"
    ]


def test_a_file_lies_in_our_own_folder() -> None:
    lun = deployment("tutorial").luns[0].model_copy(update={"backing": "file"})
    assert lun.device == "/var/lib/sbsim/zstack-sto-1.img"


def test_without_chap_nobody_has_credentials() -> None:
    described = deployment("tutorial").model_copy(update={"chap": None})
    wanted = wanted_array(described, described.storage_servers[0])
    assert {one.chap for one in wanted.targets[0].initiators} == {Chap()}


def test_mutual_chap_has_the_targets_credentials_too() -> None:
    described = deployment("tutorial")
    assert described.chap is not None
    mutual = described.chap.model_copy(update={"user": "the-target"})
    chap = described.chap.model_copy(update={"mutual": mutual})
    both = described.model_copy(update={"chap": chap})
    server = both.storage_servers[0]
    wanted = wanted_array(both, server, PASSWORD, Secret("canary-9"))
    assert wanted.targets[0].initiators[0].chap == Chap(
        "zstack", "canary-7d21", "the-target", "canary-9"
    )
    with pytest.raises(UsageError, match="asks for mutual CHAP: expected its password"):
        wanted_array(both, server, PASSWORD)


def test_a_missing_password_is_an_error() -> None:
    described = deployment("tutorial")
    with pytest.raises(UsageError, match="asks for CHAP: expected its password, found none"):
        wanted_array(described, described.storage_servers[0])


def test_what_lio_cannot_serve_is_refused_here_already() -> None:
    described = deployment("tutorial")
    with pytest.raises(
        UsageError, match=r"openfiler: .*password: LIO takes .* for unset"
    ) as caught:
        wanted_array(described, described.storage_servers[0], Secret("NULLcanary"))
    assert "canary" not in str(caught.value)
