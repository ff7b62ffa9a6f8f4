"""Simulated multipathing: maps are what the paths are, and I/O takes what a real host's takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sbsim.bundle import default_deployment
from sbsim.deployment import Deployment, load
from sbsim.errors import CommandFailed
from sbsim.initiator import multipath_conf
from sbsim.initiator.multipath import Multipath
from sbsim.initiator.multipath_map import MultipathMap
from sbsim.initiator.paths import paths_by_wwid
from sbsim.initiator.writing import writing
from sbsim.machines.packages import Packages
from sbsim.machines.parallel import run_by
from sbsim.sim.device_mapper import Row
from sbsim.sim.lio.places import BlockDevice
from sbsim.sim.machine import SimulatedMachine
from sbsim.sim.san.block_io import HostDevice
from sbsim.sim.world import World
from suites.contract.test_tools import provisioned

MIB = 2**20
# iscsid's pings, unanswered for 5 s after 5 s, and 5 s more that multipath lets I/O wait.
GIVEN_UP_SECONDS = 15.0
DESCRIPTION = default_deployment().with_name("multipath.toml")


@contextmanager
def one_host(
    deployment: Deployment,
) -> Iterator[tuple[World, SimulatedMachine, Multipath]]:
    """The first host of a provisioned deployment, inside its world."""
    world, _ = provisioned(deployment)
    machine = world.machines[deployment.hosts[0].name]
    with run_by(world.clock.run_all):
        yield world, machine, Multipath(machine, world.clock)


def backing(world: World, deployment: Deployment, wwid: str) -> BlockDevice:
    """The array's disk behind a LUN."""
    (server,) = deployment.storage_servers
    lun = next(one for one in deployment.luns if one.wwid == wwid)
    found = world.machines[server.name].files.device(lun.device)
    assert isinstance(found, BlockDevice)
    return found


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.integers(8 * MIB, 2**43).map(lambda one: one // 512 * 512), min_size=4,
                max_size=4))  # fmt: skip
def test_maps_are_as_the_paths_are(sizes: list[int]) -> None:
    deployment = load(DESCRIPTION)
    with one_host(deployment) as (world, machine, multipath):
        for lun, size in zip(deployment.luns, sizes, strict=True):
            backing(world, deployment, lun.wwid).size = size
        machine.run("iscsiadm", "-m", "session", "--rescan")
        for one in multipath.maps():
            multipath.resize(one.name)
        # Three tools must agree, or `maps` raises.
        seen = {one.wwid: (one.bytes, len(one.paths), one.selectors) for one in multipath.maps()}
        wanted = paths_by_wwid(deployment, deployment.hosts[0])
        assert seen == {
            lun.wwid: (size, wanted[lun.wwid], ("round-robin 0",))
            for lun, size in zip(deployment.luns, sizes, strict=True)
        }


def test_map_keeps_its_size_until_it_is_told() -> None:
    deployment = load(DESCRIPTION)
    with one_host(deployment) as (world, machine, multipath):
        (one, *_) = multipath.maps()
        backing(world, deployment, one.wwid).size += MIB
        machine.run("iscsiadm", "-m", "session", "--rescan")
        (stale, *_) = multipath.maps()
        assert (stale.bytes, stale.smallest_path) == (one.bytes, (one.bytes or 0) + MIB)
        multipath.resize(one.name)
        assert multipath.maps()[0].bytes == (one.bytes or 0) + MIB


def test_io_waits_for_a_lost_path_and_goes_on_by_the_other() -> None:
    with one_host(load(DESCRIPTION)) as (world, machine, multipath):
        one = multipath.maps()[0]
        with writing(machine, one.path, 0, 8) as writer:
            world.clock.sleep(2)
            machine.cards[1].plugged = False
            began = world.clock.now()
            while all(path.usable for path in multipath.read()[0].paths):
                world.clock.sleep(1)
            assert world.clock.now() - began >= GIVEN_UP_SECONDS - 1
            world.clock.sleep(2)
            machine.cards[1].plugged = True
        told = writer.told()
        assert told.faults == []
        assert GIVEN_UP_SECONDS - 1 <= told.longest_gap <= GIVEN_UP_SECONDS + 1
        assert states(multipath.read()[0]) == [("active", "ready", "running")] * 2


