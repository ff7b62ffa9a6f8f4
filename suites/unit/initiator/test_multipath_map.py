"""Parsers of multipath's maps, on captured output and on texts that are made after it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sbsim.initiator.errors import UnreadableOutput
from sbsim.initiator.hctl import Hctl
from sbsim.initiator.multipath import differences
from sbsim.initiator.multipath_map import MultipathMap, parse_list, parse_maps

from .captured import captured

WWID = "36001405ced1cdcf40b0be4e8ea0a0a00"
HCTLS = {"sda": Hctl(1, 0, 0, 0), "sdb": Hctl(2, 0, 0, 0)}
IDS = dict.fromkeys(HCTLS.values(), WWID)
LISTED = f"""\
{WWID} dm-0 LIO-ORG,zstack-sto-1
size=20G features='0' hwhandler='1 alua' wp=rw
`-+- policy='round-robin 0' prio=50 status=active
  |- 1:0:0:0 sda 8:0  active ready running
  `- 2:0:0:0 sdb 8:16 failed faulty offline
"""


def path(name: str, dm: str = "active", checker: str = "ready") -> dict[str, str]:
    return {"dev": name, "dm_st": dm, "dev_st": "running", "chk_st": checker}


def shown(*paths: dict[str, str], **fields: Any) -> str:
    group = {"selector": "round-robin 0", "paths": list(paths)}
    entry = {"name": WWID, "uuid": WWID, "sysfs": "dm-0", "features": "0", "path_groups": [group]}
    return json.dumps({"major_version": 0, "maps": [entry | fields]})


def maps(text: str) -> tuple[MultipathMap, ...]:
    return parse_maps(text, HCTLS, {"dm-0": 20971520000})


def test_captured_views_show_the_same_four_maps_of_two_paths() -> None:
    listed = parse_list(captured("debian12/multipathd/multipath_-ll.two_paths.txt"))
    hctls = {path.device: path.hctl for one in listed for path in one.paths if path.hctl}
    text = captured("debian12/multipathd/show_maps_json.two_paths.txt")
    found = parse_maps(text, hctls, {"dm-0": 20971520000})
    assert not list(differences(found, listed, {}))
    assert [one.size for one in listed] == ["29G", "34G", "20G", "24G"]
    assert {one.wwid: len(one.paths) for one in found} == dict.fromkeys(
        (one.wwid for one in listed), 2
    )
    assert all(path.usable and path.hctl for one in found for path in one.paths)
    assert [one.bytes for one in found if one.device == "dm-0"] == [20971520000]


def test_map_has_its_paths_with_address_and_state_and_its_size() -> None:
    (one,) = maps(shown(path("sda"), path("sdb", "failed", "faulty")))
    assert (one.wwid, one.path, one.bytes) == (WWID, f"/dev/mapper/{WWID}", 20971520000)
    assert [(item.device, item.hctl, item.usable) for item in one.paths] == [
        ("sda", HCTLS["sda"], True),
        ("sdb", HCTLS["sdb"], False),
    ]
    assert one.selectors == ("round-robin 0",)


@pytest.mark.parametrize(("dm", "checker"), [("failed", "ready"), ("active", "faulty")])
def test_path_is_usable_only_if_kernel_and_daemon_agree(dm: str, checker: str) -> None:
    (one,) = maps(shown(path("sda", dm, checker)))
    assert not one.paths[0].usable


def test_path_of_a_disk_that_is_gone_has_no_address() -> None:
    (one,) = maps(shown(path("sdz")))
    assert one.paths[0].hctl is None


@pytest.mark.parametrize(("features", "queues"), [("0", False), ("1 queue_if_no_path", True)])
def test_queueing_is_seen_in_the_features(features: str, queues: bool) -> None:
    assert maps(shown(path("sda"), features=features))[0].queues is queues


def test_no_maps_are_an_empty_tuple() -> None:
    assert maps('{"major_version": 0, "minor_version": 1, "maps": []}') == ()
    assert parse_list("") == ()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("timeout\n", "JSON"),
        ("[]", "maps"),
        ('{"maps": [3]}', "path_groups"),
        ('{"maps": [{"path_groups": []}]}', "sysfs"),
    ],
)
def test_text_of_another_shape_is_an_error(text: str, what: str) -> None:
    with pytest.raises(UnreadableOutput, match=what):
        maps(text)


def test_list_is_read_with_paths_and_rounded_size() -> None:
    (one,) = parse_list(LISTED)
    assert (one.name, one.wwid, one.device, one.size) == (WWID, WWID, "dm-0", "20G")
    assert [(item.device, item.hctl, item.usable) for item in one.paths] == [
        ("sda", HCTLS["sda"], True),
        ("sdb", HCTLS["sdb"], False),
    ]


def test_alias_stands_before_the_wwid_in_the_list() -> None:
    (one,) = parse_list(LISTED.replace(f"{WWID} dm-0", f"mpatha ({WWID}) dm-0"))
    assert (one.name, one.wwid) == ("mpatha", WWID)


def test_line_of_another_shape_in_the_list_is_an_error() -> None:
    with pytest.raises(UnreadableOutput, match="line 2"):
        parse_list(LISTED.replace("size=", "sizes="))


# --- both views and the disks together ------------------------------------------------------


def test_views_that_agree_differ_in_nothing() -> None:
    assert not list(differences(maps(shown(path("sda"), path("sdb"))), parse_list(LISTED), IDS))


def test_map_that_one_view_lacks_is_a_difference() -> None:
    (found,) = differences(maps(shown(path("sda"), path("sdb"))), (), IDS)
    assert "only one of multipathd and multipath -ll" in found


def test_other_paths_are_a_difference() -> None:
    (found,) = differences(maps(shown(path("sda"))), parse_list(LISTED), IDS)
    assert "different paths" in found


def test_path_of_another_wwid_is_a_difference() -> None:
    ids = IDS | {HCTLS["sdb"]: "36001405b"}
    (found,) = differences(maps(shown(path("sda"), path("sdb"))), parse_list(LISTED), ids)
    assert "the path sdb" in found
    assert "36001405b" in found
