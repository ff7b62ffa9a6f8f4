"""What LVM is told to look at, where the version limits it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from sbsim.sharedblock import lvm_conf
from sbsim.sharedblock.configure import seen_settings, wanted_filter
from sbsim.sharedblock.errors import DiskNotFound
from sbsim.sharedblock.lvm_filter import KEYS, REST, filter_settings, hidden_disks
from sbsim.sharedblock.profiles import profile

from .fake_san import FakeLun, FakePoolHost, FakeSan
from .test_pool import WWIDS, pool, request

Z5 = profile("zstack-5")


@pytest.fixture
def host() -> FakePoolHost:
    return FakePoolHost(FakeSan([FakeLun(wwid) for wwid in WWIDS]), "host1")


def lets_through(value: str, *names: str) -> bool:
    """As lvm.conf(5) has it: the first rule that fits one of a device's names, `a` before `r`."""
    rules = [(one[0] == "a", one[2:-1]) for one in re.findall(r'"([^"]*)"', value)]
    told = [next(accepts for accepts, one in rules if re.search(one, name)) for name in names]
    return any(told)


def filter_of(host: FakePoolHost) -> str:
    seen = seen_settings(host, Z5)
    (value,) = {seen[f"{path}: {key}"] for path in Z5.lvm_files for key in KEYS}
    return value


def test_pools_disks_and_the_hosts_own_are_let_through_and_no_other(host: FakePoolHost) -> None:
    pool(host, Z5).connect(request(Z5, 1))
    value = filter_of(host)
    for wwid in WWIDS[:2]:
        assert lets_through(value, "/dev/sdx", f"/dev/disk/by-id/scsi-{wwid}")
        assert lets_through(value, "/dev/dm-3", f"/dev/disk/by-id/dm-uuid-mpath-{wwid}")
    assert not lets_through(value, "/dev/sdx", f"/dev/disk/by-id/scsi-{WWIDS[2]}")
    assert not lets_through(value, "/dev/sdx", f"/dev/disk/by-id/scsi-{WWIDS[0]}-part1")
    assert lets_through(value, "/dev/vda")
    assert lets_through(value, "/dev/vda2")
    assert not lets_through(value, "/dev/vdb")


def test_disks_of_the_hosts_other_pools_stay_visible(host: FakePoolHost) -> None:
    pool(host, Z5).connect(replace(request(Z5, 1, luns=1), known=WWIDS[1:2]))
    value = filter_of(host)
    assert lets_through(value, f"/dev/disk/by-id/scsi-{WWIDS[1]}")


def test_disk_that_is_added_is_seen_and_hidden_again(host: FakePoolHost) -> None:
    side = pool(host, Z5)
    side.connect(request(Z5, 1))
    side.see_only(WWIDS)
    assert lets_through(filter_of(host), f"/dev/disk/by-id/scsi-{WWIDS[2]}")
    side.see_only(WWIDS[:2])
    assert not lets_through(filter_of(host), f"/dev/disk/by-id/scsi-{WWIDS[2]}")
    with pytest.raises(DiskNotFound):
        side.see_only(("3600140500000000000000000000nobody",))


def test_order_of_the_disks_makes_no_difference(host: FakePoolHost) -> None:
    forward, backward = (filter_settings(host, ids, Z5.disks) for ids in (WWIDS, WWIDS[::-1]))
    assert forward == backward


def test_versions_without_a_filter_set_none(host: FakePoolHost) -> None:
    for name in ("zstack-2.6", "stock"):
        of = profile(name)
        assert wanted_filter(host, of, WWIDS) == {}
        pool(host, of).see_only(WWIDS)
        assert not [key for key in seen_settings(host, of) if "filter" in key]


def test_hidden_disks_are_those_that_a_filter_does_not_name(host: FakePoolHost) -> None:
    value = filter_settings(host, WWIDS[:2], Z5.disks)[KEYS[0]]
    assert value.endswith(f"{REST}]")
    assert hidden_disks(value, WWIDS) == WWIDS[2:]


def test_disk_that_is_named_by_its_wwn_is_let_through_by_its_link(host: FakePoolHost) -> None:
    id = f"0x{WWIDS[0][1:]}"
    value = filter_settings(host, [id], Z5.disks)[KEYS[0]]
    assert lets_through(value, f"/dev/disk/by-id/wwn-{id}")
    assert hidden_disks(value, [id]) == ()


def test_disk_that_is_named_by_its_path_is_let_through_by_it(host: FakePoolHost) -> None:
    device = host.paths[0][0]
    value = filter_settings(host, [device], Z5.disks)[KEYS[0]]
    assert lets_through(value, device)
    assert not lets_through(value, f"{device}1")


def test_filter_is_read_back_as_it_was_written() -> None:
    text = lvm_conf.with_settings('devices {\n\tdir="/dev"\n}\n', {KEYS[0]: f"[{REST}]"})
    assert lvm_conf.settings(text)[KEYS[0]] == f"[{REST}]"
