from __future__ import annotations

import pytest

from sbsim.errors import MachineError
from sbsim.management.candidates import candidates
from sbsim.management.clusters import add_cluster
from sbsim.management.errors import ManagementError, Refused
from sbsim.management.management import Management

from .fake_san import DISK, SECOND_DISK, FakeSan, candidate
from .plane import added

THIRD = "3600140500000003"


def wwids(management: Management) -> list[str]:
    return [one.wwid for one in candidates(management, "cluster-1")]


def test_only_luns_that_every_host_sees(management: Management, san: FakeSan) -> None:
    san.candidates["host1"] = (candidate(THIRD), candidate(SECOND_DISK), candidate(DISK))
    san.candidates["host2"] = (candidate(DISK), candidate(THIRD))
    san.candidates["host3"] = (candidate(THIRD), candidate(DISK), candidate(SECOND_DISK))
    assert wwids(management) == [THIRD, DISK]


def test_lun_is_shown_as_the_first_host_sees_it_and_once(
    management: Management, san: FakeSan
) -> None:
    san.candidates["host1"] = (candidate(DISK, "3:0:0:5"), candidate(DISK, "4:0:0:5"))
    assert [one.hctl for one in candidates(management, "cluster-1")] == ["3:0:0:5"]


@pytest.mark.parametrize(
    "name",
    [DISK, f"scsi-{DISK}", f"dm-uuid-mpath-{DISK}", f"wwn-0x{DISK[1:]}", f"0x{DISK[1:]}",
     f"wwn-0x{DISK[1:].upper()}"],
)  # fmt: skip
def test_lun_of_a_storage_is_none_under_whatever_name(management: Management, name: str) -> None:
    added(management, disks=(name,))
    assert wwids(management) == [SECOND_DISK]


def test_host_that_cannot_tell_is_named(management: Management, san: FakeSan) -> None:
    san.errors["host2", "candidates"] = MachineError("host2: lsblk hangs")
    with pytest.raises(ManagementError, match=r"every host of cluster-1 .*: host2: lsblk hangs"):
        candidates(management, "cluster-1")


def test_cluster_without_hosts_is_refused(management: Management) -> None:
    add_cluster(management, "empty", "zone-1")
    with pytest.raises(Refused, match="empty has no host"):
        candidates(management, "empty")
