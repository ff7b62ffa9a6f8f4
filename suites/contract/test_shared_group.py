"""A shared volume group on simulated hosts: made once, joined by all, changed under its lock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sbsim.bundle import default_deployment
from sbsim.deployment import load
from sbsim.errors import CommandFailed, ParallelError
from sbsim.machines.packages import Packages
from sbsim.machines.parallel import parallel, run_by
from sbsim.sharedblock.errors import VolumeGroupFailed
from sbsim.sharedblock.lock_space import read_delta_leases, read_lock_spaces
from sbsim.sharedblock.lvm import Lvm
from sbsim.sim.disk.lvm_label import read_label, read_text
from sbsim.sim.lvm.group import read_group
from sbsim.sim.lvm.lockd import LOCK_VOLUME, args_of
from sbsim.sim.machine import SimulatedMachine
from sbsim.sim.san.block_io import HostDevice
from sbsim.sim.sanlock.records import host_at, read_leader
from sbsim.sim.world import World
from suites.contract.test_tools import provisioned

MIB = 2**20
METADATA = 64 * MIB
MULTIPATH = default_deployment().with_name("multipath.toml")
JOIN_SECONDS = 21  # two io_timeouts and one second
SERVICES = ("sanlock.service", "lvmlockd.service")


class Hosts:
    """Hosts that are ready for a shared group, and the disks that they all see."""

    def __init__(self, world: World, machines: list[SimulatedMachine]) -> None:
        self.world = world
        self.machines = machines
        self.lvm = [Lvm(machine) for machine in machines]
        # By the same names on every host only where maps are named by their WWIDs.
        self.disks = [
            tuple(sorted(one.path for one in machine.mapper.devices))
            or tuple(sorted(disk.path for disk in machine.scsi.disks))
            for machine in machines
        ]

    def make(self) -> None:
        self.lvm[0].make_group("pool", self.disks[0][:2], "made", METADATA)

    def start(self, machine: SimulatedMachine) -> None:
        machine.run("vgchange", "--lock-start", "pool")

    def on_the_array(self) -> list[bytes | None]:
        """The text of the group on each of its disks, as it lies on the array."""
        texts = []
        for machine in self.world.machines.values():
            for device in machine.files.devices():
                label = read_label(device.space)
                if label:
                    texts.append(read_text(device.space, label))
        return texts


@contextmanager
def hosts(description: Path = MULTIPATH) -> Iterator[Hosts]:
    deployment = load(description)
    world, _ = provisioned(deployment)
    machines = [world.machines[host.name] for host in deployment.hosts]
    with run_by(world.clock.run_all):
        for number, machine in enumerate(machines, start=1):
            Packages(machine).install(("lvm2", "lvm2-lockd", "sanlock"))
            machine.files.make_folders("/etc/lvm")
            text = f"global {{\n use_lvmlockd=1\n}}\nlocal {{\n host_id={number}\n}}\n"
            machine.write("/etc/lvm/lvm.conf", text.encode())
            machine.run("systemctl", "enable", "--now", *SERVICES)
        yield Hosts(world, machines)


@pytest.mark.parametrize("description", [default_deployment(), MULTIPATH], ids=lambda one: one.stem)
def test_group_is_made_once_and_seen_by_all(description: Path) -> None:
    with hosts(description) as all_:
        all_.make()
        seen = [lvm.group("pool") for lvm in all_.lvm]
        assert seen[0]
        assert seen == [seen[0]] * 3
        assert (seen[0].lock_type, seen[0].tags) == ("sanlock", ("made",))
        (locks,) = read_lock_spaces(all_.machines[0])
        # The global lock lies there; lvmlockd tells of it once somebody has asked for it.
        assert (locks.vg, locks.vg_uuid, locks.has_global_lock) == ("pool", seen[0].uuid, False)
        all_.machines[0].run("lvmlockctl", "--gl-enable", "pool")
        assert read_lock_spaces(all_.machines[0])[0].has_global_lock
        assert read_lock_spaces(all_.machines[1]) == ()
        # What LVM gives up to its metadata and its locks is not for volumes.
        lock = next(one for one in all_.lvm[1].logical_volumes("pool") if one.name == LOCK_VOLUME)
        assert seen[0].size - seen[0].free == lock.size == 256 * MIB


def test_all_join_at_once_and_leave_again() -> None:
    with hosts() as all_:
        all_.make()
        began = all_.world.clock.now()
        parallel(all_.machines[1:], all_.start)
        assert all_.world.clock.now() - began == pytest.approx(JOIN_SECONDS, abs=2)
        leases = [read_delta_leases(machine) for machine in all_.machines]
        assert [[one.host_id for one in found] for found in leases] == [[1], [2], [3]]
        for machine in all_.machines:
            machine.run("vgchange", "--lock-stop", "pool")
            assert read_delta_leases(machine) == ()
            assert machine.mapper.at(f"/dev/mapper/pool-{LOCK_VOLUME}") is None


def test_every_change_from_every_host_counts() -> None:
    with hosts() as all_:
        all_.make()
        parallel(all_.machines[1:], all_.start)
        before = all_.lvm[0].group("pool")
        assert before
        parallel(all_.machines, lambda one: Lvm(one).retag("pool", (), one.name))
        after = [lvm.group("pool") for lvm in all_.lvm]
        assert after[0]
        assert after == [after[0]] * 3
        assert set(after[0].tags) == {"made", *(one.name for one in all_.machines)}
        assert after[0].seqno == before.seqno + 3
        first, second = all_.on_the_array()
        assert first == second
        assert first
        assert read_group(first.decode()).seqno == after[0].seqno


def test_disk_of_a_group_and_one_that_holds_something_are_refused_unchanged() -> None:
    with hosts() as all_:
        all_.make()
        texts = all_.on_the_array()
        with pytest.raises(VolumeGroupFailed, match="already in volume group 'pool'"):
            all_.lvm[1].make_group("other", all_.disks[1][:1], None, METADATA)
        with pytest.raises(VolumeGroupFailed, match="called pool already exists"):
            all_.lvm[1].make_group("pool", all_.disks[1][2:3], None, METADATA)
        with pytest.raises(VolumeGroupFailed, match="No device found for /dev/sdz"):
            all_.lvm[1].make_group("other", ("/dev/sdz",), None, METADATA)
        assert all_.on_the_array() == texts


def test_without_its_lock_nothing_is_changed() -> None:
    with hosts() as all_:
        all_.make()
        with pytest.raises(VolumeGroupFailed, match="failed lock"):
            all_.lvm[1].retag("pool", (), "unlocked")
        all_.machines[2].run("systemctl", "stop", "lvmlockd.service")
        with pytest.raises(CommandFailed, match="lvmlockd process is not running"):
            all_.start(all_.machines[2])
        group = all_.lvm[0].group("pool")
        assert group
        assert group.tags == ("made",)


def test_two_hosts_of_one_id_are_refused() -> None:
    with hosts() as all_:
        all_.make()
        all_.machines[1].write(
            "/etc/lvm/lvm.conf", b"global {\n use_lvmlockd=1\n}\nlocal {\n host_id=1\n}\n"
        )
        with pytest.raises(CommandFailed, match="host id 1"):
            all_.start(all_.machines[1])
        with pytest.raises(ParallelError):
            parallel(all_.machines[1:], all_.start)
        assert [bool(read_delta_leases(one)) for one in all_.machines] == [True, False, True]


def test_host_that_lost_its_power_comes_back_into_its_place() -> None:
    with hosts() as all_:
        all_.make()
        all_.start(all_.machines[1])
        machine = all_.machines[1]
        machine.power_off()
        # Its place in the lock space is still its own, by what lies on the disk.
        (label,) = {one.name for one in all_.machines[0].mapper.devices if one.kind == "lvm"}
        storage = all_.machines[0].lock_daemons.sanlock
        assert storage
        space = storage.spaces["lvm_pool"].storage
        assert not read_leader(space.read(host_at(0, 2), 512)).free
        assert label == f"pool-{LOCK_VOLUME}"
        machine.boot()
        began = all_.world.clock.now()
        all_.start(all_.machines[1])
        # It has a new name: it waits until who had its place before is surely dead.
        assert all_.world.clock.now() - began == pytest.approx(8 * 10 + 60 + JOIN_SECONDS, abs=3)
        assert [one.host_id for one in read_delta_leases(machine)] == [2]


EXTENT = 4 * MIB
steps = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from(["make", "remove", "grow", "ey", "sy", "n"]),
        st.sampled_from("ab"),
        st.integers(1, 9),
    ),
    min_size=8,
    max_size=25,
)


def arguments(what: str, name: str, extents: int) -> tuple[str, ...]:
    """The command for a step."""
    size = f"{extents * EXTENT}b"
    return {
        "make": ("lvcreate", "--yes", "--size", size, "--name", name, "pool"),
        "remove": ("lvremove", "--yes", f"pool/{name}"),
        "grow": ("lvextend", "--yes", "--size", size, f"pool/{name}"),
    }.get(what, ("lvchange", "--activate", what, f"pool/{name}"))


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps)
def test_volumes_are_where_their_locks_allow_them(steps: list[tuple[int, str, str, int]]) -> None:
    """A model beside the hosts: sizes, and which host has which volume active in which mode."""
    with hosts() as all_:
        all_.make()
        parallel(all_.machines[1:], all_.start)
        before = all_.lvm[0].group("pool")
        assert before
        sizes: dict[str, int] = {}
        modes: dict[str, list[str]] = {}
        # Both are there from the start: what can go wrong needs a volume.
        steps = [(0, "make", "a", 2), (1, "make", "b", 2), *steps]
        for host, what, name, extents in steps:
            others = [one for n, one in enumerate(modes.get(name, [])) if n != host]
            free = name not in modes or set(others) == {"n"}
            there = name in sizes
            possible = {
                "make": not there,
                "remove": there and free,
                "grow": there and free and extents > sizes.get(name, 0),
                "ey": there and free,
                "sy": there and "ey" not in others,
                "n": there,
            }[what]
            done = all_.machines[host].run(*arguments(what, name, extents), check=False)
            assert done.ok == possible, (what, done.stderr)
            if not possible:
                continue
            if what == "make":
                sizes[name], modes[name] = extents, ["n", "n", "n"]
                modes[name][host] = "ey"
            elif what == "remove":
                del sizes[name], modes[name]
            elif what == "grow":
                sizes[name] = extents
                if modes[name][host] == "sy":  # its lock is held as it must be for that
                    modes[name][host] = "ey"
            else:
                modes[name][host] = what
        for number, lvm in enumerate(all_.lvm):
            seen = {one.name: one for one in lvm.logical_volumes("pool")}
            del seen[LOCK_VOLUME]
            assert {name: one.size for name, one in seen.items()} == {
                name: extents * EXTENT for name, extents in sizes.items()
            }
            assert {name for name, one in seen.items() if one.active} == {
                name for name, one in modes.items() if one[number] != "n"
            }
        after = all_.lvm[0].group("pool")
        assert after
        assert after.free == before.free - sum(sizes.values()) * EXTENT


def test_volume_that_does_not_fit_is_refused_and_leaves_nothing_behind() -> None:
    with hosts() as all_:
        all_.make()
        before = all_.lvm[0].group("pool")
        assert before
        for number in range(3):  # more often than there would be leases, if they leaked
            extents = before.free // EXTENT + 1 + number
            done = all_.machines[0].run(*arguments("make", "a", extents), check=False)
            assert "insufficient free space" in done.stderr
        assert all_.lvm[0].group("pool") == before
        assert all_.machines[0].run(*arguments("make", "a", extents - 4), check=False).ok


def test_lease_of_what_could_not_be_made_is_free_again() -> None:
    with hosts() as all_:
        all_.make()
        group = all_.lvm[0].group("pool")
        assert group
        too_many = group.free // EXTENT + 1
        all_.machines[0].run(*arguments("make", "a", too_many), check=False)
        all_.machines[0].run(*arguments("make", "b", 1))
        all_.machines[0].run(*arguments("make", "c", 1))
        all_.machines[0].run(*arguments("remove", "b", 0))
        all_.machines[0].run(*arguments("make", "d", 1))
        (text, _) = all_.on_the_array()
        assert text
        locks = {one.name: one.lock for one in read_group(text.decode()).lvs}
        first, second = (args_of(place * MIB) for place in (67, 68))
        assert locks == {LOCK_VOLUME: "", "c": second, "d": first}


@pytest.mark.parametrize("mode", ["ey", "sy"])
@pytest.mark.parametrize("what", ["remove", "grow"])
def test_volume_in_use_elsewhere_is_neither_removed_nor_grown(mode: str, what: str) -> None:
    with hosts() as all_:
        all_.make()
        all_.start(all_.machines[1])
        one, two, _ = all_.machines
        one.run(*arguments("make", "a", 2))
        one.run(*arguments("n", "a", 0))
        two.run(*arguments(mode, "a", 0))
        done = one.run(*arguments(what, "a", 5), check=False)
        assert (done.status, "LV locked by other host: pool/a" in done.stderr) == (5, True)
        assert HostDevice(two, "/dev/pool/a").size == 2 * EXTENT
        (seen,) = [lv for lv in all_.lvm[0].logical_volumes("pool") if lv.name == "a"]
        assert seen.size == 2 * EXTENT
        two.run(*arguments("n", "a", 0))
        one.run(*arguments(what, "a", 5))


def test_volume_that_is_active_grows_as_a_device_too() -> None:
    with hosts() as all_:
        all_.make()
        one = all_.machines[0]
        one.run(*arguments("make", "a", 2))
        one.run(*arguments("make", "b", 1))  # behind it: what is added lies apart
        device = HostDevice(one, "/dev/pool/a")
        one.run(*arguments("grow", "a", 4))
        assert device.size == 4 * EXTENT
        device.write(2 * EXTENT - 2, b"edge")
        assert HostDevice(one, "/dev/pool/b").read(0, EXTENT) == bytes(EXTENT)
        assert device.read(2 * EXTENT - 2, 4) == b"edge"


def test_added_disk_gives_room_on_every_host() -> None:
    with hosts() as all_:
        all_.make()
        before = all_.lvm[2].group("pool")
        all_.lvm[0].extend_group("pool", all_.disks[0][2], METADATA)
        after = all_.lvm[2].group("pool")
        assert before
        assert after
        assert after.size > before.size
        assert len(all_.lvm[2].physical_volumes("pool")) == 3


def test_what_one_host_wrote_to_a_volume_another_one_reads() -> None:
    with hosts() as all_:
        all_.make()
        all_.start(all_.machines[1])
        one, two, _ = all_.machines
        one.run(*arguments("make", "a", 2))
        HostDevice(one, "/dev/pool/a").write(EXTENT - 3, b"across")
        one.run(*arguments("n", "a", 0))
        with pytest.raises(OSError, match="No such file"):
            HostDevice(one, "/dev/pool/a")
        two.run(*arguments("ey", "a", 0))
        assert HostDevice(two, "/dev/pool/a").read(EXTENT - 3, 6) == b"across"
