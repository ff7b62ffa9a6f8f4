"""A local storage beside a Shared Block storage, and which storages a cluster takes together."""

from __future__ import annotations

import pytest

from sbsim.errors import SbsimError
from sbsim.management import (
    attachment,
    growth,
    inventory,
    local_storage,
    primary_storage,
    reconnection,
    volumes,
)
from sbsim.management.entities import Status, StorageKind
from sbsim.management.errors import ManagementError, Refused
from sbsim.management.management import Management
from sbsim.management.volumes import NewDataVolume

from .fake_san import GIB, SECOND_DISK
from .fake_volumes import FakeWorld
from .plane import added


@pytest.fixture
def local(management: Management) -> Management:
    local_storage.add_local(management, "LS-1", "zone-1", "/zstack_ps/local")
    return management


def test_local_storage_is_a_folder_of_each_host(local: Management, world: FakeWorld) -> None:
    attachment.attach_to_cluster(local, "LS-1", "cluster-1")
    found = inventory.storage(local, "LS-1")
    assert (found.kind, found.status) == (StorageKind.LOCAL, Status.CONNECTED)
    assert (found.total, found.available) == (30 * GIB, 24 * GIB)
    assert [host for host, what in world.calls if what == "make folder"] == [
        "host1", "host2", "host3",
    ]  # fmt: skip
    reconnection.reconnect(local, "LS-1")
    attachment.detach_from_cluster(local, "LS-1", "cluster-1")
    assert inventory.storage(local, "LS-1").status is Status.DISCONNECTED
    assert primary_storage.delete(local, found.uuid)


def test_cluster_takes_one_local_with_one_shared_block_storage(local: Management) -> None:
    added(local)
    added(local, name="PS-2", disks=(SECOND_DISK,))
    local_storage.add_local(local, "LS-2", "zone-1", "/zstack_ps/other")
    attachment.attach_to_cluster(local, "LS-1", "cluster-1")
    with pytest.raises(Refused, match="takes one local storage with one Shared Block"):
        attachment.attach_to_cluster(local, "LS-2", "cluster-1")
    attachment.attach_to_cluster(local, "PS-1", "cluster-1")
    with pytest.raises(Refused, match=r"has LS-1 \(LocalStorage\), PS-1 \(SharedBlock\)"):
        attachment.attach_to_cluster(local, "PS-2", "cluster-1")
    attachment.detach_from_cluster(local, "LS-1", "cluster-1")
    attachment.attach_to_cluster(local, "PS-2", "cluster-1")
    with pytest.raises(Refused, match="detach one first"):
        attachment.attach_to_cluster(local, "LS-1", "cluster-1")


def test_host_that_cannot_make_the_folder_fails_the_attach(
    local: Management, world: FakeWorld
) -> None:
    world.errors["host2", "make folder"] = SbsimError("host2: no room")
    with pytest.raises(ManagementError, match="LS-1 was not attached to cluster-1: host2: no room"):
        attachment.attach_to_cluster(local, "LS-1", "cluster-1")
    assert inventory.storage(local, "LS-1").clusters == ()


@pytest.mark.parametrize("path", ["", "local", "/", "/local", "/a/../b"])
def test_path_that_is_none_is_refused(management: Management, path: str) -> None:
    with pytest.raises(Refused, match="expected the absolute path of a folder"):
        local_storage.add_local(management, "LS-1", "zone-1", path)


def test_local_storage_has_neither_luns_nor_volumes(local: Management) -> None:
    attachment.attach_to_cluster(local, "LS-1", "cluster-1")
    with pytest.raises(Refused, match="it has no LUNs"):
        growth.refresh(local, "LS-1")
    with pytest.raises(Refused, match="on Shared Block storages only"):
        volumes.create(local, NewDataVolume("disk-1", GIB, "LS-1"))
