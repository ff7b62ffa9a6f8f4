"""What simulated tools print is what the simulated world is, read by the real parsers."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sbsim.bundle import default_deployment
from sbsim.deployment import Deployment, load
from sbsim.initiator.chap import chap_of
from sbsim.initiator.lun_view import expected_luns
from sbsim.kvm.hypervisor import no_hypervisor
from sbsim.machines.parallel import run_by
from sbsim.machines.server import Server
from sbsim.management.deployed import Deployed
from sbsim.management.provision import provision
from sbsim.sim.errors import NotSimulated
from sbsim.sim.world import World

BLOCK = 512
MIB = 2**20


def provisioned(deployment: Deployment) -> tuple[World, Deployed]:
    """The deployment in a world of its own, set up to its last login. Call inside `run_by`."""
    world = World(deployment)
    chap = chap_of(deployment, True, Path())
    deployed = Deployed(deployment, world.machines, chap, world.clock, no_hypervisor)
    with run_by(world.clock.run_all):
        provision(deployed, lambda _text: None)
    return world, deployed


sizes = st.integers(4 * 1024 * MIB // BLOCK, 9 * 2**40 // BLOCK).map(lambda one: one * BLOCK)
numbers = st.lists(st.integers(0, 255), min_size=4, max_size=4, unique=True)


@st.composite
def deployments(draw: st.DrawFn) -> Deployment:
    """The guide's, with LUNs of other sizes, numbers and caches."""
    deployment = load(default_deployment())
    (server,) = deployment.storage_servers
    targets = []
    for target in server.targets:
        given = draw(numbers)
        luns = [
            lun.model_copy(update={
                "size": draw(sizes), "lun": number,
                "cache": draw(st.sampled_from(["write-through", "write-back"])),
            })
            for lun, number in zip(target.luns, given, strict=False)
        ]  # fmt: skip
        targets.append(target.model_copy(update={"luns": tuple(luns)}))
    changed = server.model_copy(update={"targets": tuple(targets)})
    return deployment.model_copy(update={"storage_servers": (changed,)})


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(deployments())
def test_devices_are_told_as_they_are(deployment: Deployment) -> None:
    world, deployed = provisioned(deployment)
    with run_by(world.clock.run_all):
        for host in deployment.hosts:
            # Every tool's view, put together by the code that serves real hosts; they must agree.
            seen = deployed.initiator(host).devices()
            luns = {lun.wwid: lun for lun in deployment.luns}
            wanted = {
                one.wwid: (one.lun, luns[one.wwid].size, luns[one.wwid].cache)
                for one in expected_luns(deployment, host)
                if one.wwid
            }
            assert {
                one.wwid: (one.hctl.lun, one.bytes, str(one.cache_type).replace(" ", "-"))
                for one in seen
            } == wanted


def test_stale_size_stays_until_each_path_is_looked_at_again() -> None:
    deployment = load(default_deployment())
    world, deployed = provisioned(deployment)
    host, (server,) = deployment.hosts[0], deployment.storage_servers
    lun = next(one for target in server.targets for one in target.luns)
    initiator = deployed.initiator(host)

    def size() -> int | None:
        return next(one.bytes for one in initiator.devices() if one.wwid == lun.wwid)

    with run_by(world.clock.run_all):
        world.machines[server.name].files.device(lun.device).size = lun.size + MIB
        assert size() == lun.size
        initiator.rescan_hosts()  # finds what is new, and looks at nothing that is known
        assert size() == lun.size
        initiator.rescan_disks()
        assert size() == lun.size + MIB


def test_pulled_cable_is_noticed_after_the_pings_and_comes_back_by_itself() -> None:
    deployment = load(default_deployment())
    world, deployed = provisioned(deployment)
    host = deployment.hosts[0]
    initiator, machine = deployed.initiator(host), world.machines[host.name]

    def states() -> set[str]:
        return {one.state for one in initiator.sessions()}

    with run_by(world.clock.run_all):
        machine.cards[0].plugged = False
        assert states() == {"LOGGED_IN"}
        world.clock.sleep(30)
        assert states() == {"FAILED"}
        others = deployed.server(deployment.hosts[1].name)
        assert not others.pings(str(host.address))
        machine.cards[0].plugged = True
        assert states() == {"LOGGED_IN"}


def test_restarted_machines_come_back_as_they_were() -> None:
    deployment = load(default_deployment())
    world, deployed = provisioned(deployment)
    with run_by(world.clock.run_all):
        (server,) = deployment.storage_servers
        wanted = deployed.wanted(server)
        for machine in world.machines.values():
            machine.power_off()
        assert not deployed.server(deployment.management_node.name).machine.on  # type: ignore[attr-defined]
        world.machines[server.name].boot()
        for name, machine in world.machines.items():
            if name != server.name:
                machine.boot()
        assert deployed.target_server(server).differences(wanted) == ()
        for host in deployment.hosts:
            assert {one.wwid for one in deployed.initiator(host).devices()} == {
                lun.wwid for lun in expected_luns(deployment, host)
            }


@pytest.mark.parametrize(
    "argv", [("nosuchtool",), ("lsscsi", "--wwn"), ("iscsiadm", "-m", "host"), ("ip", "route")]
)
def test_what_no_tool_knows_is_an_error_that_names_it(argv: tuple[str, ...]) -> None:
    world = World(load(default_deployment()))
    with pytest.raises(NotSimulated, match="the simulator knows no"):
        world.machines["sharedblock-host1"].run(*argv)


def test_servers_tell_what_was_described() -> None:
    deployment = load(default_deployment())
    world, _ = provisioned(deployment)
    with run_by(world.clock.run_all):
        for described in deployment.machines:
            server = Server(world.machines[described.name])
            assert (server.host_name, server.os_release) == (described.name, deployment.os_release)
            names = [host.name for host in deployment.hosts]
            assert set(server.resolve(*names)) == set(names)
