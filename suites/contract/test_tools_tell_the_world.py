"""Whatever the world has become, every tool tells it: what was done to it is the only truth here.

LUNs of drawn sizes grow and are looked at again or not, hosts lose cables; then each tool is asked,
read by the parser that serves real hosts, and held against what was drawn.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sbsim.bundle import default_deployment
from sbsim.deployment import Deployment, Host, load
from sbsim.initiator import lsblk
from sbsim.initiator.fdisk import parse_fdisk
from sbsim.initiator.lsscsi import parse_lsscsi_ids, parse_lsscsi_transports
from sbsim.initiator.multipath_map import LIST_ARGV, MAPS_ARGV, parse_list, parse_maps
from sbsim.initiator.paths import paths_by_wwid
from sbsim.initiator.routes import routes
from sbsim.machines import Machine
from sbsim.machines.parallel import run_by
from sbsim.management.deployed import Deployed
from sbsim.sim.world import World
from suites.contract.test_tools import provisioned

BLOCK, MIB = 512, 2**20
# After that a cable that is out is noticed, and its I/O given up.
NOTICED_SECONDS = 40.0
UNITS = {"MB": 1e6, "GB": 1e9, "TB": 1e12, "M": 2**20, "G": 2**30, "T": 2**40}
# Of three digits.
ROUNDED = 0.06

sizes = st.integers(64 * MIB // BLOCK, 8 * 2**40 // BLOCK).map(lambda one: one * BLOCK)
DESCRIPTIONS = ("multipath", "fc-multipath", "campus")


@contextmanager
def sized(name: str, given: list[int]) -> Iterator[tuple[World, Deployed, dict[str, int]]]:
    """A deployment whose LUNs have been given these sizes, and every host has looked again."""
    deployment = load(default_deployment().with_name(f"{name}.toml"))
    world, deployed = provisioned(deployment)
    wanted = {lun.wwid: lun.size for lun in deployment.luns}
    with run_by(world.clock.run_all):
        for wwid, size in zip(on_disks(deployment), given, strict=False):
            resize(world, deployment, wwid, size)
            wanted[wwid] = size
        for host in deployment.hosts:
            look_again(deployed, host)
        yield world, deployed, wanted


def on_disks(deployment: Deployment) -> list[str]:
    """The LUNs that grow with their disk: no file does."""
    return [lun.wwid for lun in deployment.luns if lun.backing == "block"]


def resize(world: World, deployment: Deployment, wwid: str, size: int) -> None:
    server, lun = next(
        (server, lun)
        for server in deployment.storage_servers
        for target in server.targets
        for lun in target.luns
        if lun.wwid == wwid
    )
    device = world.machines[server.name].files.device(lun.device)
    device.size = size  # type: ignore[union-attr]
    world.happened()


def look_again(deployed: Deployed, host: Host) -> None:
    """Have a host's paths, then its maps, see the sizes of now."""
    machine = deployed.machines[host.name]
    deployed.san(host).rescan_disks()
    for one in parse_list(machine.run(*LIST_ARGV).stdout):
        machine.run("multipathd", "resize", "map", one.name)


def about(text: str | None) -> float:
    """A size as people are told it, in bytes."""
    match = re.fullmatch(r"([0-9.]+)([A-Z]+)", text or "")
    assert match, text
    return float(match[1]) * UNITS[match[2]]


def check_paths(
    machine: Machine, deployment: Deployment, host: Host, wanted: dict[str, int]
) -> None:
    """Every tool that tells of paths: one line for each, of the right LUN and size."""
    ids = parse_lsscsi_ids(machine.run("lsscsi", "-i").stdout)
    disks = {one.device.hctl: one.wwid for one in ids if one.wwid}
    counts = {wwid: list(disks.values()).count(wwid) for wwid in set(disks.values())}
    assert counts == paths_by_wwid(deployment, host)
    shown = {one.hctl: one for one in parse_lsscsi_transports(machine.run("lsscsi", "-st").stdout)}
    blocks = lsblk.parse_lsblk(machine.run(*lsblk.ARGV).stdout)
    told = {one.hctl: one for one in blocks if one.hctl in disks}
    whole = {one.path: one for one in parse_fdisk(machine.run("fdisk", "-l").stdout)}
    assert set(told) == set(disks)
    for hctl, wwid in disks.items():
        one, size = told[hctl], wanted[wwid]
        assert about(shown[hctl].size) == pytest.approx(size, rel=ROUNDED)
        assert one.size == size
        assert one.wwn is None or wwid.endswith(one.wwn.removeprefix("0x"))
        assert whole[one.path].bytes == size


