"""The LUNs that a host could bring into a pool, from what its tools really print."""

from __future__ import annotations

from sbsim.sharedblock.candidates import LSBLK, candidates_of, parse_links

from .test_reports import captured


def test_map_is_a_candidate_and_its_paths_are_none() -> None:
    links = parse_links(captured("find/disk_links.multipath.txt"))
    found = candidates_of(captured("lsblk/candidates.multipath.txt"), links)
    assert [(one.wwid, one.kind, one.size) for one in found] == [
        ("36001405210ae60000000000000000000", "mpath", 35769024512),
        ("36001405b001000000000000000000000", "mpath", 36708548608),
        ("36001405edfc0e0000000000000000000", "mpath", 20971520000),
        ("36001405fc7f830000000000000000000", "mpath", 26239565824),
    ]
    spare = found[1]
    assert (spare.vendor, spare.model) == ("LIO-ORG", "zstack-sto-4")
    assert spare.wwn == "0x6001405b001000000000000000000000"
    assert spare.path.endswith("-iscsi-iqn.2015-05.org.zstack:tsn.200001-lun-3")


def test_tree_is_asked_for() -> None:
    # Without NAME lsblk prints a flat list, in which no map stands under its paths.
    assert LSBLK[-1].split(",")[0] == "NAME"
