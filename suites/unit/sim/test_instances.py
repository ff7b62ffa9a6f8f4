"""VM instances on simulated hosts: their guests, what they have open, and how they end."""

from __future__ import annotations

import pytest

from sbsim.backends.sim import SimBackend
from sbsim.errors import CommandFailed, MachineError
from sbsim.kvm.configure import configure
from sbsim.kvm.domain import Domain, Drive, Format, serial_log
from sbsim.kvm.errors import InstanceFailed
from sbsim.kvm.guest import parse_serial
from sbsim.kvm.instances import Instances, Running

from .pooled import VG, backend, connect, quiet

assert backend  # a fixture
ONE, TWO = "sharedblock-host1", "sharedblock-host2"
UUID, OTHER = "1" * 32, "2" * 31 + "3"
MIB = 2**20
# All that a firmware looks for.
BOOTABLE = bytes(510) + b"\x55\xaa"


@pytest.fixture
def pool(backend: SimBackend) -> SimBackend:
    """Two hosts in a pool with three volumes: `root` has a guest, `data` is raw, `upon` qcow2."""
    for number, name in enumerate((ONE, TWO), start=1):
        connect(backend, name, number, first=number == 1)
        configure(backend.machines[name])
    host = backend.machines[ONE]
    for name in ("root", "data", "upon"):
        host.run("lvcreate", "--quiet", "--yes", "--activate", "ey", "--size", f"{8 * MIB}b",
                 "--name", name, VG)  # fmt: skip
    host.run("dd", f"of=/dev/{VG}/root", "bs=1M", input=BOOTABLE)
    host.run("qemu-img", "create", "-q", "-f", "qcow2", "-u", "-b", f"/dev/{VG}/root", "-F", "raw",
             f"/dev/{VG}/upon", str(MIB))  # fmt: skip
    return backend


def instances(backend: SimBackend, name: str = ONE) -> Instances:
    return Instances(name, backend.hypervisor, backend.clock)


def drive(number: int, name: str, form: Format = "raw", shareable: bool = False) -> Drive:
    return Drive(number, f"/dev/{VG}/{name}", form, name, shareable)


def domain(*drives: Drive, uuid: str = UUID) -> Domain:
    return Domain(uuid, 1, 32 * MIB, drives)


def log(backend: SimBackend, name: str = ONE, uuid: str = UUID) -> str:
    return backend.machines[name].run("cat", serial_log(uuid), check=False).stdout


def activate(backend: SimBackend, name: str, volume: str, mode: str) -> None:
    backend.machines[name].run("lvchange", "--quiet", "--activate", mode, f"{VG}/{volume}")


def test_guest_counts_on_all_of_its_disks(pool: SimBackend) -> None:
    host = instances(pool)
    host.start(domain(drive(0, "root"), drive(1, "data")))
    pool.clock.sleep(20.0)
    told = parse_serial(log(pool))
    assert told is not None
    assert (told.errors, told.strangers, told.found) == (0, 0, 0)
    assert 30 <= told.rounds <= 40
    assert host.shut_down(UUID, 10.0)
    assert host.states() == {}
    assert log(pool).splitlines()[-1].startswith("stopped ")
    rounds = parse_serial(log(pool))
    assert rounds is not None
    host.start(domain(drive(0, "root"), drive(1, "data")))
    pool.clock.sleep(5.0)
    again = parse_serial(log(pool))
    assert again is not None
    assert again.found == rounds.counted


def test_guest_tells_of_another_writer(pool: SimBackend) -> None:
    instances(pool).start(domain(drive(0, "root")))
    pool.clock.sleep(5.0)
    pool.machines[ONE].run("dd", "if=/dev/zero", f"of=/dev/{VG}/root", "bs=512", "count=1",
                           "seek=32")  # fmt: skip
    pool.clock.sleep(5.0)
    told = parse_serial(log(pool))
    assert told is not None
    assert told.strangers == 1


def test_instance_without_anything_to_boot_hears_no_power_button(pool: SimBackend) -> None:
    host = instances(pool)
    host.start(domain(drive(0, "data")))
    assert not host.shut_down(UUID, 10.0)
    assert host.states() == {UUID: Running.RUNNING}
    assert log(pool) == ""
    host.destroy(UUID)
    assert host.states() == {}


def test_volume_that_an_instance_has_open_stays_active(pool: SimBackend) -> None:
    host = instances(pool)
    host.start(domain(drive(0, "upon", "qcow2")))
    for name in ("upon", "root"):  # what lies behind is open as well
        with pytest.raises(CommandFailed, match=f"Logical volume {VG}/{name} in use"):
            activate(pool, ONE, name, "n")
    host.destroy(UUID)
    activate(pool, ONE, "upon", "n")


