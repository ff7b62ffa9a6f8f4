"""Chapter 3.4: the paths of a LUN are one device, and losing one of them stops no I/O."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import pytest

from sbsim.acceptance import Run
from sbsim.acceptance.proof import Proof
from sbsim.deployment import Deployment, Host, Link
from sbsim.errors import CommandFailed, WaitedInVain
from sbsim.initiator import direct_writer
from sbsim.initiator.multipath import Multipath
from sbsim.initiator.multipath_map import MultipathMap
from sbsim.initiator.paths import has_several, several_paths
from sbsim.initiator.routes import routes
from sbsim.initiator.writing import writing
from sbsim.machines import Clock, Machine
from sbsim.machines.clock import wait_until
from sbsim.management.deployed import Deployed

WRITER_BLOCKS = 64
# A lost path is noticed after 10 s (iscsid's pings), and given up after 5 more; an emulated host
# takes its time. The path is back at the next login, tried every few seconds, and check.
FAILOVER_LIMIT_SECONDS = 60.0
RETURN_LIMIT_SECONDS = 120.0


@pytest.mark.requirement("R3.13")
@pytest.mark.requires("paths")
def test_paths_of_each_lun_are_one_usable_device(
    deployment: Deployment, host: Host, host_machine: Machine, clock: Clock, proves: Proof
) -> None:
    wanted = several_paths(deployment, host)
    sizes = {lun.wwid: lun.size for lun in deployment.luns}
    try:
        maps = Multipath(host_machine, clock).maps() if wanted else ()
    except CommandFailed:  # multipathd or its package is not there
        maps = ()
    by_wwid = {one.wwid: one for one in maps if one.wwid in wanted}
    proves("R3.13", "maps", host.name,
           seen={wwid: shown(one) for wwid, one in sorted(by_wwid.items())},
           wanted={wwid: [sizes[wwid], many, "round-robin 0", "fails"]
                   for wwid, many in sorted(wanted.items())})  # fmt: skip
    proves("R3.13", "map_readable", host.name,
           seen=[wwid for wwid, one in sorted(by_wwid.items()) if readable(host_machine, one)],
           wanted=sorted(wanted))  # fmt: skip


def shown(one: MultipathMap) -> list[object]:
    """Size, usable paths, how they take turns, and what I/O does when none is left."""
    usable = sum(path.usable for path in one.paths)
    return [one.bytes, usable, ", ".join(one.selectors), "queues" if one.queues else "fails"]


def readable(machine: Machine, one: MultipathMap) -> bool:
    """Whether the first block can be read from the device itself."""
    argv = ("dd", f"if={one.path}", "of=/dev/null", "bs=4096", "count=1", "iflag=direct")
    return machine.run(*argv, check=False).ok


@dataclass
class Scene:
    """A host that writes to a map of which one path can be lost; `lost` are sd names."""

    run: Run
    host: Host
    link: Link
    machine: Machine
    multipath: Multipath
    map: MultipathMap
    lost: frozenset[str]

    def usable(self) -> frozenset[str]:
        """The map's paths that are usable now, as sd names."""
        maps = {one.wwid: one for one in self.multipath.read()}
        return frozenset(path.device for path in maps[self.map.wwid].paths if path.usable)

    def cable(self, plugged: bool) -> None:
        """Pull or plug the host's cable to the link."""
        self.run.backend.link(self.host.name, self.link.name, up=plugged)

    @property
    def amid_writes(self) -> bool:
        """Whether the cable may be pulled while a write is under way.

        An FC port of Linux that is a target would wait for the rest of that write for ever, and
        none of its machine's ports would answer any more (6.1's tcm_fc, ft_prlo; seen on a lab).
        """
        return not self.link.is_fc


@pytest.fixture
def scene(sbsim_run: Run, deployed: Deployed, clock: Clock, proves: Proof) -> Scene:
    """The first host with several paths, its last LUN and its last storage link."""
    deployment = deployed.deployment
    host = next(host for host in deployment.hosts if has_several(deployment, host))
    machine = deployed.machines[host.name]
    multipath = Multipath(machine, clock)
    wwid = [lun.wwid for lun in deployment.luns if lun.wwid in several_paths(deployment, host)][-1]
    try:
        maps = multipath.settle(several_paths(deployment, host))
    except WaitedInVain as error:
        proves.blocked(str(error))
    link = [link for link, _ in deployment.links_of(host) if link.storage][-1]
    places = {route.place for route in routes(deployment, host) if route.link == link}
    lost = {
        str(device.path).removeprefix("/dev/")
        for device in deployed.san(host).devices()
        if device.wwid == wwid and device.place in places
    }
    one = next(one for one in maps if one.wwid == wwid)
    return Scene(sbsim_run, host, link, machine, multipath, one, frozenset(lost))


@pytest.mark.requirement("R3.14")
@pytest.mark.requires("paths", "link_faults", "disposable")
def test_losing_a_path_stops_no_io_and_the_path_comes_back(
    scene: Scene, clock: Clock, proves: Proof
) -> None:
    assert scene.lost < scene.usable(), "the link does not carry one path of several"

    def goes_on_without() -> bool:
        if scene.usable() & scene.lost:
            return False
        count = writer.told().writes
        clock.sleep(2.0)
        return writer.told().writes > count

    failed_over = returned = False
    assert scene.map.bytes
    offset = scene.map.bytes - WRITER_BLOCKS * direct_writer.SIZE
    try:
        if not scene.amid_writes:
            scene.cable(plugged=False)
        with writing(scene.machine, scene.map.path, offset, WRITER_BLOCKS) as writer:
            wait_until(
                clock, lambda: writer.told().writes > 0, FAILOVER_LIMIT_SECONDS, "the first write"
            )
            if scene.amid_writes:
                scene.cable(plugged=False)
            with contextlib.suppress(WaitedInVain):
                failed_over = wait_until(
                    clock, goes_on_without, FAILOVER_LIMIT_SECONDS, "I/O by the other path"
                )
            scene.cable(plugged=True)
            with contextlib.suppress(WaitedInVain):
                returned = wait_until(
                    clock, lambda: scene.lost <= scene.usable(), RETURN_LIMIT_SECONDS, "the path"
                )
    finally:
        scene.cable(plugged=True)
    told = writer.told()
    scene.run.evidence.finding(
        id="path-lost-gap", severity="info", where=scene.host.name,
        text=f"losing a path held I/O up for {told.longest_gap:.1f} s at most "
             f"({told.writes} writes, all of them read back)",
    )  # fmt: skip
    proves("R3.14", "io_errors", None, seen=told.faults, wanted=[])
    proves("R3.14", "fails_over", None,
           seen=f"I/O goes on within {FAILOVER_LIMIT_SECONDS:g} s: {failed_over}",
           wanted=f"I/O goes on within {FAILOVER_LIMIT_SECONDS:g} s: True")  # fmt: skip
    proves("R3.14", "path_returns", None, seen=returned, wanted=True)
