"""What a release's machines have and print of their own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sbsim.bundle import default_deployment
from sbsim.deployment import Deployment, load
from sbsim.errors import RepositoryError, UnknownPackage
from sbsim.initiator.fdisk import Disk, parse_fdisk
from sbsim.machines.packages import Packages
from sbsim.machines.parallel import run_by
from sbsim.machines.server import Server
from sbsim.management.opening import HOST_PACKAGES
from sbsim.sim.disk.partitions import Partition
from sbsim.sim.machine import SimulatedMachine
from sbsim.sim.releases import RELEASES, about
from sbsim.sim.tools.fdisk import STYLES, Seen, Table
from sbsim.sim.world import World

OTHERS = {"debian-12": ("rpm", "yum"), "centos-7.4": ("dpkg-query", "apt-get")}


def world_of(release: str) -> World:
    deployment: Deployment = load(default_deployment())
    return World(deployment.model_copy(update={"os_release": release}))


def host_of(world: World) -> SimulatedMachine:
    return world.machines["sharedblock-host1"]


@pytest.mark.parametrize("release", RELEASES)
def test_machine_is_of_its_release_and_takes_the_platforms_packages(release: str) -> None:
    world = world_of(release)
    host = host_of(world)
    with run_by(world.clock.run_all):
        assert Server(host).os_release == release
        assert host.run("lvmconfig", check=False).status == 127
        assert Packages(host).install(HOST_PACKAGES) == HOST_PACKAGES
        assert Packages(host).install(HOST_PACKAGES) == ()
        assert host.run("lvmconfig", "--type", "default").stdout.startswith("config {")
        for name in ("/etc/lvm/lvm.conf", "/etc/lvm/lvmlocal.conf"):
            assert host.files.exists(name)


def test_minor_releases_of_centos_are_told_apart() -> None:
    world = world_of("centos-7.4")
    host = host_of(world)
    with run_by(world.clock.run_all):
        host.write("/etc/centos-release", b"CentOS Linux release 7.2.1511 (Core)\n")
        assert Server(host).os_release == "centos-7.2"


@pytest.mark.parametrize("release", RELEASES)
def test_tools_of_another_family_are_not_there(release: str) -> None:
    world = world_of(release)
    for tool in OTHERS[release]:
        done = host_of(world).run(tool, "--version", check=False)
        assert done.status == 127
        assert done.stderr.endswith(f": exec: {tool}: not found\n")


def test_yum_without_a_repository_or_a_package_says_so() -> None:
    world = world_of("centos-7.4")
    host = host_of(world)
    with run_by(world.clock.run_all):
        with pytest.raises(UnknownPackage, match="nosuch"):
            Packages(host).install(("nosuch",))
        host.write("/etc/yum.repos.d/local.repo", b"[local]\nenabled=0\n")
        with pytest.raises(RepositoryError, match=r"/etc/yum\.repos\.d"):
            Packages(host).install(("sanlock",))


# --- fdisk ------------------------------------------------------------------------------------

sectors = st.integers(1, 2**40)


@st.composite
def seen(draw: st.DrawFn) -> Seen:
    """A disk, with or without a table of one to three partitions."""
    size = draw(sectors) * 512
    parts = tuple(
        Partition(number, draw(sectors), draw(sectors))
        for number in range(1, draw(st.integers(1, 3)) + 1)
    )
    table = draw(
        st.sampled_from(
            [
                None,
                Table("dos", "0x1a2b3c4d", parts),
                Table("gpt", "9A1E0000-0000-0000-0000-000000000000", parts),
            ]
        )
    )
    return Seen("/dev/sda", size, 512, 512, "model", table)  # fmt: skip


@pytest.mark.parametrize("release", RELEASES)
@given(disks=st.lists(seen(), max_size=3))
def test_fdisk_can_be_read_in_every_releases_layout(release: str, disks: list[Seen]) -> None:
    version = about(release).fdisk
    model = "model" if version == "2.38" else None
    assert parse_fdisk(STYLES[version](disks)) == tuple(
        Disk(one.path, one.size, one.size // 512, model, 512, one.table and one.table.kind)
        for one in disks
    )
