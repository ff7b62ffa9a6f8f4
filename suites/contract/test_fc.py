"""Fibre Channel in the simulated world, by the code that serves real hosts.

What is asserted of ports, roles and times is what real kernels have shown (facts: lab, section 6).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest

from sbsim.bundle import default_deployment
from sbsim.deployment import Deployment, Host, load
from sbsim.errors import CommandFailed
from sbsim.initiator.chap import ChapSettings
from sbsim.initiator.errors import InitiatorError
from sbsim.initiator.fc import configure, fcoe
from sbsim.initiator.fc.initiator import FcInitiator
from sbsim.initiator.lun_view import expected_luns, seen_luns
from sbsim.initiator.multipath import Multipath
from sbsim.kvm.hypervisor import no_hypervisor
from sbsim.machines.parallel import run_by
from sbsim.management.deployed import Deployed
from sbsim.management.provision import apply_target, provision
from sbsim.sim.machine import SimulatedMachine
from sbsim.sim.world import World
from suites.contract.test_tools import provisioned

ONE_PATH = default_deployment().with_name("fc.toml")
TWO_PATHS = default_deployment().with_name("fc-multipath.toml")
# The old login is remembered for 31 s; what is asked in between takes its time, too.
AGED_SECONDS = (31.0, 40.0)


class Scene(NamedTuple):
    """A provisioned deployment inside its world, and its first host."""

    world: World
    deployed: Deployed
    host: Host
    machine: SimulatedMachine
    side: FcInitiator

    @property
    def array(self) -> SimulatedMachine:
        (server,) = self.deployed.deployment.storage_servers
        return self.world.machines[server.name]

    def usable(self) -> list[str]:
        return [port.wwpn for port in self.side.logins() if port.usable]


@contextmanager
def scene(path: object = ONE_PATH) -> Iterator[Scene]:
    deployment = load(str(path))
    world, deployed = provisioned(deployment)
    with run_by(world.clock.run_all):
        yield _scene(world, deployed)


@contextmanager
def fresh() -> Iterator[Scene]:
    """The same world before anything is set up."""
    deployment: Deployment = load(ONE_PATH)
    world = World(deployment)
    deployed = Deployed(deployment, world.machines, ChapSettings(), world.clock, no_hypervisor)
    with run_by(world.clock.run_all):
        yield _scene(world, deployed)


def _scene(world: World, deployed: Deployed) -> Scene:
    host = deployed.deployment.hosts[0]
    machine = world.machines[host.name]
    return Scene(world, deployed, host, machine, FcInitiator(machine, world.clock))


@pytest.mark.parametrize("path", [ONE_PATH, TWO_PATHS], ids=lambda one: one.stem)
def test_every_host_sees_the_luns_and_a_second_time_changes_nothing(path: object) -> None:
    with scene(path) as it:
        for host in it.deployed.deployment.hosts:
            side = it.deployed.san(host)
            assert seen_luns(side.devices()) == expected_luns(it.deployed.deployment, host)
            assert len({port.target for port in side.logins()}) == 1
        assert provision(it.deployed, lambda _text: None) == []


def test_transport_view_has_the_form_of_a_real_hosts() -> None:
    with scene() as it:
        first = it.machine.run("lsscsi", "-st").lines[0]
        assert first.split() == [
            "[0:0:0:0]", "disk", "fcoe:0x200052545bfc0201,0x000201", "/dev/sda", "20.9GB",
        ]  # fmt: skip
        assert '"tran": "fcoe"' in it.machine.run("lsblk", "-J", "-b", "-o", "NAME,TRAN").stdout
        links = it.machine.files.listdir("/dev/disk/by-path")
        assert "pci-0000:03:00.0-fc-0x200052545bfc0201-lun-0" in links


def test_other_hosts_are_seen_as_initiators_alone() -> None:
    with scene() as it:
        others = [port for port in it.side.remote_ports() if not port.is_target]
        assert [(port.wwpn[-5:], port.roles, port.target) for port in others] == [
            ("01:02", ("FCP Initiator",), -1), ("01:03", ("FCP Initiator",), -1),
        ]  # fmt: skip


# --- the trap -------------------------------------------------------------------------------------


def test_host_that_came_before_the_target_is_logged_in_anew() -> None:
    with fresh() as it:
        (server,) = it.deployed.deployment.storage_servers
        configure.open_ports(it.array, it.world.clock, server.fc_ports)
        configure.open_ports(it.machine, it.world.clock, it.host.ports)
        (port,) = it.side.remote_ports()
        assert (port.roles, port.target, port.is_target) == (("FCP Initiator",), -1, False)
        apply_target(it.deployed, server.name)
        # The target is there; the port stays what it was, and a scan finds nothing.
        it.side.rescan_hosts(it.side.remote_ports())
        assert (it.usable(), it.side.disk_ids()) == ([], ())
        began = it.world.clock.now()
        changes = configure.apply(it.side, it.deployed.deployment, it.host)
        assert "renewed the logins of the FC port 20:00:52:54:5b:fc:01:01" in changes
        assert AGED_SECONDS[0] <= it.world.clock.now() - began <= AGED_SECONDS[1]
        assert len(it.side.disk_ids()) == 4
        assert configure.apply(it.side, it.deployed.deployment, it.host) == ()


def test_array_that_does_not_know_the_host_is_told() -> None:
    with fresh() as it:
        (server,) = it.deployed.deployment.storage_servers
        (target,) = server.targets
        others = tuple(host.name for host in it.deployed.deployment.hosts[1:])
        apply_target(it.deployed.with_target(target, initiators=others), server.name)
        with pytest.raises(InitiatorError, match=r"lacks 20:00:52:54:5b:fc:02:01 from .*its ACL"):
            configure.apply(it.side, it.deployed.deployment, it.host)


# --- growth, scans, restarts ----------------------------------------------------------------------


def test_stale_size_stays_until_the_disk_is_looked_at_again() -> None:
    with scene() as it:
        lun = it.deployed.deployment.luns[0]
        it.array.files.device(lun.device).size = lun.size + 2**30
        it.world.clock.happenings += 1

        def size() -> int | None:
            return next(one.bytes for one in it.side.devices() if one.wwid == lun.wwid)

        it.side.rescan_hosts()
        assert size() == lun.size
        assert it.side.rescan_disks()
        assert size() == lun.size + 2**30


def test_ports_come_back_after_a_restart_of_either_side() -> None:
    with scene() as it:
        for machine in (it.machine, it.array):
            machine.power_off()
            machine.boot()
            it.world.clock.sleep(AGED_SECONDS[1])
            assert it.usable() == ["20:00:52:54:5b:fc:02:01"]
            assert len(it.side.disk_ids()) == 4


def test_ports_are_taken_away_with_what_they_brought() -> None:
    with scene() as it:
        assert configure.close_ports(it.machine) == ("took the FC port on link2 away",)
        assert (it.side.ports(), it.side.disk_ids(), fcoe.kept(it.machine)) == ((), (), ())
        assert configure.close_ports(it.machine) == ()


# --- paths ----------------------------------------------------------------------------------------


def test_own_cable_is_missed_at_once_and_the_arrays_after_two_beacons() -> None:
    with scene(TWO_PATHS) as it:
        multipath = Multipath(it.machine, it.world.clock)

        def failed() -> int:
            return sum(not path.usable for one in multipath.read() for path in one.paths)

        def after(seconds: float) -> int:
            it.world.clock.sleep(seconds)
            return failed()

        for machine, noticed in ((it.machine, 0.0), (it.array, 20.0)):
            card = machine.cards[-1]
            card.plugged = False
            it.world.clock.happenings += 1
            assert failed() == 0
            # Until it is noticed, and then for multipath's five seconds, I/O waits.
            assert after(noticed + 3.0) == 0
            assert after(4.0) == 4
            card.plugged = True
            it.world.clock.happenings += 1
            assert after(5.0) == 0


def test_lost_port_is_kept_for_ten_minutes_by_multipath_and_for_one_without() -> None:
    for path, kept in ((ONE_PATH, 60.0), (TWO_PATHS, 600.0)):
        with scene(path) as it:
            it.machine.cards[-1].plugged = False
            it.world.clock.happenings += 1
            lost = it.host.ports[-1].link
            before = len(it.side.disk_ids())
            it.world.clock.sleep(kept - 5.0)
            assert len(it.side.disk_ids()) == before, lost
            it.world.clock.sleep(10.0)
            assert len(it.side.disk_ids()) == before - 4, lost


# --- libfcoe's files ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("ctlr_create", "link9", "No such device"),
        ("ctlr_create", "link2", "File exists"),
        ("ctlr_destroy", "link1", "No such device"),
        ("devices/ctlr_0/mode", "fabric", "Device or resource busy"),
        ("devices/ctlr_0/enabled", "x", "Invalid argument"),
        ("devices/ctlr_9/enabled", "1", "No such file or directory"),
    ],
)
def test_libfcoe_refuses_what_it_refuses(path: str, text: str, said: str) -> None:
    with scene() as it, pytest.raises(CommandFailed, match=said):
        it.machine.run("tee", f"{fcoe.BUS}/{path}", input=text)


def test_nothing_of_fcoe_is_there_before_its_module() -> None:
    with fresh() as it:
        with pytest.raises(CommandFailed, match="No such file or directory"):
            it.machine.run("tee", f"{fcoe.BUS}/ctlr_create", input="link2")
        it.machine.run("modprobe", "-a", *fcoe.MODULES)
        it.machine.run("tee", f"{fcoe.BUS}/ctlr_create", input="link2")
        (port,) = it.side.ports()
        assert (port.state, port.card) == ("Linkdown", "link2")
        # Without its mode it looks for a switch that is not there.
        it.machine.run("tee", f"{fcoe.BUS}/devices/ctlr_0/enabled", input="1")
        it.world.clock.sleep(5.0)
        assert it.side.ports()[0].state == "Offline"
