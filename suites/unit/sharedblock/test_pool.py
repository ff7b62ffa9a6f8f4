"""What a host does for a pool, and what it leaves alone, for every profile."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sbsim.initiator.multipath import Multipath
from sbsim.initiator.multipath_map import MultipathMap
from sbsim.sharedblock.errors import (
    DiskNotFound,
    JoinFailed,
    VolumeGroupExisted,
    VolumeGroupFailed,
    WipeRefused,
)
from sbsim.sharedblock.lvm import Lvm
from sbsim.sharedblock.lvm_report import PhysicalVolume
from sbsim.sharedblock.pool import Pool
from sbsim.sharedblock.profile import Profile
from sbsim.sharedblock.profiles import profile
from sbsim.sharedblock.request import ConnectRequest
from sbsim.testing import FakeClock

from .fake_san import FakeLun, FakePoolHost, FakeSan

VG = "0123456789abcdef0123456789abcdef"
WWIDS = ("36001405aaaa", "36001405bbbb", "36001405cccc")
NAMES = ("zstack-2.6", "zstack-5", "stock")


@pytest.fixture
def san() -> FakeSan:
    return FakeSan([FakeLun(wwid) for wwid in WWIDS])


@pytest.fixture
def hosts(san: FakeSan) -> list[FakePoolHost]:
    return [FakePoolHost(san, f"host{number}") for number in (1, 2, 3)]


def pool(host: FakePoolHost, of: Profile) -> Pool:
    return Pool(host, FakeClock(), of, io_timeout=1)


def request(of: Profile, number: int, luns: int = 2, wipe: bool = False) -> ConnectRequest:
    disks = tuple(of.disk_id(wwid, multipath=False) for wwid in WWIDS[:luns])
    return ConnectRequest(VG, f"{number:032x}", number, disks, wipe=wipe, first=number == 1)


def connect_all(hosts: list[FakePoolHost], of: Profile) -> None:
    for number, host in enumerate(hosts, start=1):
        pool(host, of).connect(request(of, number))


@pytest.mark.parametrize("name", NAMES)
def test_hosts_connect_to_one_group_with_their_own_ids(
    san: FakeSan, hosts: list[FakePoolHost], name: str
) -> None:
    of = profile(name)
    found = [
        pool(host, of).connect(request(of, number)) for number, host in enumerate(hosts, start=1)
    ]
    assert san.made == 1
    assert [one.created for one in found] == [True, False, False]
    assert [one.host_id for one in found] == [1, 2, 3]
    assert san.groups[VG].joined == {1: "host1", 2: "host2", 3: "host3"}
    assert [lun.wwid for lun in san.groups[VG].luns] == list(WWIDS[:2])


@pytest.mark.parametrize("name", NAMES)
def test_connecting_again_changes_nothing(
    san: FakeSan, hosts: list[FakePoolHost], name: str
) -> None:
    of = profile(name)
    connect_all(hosts, of)
    files = dict(hosts[1].files)
    hosts[1].commands.clear()
    pool(hosts[1], of).connect(request(of, 2))
    assert hosts[1].files == files
    assert san.made == 1
    assert not hosts[1].ran("--lock-start")
    assert not hosts[1].ran("stop")


@pytest.mark.parametrize("name", ["zstack-2.6", "zstack-5"])
def test_group_carries_the_products_tag_and_metadata_size(
    san: FakeSan, hosts: list[FakePoolHost], name: str
) -> None:
    of = profile(name)
    pool(hosts[0], of).connect(request(of, 1))
    assert f"zs::sharedblock::init::{1:032x}::1795547984" in san.groups[VG].tags
    (made,) = hosts[0].ran("vgcreate")
    assert {"-qq", "--shared", "--metadatasize", f"{2 * 2**30}b"} <= set(made)


def test_group_of_that_name_without_the_tag_is_not_the_products(
    san: FakeSan, hosts: list[FakePoolHost]
) -> None:
    of = profile("zstack-5")
    connect_all(hosts[:1], of)
    san.groups[VG].tags.clear()
    with pytest.raises(VolumeGroupExisted):
        pool(hosts[1], of).connect(request(of, 2))


def test_heartbeat_tag_of_2_6_is_one_per_host(san: FakeSan, hosts: list[FakePoolHost]) -> None:
    of = profile("zstack-2.6")
    connect_all(hosts, of)
    pool(hosts[0], of).connect(request(of, 1))
    marks = [tag for tag in san.groups[VG].tags if "heartbeat" in tag]
    assert len(marks) == 3


@pytest.mark.parametrize("name", ["zstack-5", "stock"])
def test_lost_group_is_not_made_a_second_time_where_the_profile_guards(
    san: FakeSan, hosts: list[FakePoolHost], name: str
) -> None:
    of = profile(name)
    connect_all(hosts, of)
    del san.groups[VG]
    for lun in san.luns:
        lun.vg = ""
    with pytest.raises(VolumeGroupExisted, match="has already been created before"):
        pool(hosts[1], of).connect(request(of, 2))
    assert san.made == 1


def test_2_6_makes_a_lost_group_a_second_time(san: FakeSan, hosts: list[FakePoolHost]) -> None:
    # ZSTAC-57025: this is the data loss that later versions guard against.
    of = profile("zstack-2.6")
    connect_all(hosts, of)
    del san.groups[VG]
    for lun in san.luns:
        lun.vg = ""
    assert pool(hosts[1], of).connect(request(of, 2)).created
    assert san.made == 2


# --- what lies on a LUN -----------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("signature", ["ext4", "linux_raid_member", "gpt", "dos"])
def test_signature_is_refused_and_left_without_wipe(
    san: FakeSan, hosts: list[FakePoolHost], name: str, signature: str
) -> None:
    of = profile(name)
    san.luns[1].signature = signature
    with pytest.raises(VolumeGroupFailed, match="can not create vg"):
        pool(hosts[0], of).connect(request(of, 1))
    assert [lun.signature for lun in san.luns] == ["", signature, ""]
    assert not hosts[0].ran("wipefs")
    assert san.made == 0


@pytest.mark.parametrize("name", NAMES)
def test_wipe_clears_the_named_disks_after_their_head_is_kept(
    san: FakeSan, hosts: list[FakePoolHost], name: str
) -> None:
    of = profile(name)
    for lun in san.luns:
        lun.signature = "ext4"
    pool(hosts[0], of).connect(request(of, 1, wipe=True))
    assert [lun.signature for lun in san.luns] == ["", "", "ext4"]
    copies = [argv for argv in hosts[0].commands if argv[0] == "dd"]
    assert len(copies) == 2
    wipes = [number for number, argv in enumerate(hosts[0].commands) if argv[0] == "wipefs"]
    assert hosts[0].commands.index(copies[0]) < wipes[0]


@pytest.mark.parametrize("name", NAMES)
def test_wiped_multipath_device_is_made_anew_and_found_again(san: FakeSan, name: str) -> None:
    of = profile(name)
    host = FakePoolHost(san, "host1", multipath=True, paths=2)
    san.luns[1].signature = "gpt"
    wanted = replace(request(of, 1, wipe=True), disks=tuple(WWIDS[:2]))
    assert pool(host, of).connect(wanted).created
    assert host.flushed == list(WWIDS[:2])
    assert [lun.vg for lun in san.luns[:2]] == [VG, VG]


@pytest.mark.parametrize("name", NAMES)
def test_disk_in_use_is_never_wiped(san: FakeSan, hosts: list[FakePoolHost], name: str) -> None:
    of = profile(name)
    san.luns[0].signature, san.luns[0].used_by = "gpt", "/dev/sda1"
    with pytest.raises(WipeRefused, match=r"in use by /dev/sda1 \(part at /mnt\)"):
        pool(hosts[0], of).connect(request(of, 1, wipe=True))
    assert san.luns[0].signature == "gpt"
    assert not hosts[0].ran("wipefs")


@pytest.mark.parametrize(("name", "cleared"), [("zstack-2.6", False), ("zstack-5", True)])
def test_foreign_physical_volume_is_wiped_from_3_0_1_on(
    san: FakeSan, hosts: list[FakePoolHost], name: str, cleared: bool
) -> None:
    of = profile(name)
    san.luns[0].vg = "somebody-elses"
    if cleared:
        pool(hosts[0], of).connect(request(of, 1, wipe=True))
        assert san.luns[0].vg == VG
    else:
        with pytest.raises(VolumeGroupFailed, match="already in volume group"):
            pool(hosts[0], of).connect(request(of, 1, wipe=True))
        assert san.luns[0].vg == "somebody-elses"


@pytest.mark.parametrize("name", NAMES)
def test_orphan_physical_volume_is_taken(
    san: FakeSan, hosts: list[FakePoolHost], name: str
) -> None:
    of = profile(name)
    san.luns[0].vg = "-"
    assert pool(hosts[0], of).connect(request(of, 1)).created


def test_disk_that_was_part_of_the_group_is_not_wiped_when_lvm_lost_it(
    san: FakeSan, hosts: list[FakePoolHost]
) -> None:
    of = profile("zstack-5")
    san.luns[0].head = f"LABELONE {VG}"
    with pytest.raises(WipeRefused, match="found vg uuid in superblock backup"):
        pool(hosts[0], of).connect(request(of, 1, wipe=True))


# --- which disk -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_unknown_id_fails_and_makes_nothing(
    san: FakeSan, hosts: list[FakePoolHost], name: str
) -> None:
    of = profile(name)
    wrong = replace(request(of, 1), disks=("scsi-3600140500",))
    with pytest.raises(DiskNotFound, match="can not find disk with"):
        pool(hosts[0], of).connect(wrong)
    assert san.made == 0


def test_unknown_id_leaves_a_host_of_2_6_reconfigured_and_one_of_5_untouched(san: FakeSan) -> None:
    for name, touched in (("zstack-2.6", True), ("zstack-5", False)):
        host = FakePoolHost(san, "host1")
        before = dict(host.files)
        with pytest.raises(DiskNotFound):
            pool(host, profile(name)).connect(
                replace(request(profile(name), 1), disks=("scsi-3600140500",))
            )
        assert (host.files != before) is touched, name


def test_id_of_several_paths_is_ambiguous_without_multipath(san: FakeSan) -> None:
    host = FakePoolHost(san, "host1", paths=2)
    with pytest.raises(DiskNotFound, match=r"2 devices qualify \(/dev/sda, /dev/sdb\)"):
        pool(host, profile("zstack-2.6")).check_disks((f"0x{WWIDS[0][1:]}",))


def test_multipath_device_is_taken_before_its_paths(san: FakeSan) -> None:
    host = FakePoolHost(san, "host1", paths=2, multipath=True)
    of = profile("zstack-2.6")
    for id in (of.disk_id(WWIDS[1], multipath=True), f"0x{WWIDS[1][1:]}"):
        pool(host, of).connect(replace(request(of, 1), disks=(id,)))
        assert [lun.wwid for lun in san.groups[VG].luns] == [WWIDS[1]]


# --- joining and leaving ----------------------------------------------------------------------


def test_second_host_with_a_taken_id_cannot_join(san: FakeSan, hosts: list[FakePoolHost]) -> None:
    of = profile("zstack-2.6")
    connect_all(hosts[:1], of)
    with pytest.raises(JoinFailed, match="lock-start failed 15 times"):
        pool(hosts[1], of).connect(replace(request(of, 2), host_id=1))
    assert san.groups[VG].joined == {1: "host1"}


def test_host_leaves_and_the_group_stays(san: FakeSan, hosts: list[FakePoolHost]) -> None:
    of = profile("zstack-2.6")
    connect_all(hosts, of)
    pool(hosts[1], of).disconnect(VG, f"{2:032x}")
    group = san.groups[VG]
    assert group.joined == {1: "host1", 3: "host3"}
    assert not [tag for tag in group.tags if f"{2:032x}" in tag]
    hosts[1].commands.clear()
    pool(hosts[1], of).disconnect(VG, f"{2:032x}")
    assert not hosts[1].ran("--lock-stop")


def test_leaving_a_group_that_is_not_there_is_done(hosts: list[FakePoolHost]) -> None:
    pool(hosts[0], profile("stock")).disconnect(VG, f"{1:032x}")


def test_disk_is_added_once(san: FakeSan, hosts: list[FakePoolHost]) -> None:
    of = profile("zstack-5")
    connect_all(hosts, of)
    before = pool(hosts[0], of).capacity(VG).total
    assert pool(hosts[0], of).add_disk(VG, WWIDS[2], wipe_first=False).total > before
    pool(hosts[0], of).add_disk(VG, WWIDS[2], wipe_first=False)
    assert len(hosts[0].ran("vgextend")) == 1


def test_capacity_of_a_group_that_is_not_seen_is_an_error(hosts: list[FakePoolHost]) -> None:
    with pytest.raises(VolumeGroupFailed, match="can not find vg"):
        pool(hosts[0], profile("stock")).capacity(VG)


# --- growing ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_grown_lun_is_resized_once(san: FakeSan, hosts: list[FakePoolHost], name: str) -> None:
    of = profile(name)
    before = pool(hosts[0], of).connect(request(of, 1)).capacity.total
    assert pool(hosts[0], of).grow(VG).total == before
    assert not hosts[0].ran("pvresize")
    san.luns[1].size += 10 * 2**30
    assert pool(hosts[0], of).grow(VG).total == before + 10 * 2**30
    assert len(hosts[0].ran("pvresize")) == 1
    pool(hosts[0], of).grow(VG)
    assert len(hosts[0].ran("pvresize")) == 1


@pytest.mark.parametrize("name", NAMES)
def test_shrunk_lun_is_told_before_any_is_resized(
    san: FakeSan, hosts: list[FakePoolHost], name: str
) -> None:
    of = profile(name)
    pool(hosts[0], of).connect(request(of, 1))
    san.luns[0].size += 10 * 2**30
    san.luns[1].size -= 10 * 2**30
    with pytest.raises(VolumeGroupFailed, match=r"/dev/sdb has \d+ bytes here; nothing .*shrunk"):
        pool(hosts[0], of).grow(VG)
    assert not hosts[0].ran("pvresize")


@pytest.mark.parametrize("lost", [False, True])
def test_lun_that_has_shrunk_under_its_map_is_told_before_any_map_is_resized(
    san: FakeSan, monkeypatch: pytest.MonkeyPatch, lost: bool
) -> None:
    of = profile("zstack-2.6")
    host = FakePoolHost(san, "host1", multipath=True, paths=2)
    pool(host, of).connect(replace(request(of, 1), disks=(WWIDS[0], WWIDS[1])))
    resized: list[str] = []
    maps = [one_map(0, 20 * 2**30, 20 * 2**30), one_map(1, 30 * 2**30, 20 * 2**30)]
    monkeypatch.setattr(Multipath, "read", lambda _: tuple(maps))
    monkeypatch.setattr(Multipath, "resize", lambda _, name: resized.append(name))
    if lost:  # LVM does not find the disk any more, whose map has lost its paths
        monkeypatch.setattr(Pool, "_members", lambda *_: {"/dev/dm-0"})
        gone = PhysicalVolume("[unknown]", "uuid", VG, 0, 1, 0, missing=True)
        monkeypatch.setattr(Lvm, "physical_volumes", lambda *_: (gone,))
    with pytest.raises(VolumeGroupFailed, match="a LUN has shrunk: map-1"):
        pool(host, of).rescan(VG)
    assert resized == []
    maps[1] = one_map(1, 30 * 2**30, 31 * 2**30)
    pool(host, of).rescan(VG)
    assert resized == (["map-0"] if lost else ["map-0", "map-1"])


def one_map(number: int, size: int, path: int) -> MultipathMap:
    return MultipathMap(
        f"map-{number}", WWIDS[number], f"dm-{number}", size, path, "0", ("round-robin 0",), ()
    )


@pytest.fixture
def late(san: FakeSan, hosts: list[FakePoolHost]) -> FakePoolHost:
    """A host of a pool whose first LUN has grown, which it has not seen yet."""
    connect_all(hosts, profile("zstack-2.6"))
    late = hosts[2]
    late.stale[WWIDS[0]] = san.luns[0].size
    san.luns[0].size += 10 * 2**30
    pool(hosts[0], profile("zstack-2.6")).grow(VG)
    return late


def test_host_that_has_not_seen_a_lun_grow_has_no_capacity_to_tell(
    hosts: list[FakePoolHost], late: FakePoolHost
) -> None:
    of = profile("zstack-2.6")
    with pytest.raises(VolumeGroupFailed, match=r"host3: .*has not seen it grow: rescan"):
        pool(late, of).capacity(VG)
    pool(late, of).rescan(VG)
    assert pool(late, of).capacity(VG) == pool(hosts[0], of).capacity(VG)


def test_host_that_was_away_while_a_lun_grew_rescans_when_it_connects(late: FakePoolHost) -> None:
    of = profile("zstack-2.6")
    pool(late, of).connect(request(of, 3))
    assert late.ran("iscsiadm", "--rescan")
    assert late.stale == {}
