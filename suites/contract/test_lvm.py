"""LVM on simulated hosts: what its reports tell is what lies on the array's disks."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sbsim.bundle import default_deployment
from sbsim.deployment import Deployment, load
from sbsim.errors import CommandFailed
from sbsim.machines.packages import Packages
from sbsim.machines.parallel import run_by
from sbsim.sharedblock.lvm import Lvm
from sbsim.sim.disk import lvm_label
from sbsim.sim.disk.lvm_label import PhysicalVolume
from sbsim.sim.lvm.group import LogicalVolume, VolumeGroup, Written, dashed, draw_uuid, text_of
from sbsim.sim.lvm.lockd import LOCK_VOLUME
from sbsim.sim.machine import SimulatedMachine
from sbsim.sim.world import World
from suites.contract.test_tools import provisioned

MIB = 2**20
EXTENT, START = 4 * MIB, 64 * MIB
MULTIPATH = default_deployment().with_name("multipath.toml")
DRAW = random.Random(5)


def made(world: World, deployment: Deployment, name: str = "pool") -> VolumeGroup:
    """A group on the deployment's first two LUNs, written on the array's own disks."""
    (server,) = deployment.storage_servers
    group = VolumeGroup(name, draw_uuid(DRAW), EXTENT, tags=("b", "a"), lock_type="sanlock",
                        lock=f"1.0.0:{LOCK_VOLUME}")  # fmt: skip
    labels = []
    for lun in deployment.luns[:2]:
        uuid = draw_uuid(DRAW).replace("-", "")
        area = (lvm_label.AREA_START, START - lvm_label.AREA_START)
        labels.append((lun, PhysicalVolume(uuid, lun.size, START, *area, in_use=True)))
        group = group.with_pv(dashed(uuid), f"/dev/disk-{lun.lun}", lun.size, START)
    lock = LogicalVolume(LOCK_VOLUME, draw_uuid(DRAW), (), visible=False)
    group = group.with_lv(lock, 64).with_lv(
        LogicalVolume("volume", draw_uuid(DRAW), (), tags=("zs::volume",)), 10
    )
    for lun, label in labels:
        space = world.machines[server.name].files.device(lun.device).space
        lvm_label.write_label(space, label)
        lvm_label.write_text(space, label, text_of(group, Written("vgcreate", "host")).encode())
    return group


@contextmanager
def host_of(
    deployment: Deployment, number: int = 0
) -> Iterator[tuple[World, SimulatedMachine, VolumeGroup, Lvm]]:
    """A host with LVM installed, and a group on its LUNs."""
    world, _ = provisioned(deployment)
    machine = world.machines[deployment.hosts[number].name]
    with run_by(world.clock.run_all):
        Packages(machine).install(("lvm2",))
        yield world, machine, made(world, deployment), Lvm(machine)


@pytest.mark.parametrize("description", [default_deployment(), MULTIPATH], ids=lambda one: one.stem)
def test_group_is_told_as_it_lies_on_the_disks(description: object) -> None:
    deployment = load(description)  # type: ignore[arg-type]
    with host_of(deployment) as (_world, machine, group, lvm):
        (seen,) = lvm.groups()
        assert (seen.name, seen.uuid, seen.size, seen.free) == (
            group.name, group.uuid, group.size, group.free,
        )  # fmt: skip
        assert (seen.seqno, seen.tags, seen.lock_type) == (group.seqno, ("a", "b"), "sanlock")
        pvs = {one.uuid: one for one in lvm.physical_volumes("pool")}
        assert set(pvs) == {one.uuid for one in group.pvs}
        for pv in group.pvs:
            one = pvs[pv.uuid]
            assert (one.device_size, one.size) == (pv.device_size, pv.extents * EXTENT)
            assert one.free == group.free_on(pv.name)
            # By its map where there is one, never by one of its paths.
            assert one.path.startswith("/dev/mapper/" if machine.mapper.devices else "/dev/sd")
        lvs = {one.name: one for one in lvm.logical_volumes("pool")}
        assert {name: one.size for name, one in lvs.items()} == {
            LOCK_VOLUME: 64 * EXTENT, "volume": 10 * EXTENT,
        }  # fmt: skip
        assert lvs["volume"].tags == ("zs::volume",)
        assert not lvs["volume"].active


def test_group_that_is_not_there_is_told() -> None:
    with host_of(load(default_deployment())) as (_world, _machine, _group, lvm):
        assert lvm.group("other") is None
        with pytest.raises(CommandFailed, match='Volume group "other" not found'):
            lvm.logical_volumes("other")


def test_disk_that_is_gone_is_told_as_lost() -> None:
    with host_of(load(default_deployment())) as (_world, machine, group, lvm):
        (first, *_) = lvm.physical_volumes("pool")
        disk = next(one for one in machine.scsi.disks if one.path == first.path)
        machine.run("tee", f"/sys/class/scsi_device/{disk.hctl}/device/delete", input="1")
        lost = [one for one in lvm.physical_volumes("pool") if not one.found]
        assert [one.uuid for one in lost] == [first.uuid]
        assert lvm.group("pool") is not None
        assert group.pvs


def test_newest_of_several_texts_holds() -> None:
    deployment = load(default_deployment())
    with host_of(deployment) as (world, _machine, group, lvm):
        (server,) = deployment.storage_servers
        device = world.machines[server.name].files.device(deployment.luns[1].device)
        label = lvm_label.read_label(device.space)
        assert label
        newer = group.without_lv("volume")
        lvm_label.write_text(device.space, label, text_of(newer, Written()).encode())
        assert [one.seqno for one in lvm.groups()] == [group.seqno + 1]
        assert [one.name for one in lvm.logical_volumes("pool")] == [LOCK_VOLUME]


def test_what_the_filter_keeps_away_is_not_seen() -> None:
    with host_of(load(default_deployment())) as (_world, machine, _group, lvm):
        machine.files.make_folders("/etc/lvm")
        rules = b'devices {\n filter = [ "r|/dev/sd|", "r|/dev/disk/|", "a|.*|" ]\n}\n'
        machine.write("/etc/lvm/lvm.conf", rules)
        assert lvm.groups() == ()
        # lvm.conf(5): each name of a device counts alone, and one that is let through is enough.
        machine.write("/etc/lvm/lvm.conf", b'devices {\n filter = [ "r|/dev/sd|", "a|.*|" ]\n}\n')
        assert [one.name for one in lvm.groups()] == ["pool"]
        machine.write("/etc/lvm/lvm.conf", b'devices {\n filter = [ "a|/dev/sd|", "r|.*|" ]\n}\n')
        assert [one.name for one in lvm.groups()] == ["pool"]