def test_io_fails_at_once_where_no_path_is_left() -> None:
    with one_host(load(DESCRIPTION)) as (world, machine, multipath):
        one = multipath.maps()[0]
        for card in machine.cards:
            card.plugged = False
        began = world.clock.now()
        assert not readable(machine, one)
        assert world.clock.now() - began <= GIVEN_UP_SECONDS * 2 + 1
        began = world.clock.now()
        assert not readable(machine, one)
        assert world.clock.now() - began < 1


def test_what_is_written_by_one_path_is_read_by_another_host() -> None:
    deployment = load(DESCRIPTION)
    with one_host(deployment) as (world, machine, multipath):
        one = multipath.maps()[0]
        HostDevice(machine, one.path).write(MIB, b"written by host 1")
        other = world.machines[deployment.hosts[1].name]
        assert HostDevice(other, one.path).read(MIB, 17) == b"written by host 1"
        assert backing(world, deployment, one.wwid).space.read(MIB, 17) == b"written by host 1"


def test_disk_that_goes_takes_its_map_along() -> None:
    with one_host(load(DESCRIPTION)) as (_world, machine, multipath):
        one = multipath.maps()[0]
        for path in one.paths:
            machine.run("tee", f"/sys/class/scsi_device/{path.hctl}/device/delete", input="1")
        assert one.wwid not in {each.wwid for each in multipath.maps()}


def test_maps_are_back_after_a_restart() -> None:
    with one_host(load(DESCRIPTION)) as (_world, machine, multipath):
        before = [one.name for one in multipath.maps()]
        machine.power_off()
        machine.boot()
        assert [one.name for one in multipath.maps()] == before


def test_what_is_set_up_is_taken_away_again() -> None:
    with one_host(load(DESCRIPTION)) as (_world, machine, multipath):
        assert multipath.remove()
        assert machine.mapper.devices == []
        assert not machine.files.exists(multipath_conf.PATH)
        with pytest.raises(CommandFailed):
            multipath.read()


def test_command_of_a_package_that_is_not_installed_is_not_found() -> None:
    world = World(load(DESCRIPTION))
    machine = world.machines[load(DESCRIPTION).hosts[0].name]
    with run_by(world.clock.run_all):
        with pytest.raises(CommandFailed, match="not found"):
            machine.run("multipath", "-ll")
        assert Packages(machine).install(("multipath-tools",)) == ("multipath-tools",)
        assert Packages(machine).install(("multipath-tools",)) == ()
        assert machine.run("multipath", "-ll").stdout == ""


def states(one: MultipathMap) -> list[tuple[str, str, str]]:
    return [(path.dm_state, path.checker_state, path.device_state) for path in one.paths]


def readable(machine: SimulatedMachine, one: MultipathMap) -> bool:
    argv = ("dd", f"if={one.path}", "of=/dev/null", "bs=4096", "count=1", "iflag=direct")
    return machine.run(*argv, check=False).ok


def test_linear_device_has_the_bytes_of_what_it_lies_on() -> None:
    deployment = load(DESCRIPTION)
    with one_host(deployment) as (world, machine, multipath):
        first, second, *_ = (machine.mapper.at(one.path) for one in multipath.maps())
        assert first
        assert second
        made = machine.mapper.make("group-volume", "lvm", 0)
        rows = (Row(0, MIB, second, 3 * MIB), Row(MIB, MIB, first, 5 * MIB))
        machine.mapper.load(made, rows)
        made.links = ("/dev/group/volume",)
        volume = HostDevice(machine, "/dev/group/volume")
        assert volume.size == 2 * MIB
        volume.write(MIB - 4, b"over the edge")
        assert volume.read(MIB - 4, 13) == b"over the edge"
        below = backing(world, deployment, second.name).space
        assert below.read(4 * MIB - 4, 4) == b"over"
        assert backing(world, deployment, first.name).space.read(5 * MIB, 9) == b" the edge"
        with pytest.raises(OSError, match="Input/output"):
            volume.read(2 * MIB - 1, 2)
        tree = machine.run("lsblk", "-J", "-b", "-o", "NAME,TYPE,SIZE").stdout
        assert tree.count('"group-volume"') == 4  # under each path of both maps
        # Nothing takes a map away from under it.
        with pytest.raises(CommandFailed, match="map in use"):
            multipath.flush(first.name)