def test_disk_is_one_instances_alone_but_for_shareable_ones(pool: SimBackend) -> None:
    host = instances(pool)
    host.start(domain(drive(0, "root"), drive(1, "data", shareable=True)))
    with pytest.raises(InstanceFailed, match='Failed to get "write" lock'):
        host.start(domain(drive(0, "root"), uuid=OTHER))
    assert list(host.states()) == [UUID]
    host.start(domain(drive(0, "upon", "qcow2"), drive(1, "data", shareable=True), uuid=OTHER))
    assert sorted(host.states()) == [UUID, OTHER]


def test_what_libvirt_refuses_is_refused_in_its_words(pool: SimBackend) -> None:
    host = instances(pool)
    refused = "shared access for disk 'vda' requires use of supported storage format"
    with pytest.raises(InstanceFailed, match=refused):
        host.start(domain(drive(0, "upon", "qcow2", shareable=True)))
    with pytest.raises(InstanceFailed, match=r"Cannot access storage file .*No such file"):
        host.start(domain(drive(0, "nothing")))
    with pytest.raises(InstanceFailed, match="Image is not in qcow2 format"):
        host.start(domain(drive(0, "data", "qcow2")))
    assert host.states() == {}


def test_disks_come_and_go_while_it_runs(pool: SimBackend) -> None:
    host = instances(pool)
    host.start(domain(drive(0, "root")))
    host.attach(UUID, drive(1, "data"))
    host.attach(UUID, drive(1, "data"))
    assert host.drives(UUID) == {"vda": f"/dev/{VG}/root", "sda": f"/dev/{VG}/data"}
    with pytest.raises(InstanceFailed, match=r"sda is .* already"):
        host.attach(UUID, drive(1, "upon", "qcow2"))
    host.detach(UUID, drive(1, "data"))
    host.detach(UUID, drive(1, "data"))
    assert host.drives(UUID) == {"vda": f"/dev/{VG}/root"}
    activate(pool, ONE, "data", "n")


def test_writes_go_on_in_an_image_upon_the_disk(pool: SimBackend) -> None:
    host = instances(pool)
    host.start(domain(drive(0, "root")))
    pool.clock.sleep(5.0)
    host.go_on_in(UUID, drive(0, "root"), f"/dev/{VG}/upon")
    before = pool.machines[ONE].run("dd", f"if=/dev/{VG}/root", "bs=512", "count=1", "skip=32")
    pool.clock.sleep(10.0)
    after = pool.machines[ONE].run("dd", f"if=/dev/{VG}/root", "bs=512", "count=1", "skip=32")
    assert after.stdout == before.stdout
    assert host.drives(UUID) == {"vda": f"/dev/{VG}/upon"}
    told = parse_serial(log(pool))
    assert told is not None
    assert (told.strangers, told.errors, told.rounds > 20) == (0, 0, True)


def test_instance_moves_and_its_guest_goes_on(pool: SimBackend) -> None:
    here, there = instances(pool), instances(pool, TWO)
    here.start(domain(drive(0, "root")))
    pool.clock.sleep(5.0)
    before = parse_serial(log(pool))
    assert before is not None
    with pytest.raises(InstanceFailed, match="Cannot access storage file"):
        here.migrate(UUID, TWO, "172.20.12.242")
    activate(pool, ONE, "root", "sy")
    activate(pool, TWO, "root", "sy")
    here.migrate(UUID, TWO, "172.20.12.242")
    pool.clock.sleep(5.0)
    assert (here.states(), there.states()) == ({}, {UUID: Running.RUNNING})
    told = parse_serial(log(pool, TWO))
    assert told is not None
    assert (told.strangers, told.errors, told.rounds > before.rounds + 5) == (0, 0, True)
    activate(pool, ONE, "root", "n")


def test_power_cut_ends_instances_and_what_they_write(pool: SimBackend) -> None:
    instances(pool).start(domain(drive(0, "root")))
    pool.power(ONE, on=False)
    with pytest.raises(MachineError, match="its power is off"):
        instances(pool).states()
    pool.clock.sleep(200.0)
    pool.power(ONE, on=True)
    assert instances(pool).states() == {}


def test_instance_of_a_kept_world_goes_on_from_there(pool: SimBackend) -> None:
    host = instances(pool)
    host.start(domain(drive(0, "root")))
    pool.clock.sleep(5.0)
    pool.save("running", quiet)
    first = log(pool)
    host.destroy(UUID)
    host.start(domain(drive(0, "data"), uuid=OTHER))
    pool.restore("running", quiet)
    assert host.states() == {UUID: Running.RUNNING}
    assert host.drives(UUID) == {"vda": f"/dev/{VG}/root"}
    pool.clock.sleep(5.0)
    assert log(pool).startswith(first)
    told = parse_serial(log(pool))
    assert told is not None
    assert (told.strangers, told.rounds > 12) == (0, True)


def test_libvirt_that_is_not_started_does_not_answer(backend: SimBackend) -> None:
    with pytest.raises(MachineError, match=r"libvirtd\.socket is not active"):
        backend.hypervisor(ONE)