def check_maps(
    machine: Machine, deployment: Deployment, host: Host, wanted: dict[str, int], lost: set[str]
) -> None:
    """Multipath's two tools, and what lies below: `lost` are the links whose cables are out."""
    usable: dict[str, int] = {}
    for route in routes(deployment, host):
        for lun in route.luns:
            usable[lun.wwid] = usable.get(lun.wwid, 0) + (route.link.name not in lost)
    several = {wwid for wwid, many in paths_by_wwid(deployment, host).items() if many > 1}
    text = machine.run(*MAPS_ARGV).stdout
    blocks = {
        one.kname: one
        for root in lsblk.parse_lsblk(machine.run(*lsblk.ARGV).stdout)
        for one in root.walk()
    }
    hctls = {name: one.hctl for name, one in blocks.items() if one.hctl}
    maps = parse_maps(text, hctls, {name: one.size for name, one in blocks.items()})
    listed = {one.wwid: one for one in parse_list(machine.run(*LIST_ARGV).stdout)}
    alive = {wwid: usable[wwid] for wwid in several}
    assert {one.wwid: sum(path.usable for path in one.paths) for one in maps} == alive
    assert {wwid: sum(path.usable for path in one.paths) for wwid, one in listed.items()} == alive
    assert {one["uuid"]: one["paths"] for one in json.loads(text)["maps"]} == alive
    for one in maps:
        assert one.bytes == wanted[one.wwid]
        assert about(listed[one.wwid].size) == pytest.approx(wanted[one.wwid], rel=ROUNDED)


@settings(
    max_examples=5, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(st.data())
@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_every_tool_tells_sizes_and_paths(name: str, data: st.DataObject) -> None:
    drawn = data.draw(st.lists(sizes, min_size=5, max_size=5), "sizes")
    with sized(name, drawn) as (world, deployed, wanted):
        deployment = deployed.deployment
        host = data.draw(st.sampled_from(deployment.hosts), "host")
        machine = deployed.machines[host.name]
        check_paths(machine, deployment, host, wanted)
        check_maps(machine, deployment, host, wanted, set())

        # What has grown on the array is as it was to a host that has not looked again.
        grown = data.draw(st.sampled_from(on_disks(deployment)), "grown")
        resize(world, deployment, grown, wanted[grown] + 2**30)
        check_paths(machine, deployment, host, wanted)
        if data.draw(st.booleans(), "looked again"):
            look_again(deployed, host)
            wanted[grown] += 2**30
            check_paths(machine, deployment, host, wanted)
        check_maps(machine, deployment, host, wanted, set())

        links = sorted({route.link.name for route in routes(deployment, host)})
        out = data.draw(st.sampled_from(links), "cable out")
        plug(world, host, out, False)
        world.clock.sleep(NOTICED_SECONDS)
        check_maps(machine, deployment, host, wanted, {out})
        if deployment.transport == "iscsi":
            found = {one.place: one.state for one in deployed.san(host).logins()}
            assert found == {
                route.place: "FAILED" if route.link.name == out else "LOGGED_IN"
                for route in routes(deployment, host)
            }
        plug(world, host, out, True)
        world.clock.sleep(NOTICED_SECONDS)
        check_maps(machine, deployment, host, wanted, set())


def plug(world: World, host: Host, link: str, there: bool) -> None:
    """Put a host's cable to a link in, or pull it out."""
    for card in world.machines[host.name].cards:
        if card.link == link:
            card.plugged = there
    world.happened()
