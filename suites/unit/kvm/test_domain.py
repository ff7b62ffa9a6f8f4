"""An instance as XML, held against libvirt's own reader: its test driver, which needs no host."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import libvirt
import pytest

from sbsim.errors import UsageError
from sbsim.kvm.configure import SETTINGS, with_settings
from sbsim.kvm.domain import Domain, Drive, dashed, domain_xml, plain, serial_log, sources
from sbsim.kvm.errors import InstanceFailed, InstanceNotThere
from sbsim.kvm.guest import compiled, guest_image, parse_serial, sector_of
from sbsim.kvm.instances import Instances, Running
from sbsim.testing import FakeClock

UUID = "0123456789abcdef0123456789abcdef"
ROOT = Drive(0, "/dev/vg/root", "qcow2", "f" * 32)
SHARED = Drive(1, "/dev/vg/shared", "raw", "e" * 32, shareable=True)
VM = Domain(UUID, cpus=2, memory=32 * 2**20, drives=(ROOT, SHARED))
NODE = "<node><cpu><mhz>1</mhz><model>i686</model><active>2</active></cpu></node>"


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[libvirt.virConnect]:
    libvirt.registerErrorHandler(lambda _context, _error: None, None)
    (tmp_path / "node.xml").write_text(NODE)
    opened = libvirt.open(f"test://{tmp_path}/node.xml")
    yield opened
    opened.close()


@pytest.fixture
def instances(connection: libvirt.virConnect) -> Instances:
    return Instances("host1", lambda _name: connection, FakeClock())


def test_instance_runs_from_its_start_to_its_end(
    instances: Instances, connection: libvirt.virConnect
) -> None:
    assert instances.states() == {}
    instances.start(VM)
    instances.start(VM)
    assert instances.states() == {UUID: Running.RUNNING}
    assert instances.drives(UUID) == {"vda": "/dev/vg/root", "sda": "/dev/vg/shared"}
    connection.lookupByName(UUID).suspend()
    assert instances.states() == {UUID: Running.PAUSED}
    instances.destroy(UUID)
    instances.destroy(UUID)
    assert instances.states() == {}
    assert connection.listAllDomains() == []  # it exists only while it runs


def test_instance_that_ends_while_it_is_looked_at_is_not_there(
    instances: Instances, monkeypatch: pytest.MonkeyPatch
) -> None:
    instances.start(VM)
    looked = libvirt.virDomain.info

    def info(one: libvirt.virDomain) -> object:
        one.destroy()
        return looked(one)

    monkeypatch.setattr(libvirt.virDomain, "info", info)
    assert instances.states() == {}


def test_power_button_ends_it(instances: Instances) -> None:
    instances.start(VM)
    assert instances.shut_down(UUID, limit=5)
    assert instances.states() == {}
    assert instances.shut_down(UUID, limit=5)


def test_what_is_not_there_is_said_in_words(instances: Instances) -> None:
    with pytest.raises(InstanceNotThere, match="host1: libvirt: "):
        instances.drives(UUID)
    with pytest.raises(InstanceFailed, match="host1: libvirt: "):
        instances.start(Domain(UUID, 0, 1, ()))


def test_xml_has_what_counts() -> None:
    xml = domain_xml(VM, "qemu", "/usr/bin/qemu-system-x86_64")
    assert sources(xml) == {"vda": "/dev/vg/root", "sda": "/dev/vg/shared"}
    assert xml.count("cache='none'") == 2
    assert xml.count("<shareable/>") == 1
    assert ("<boot order='1'/>" in xml, "<boot order='2'/>" in xml) == (True, True)
    assert serial_log(UUID) in xml
    assert plain(dashed(UUID)) == UUID


@pytest.mark.parametrize(("number", "target"), [(0, "vda"), (1, "sda"), (26, "sdz"), (27, "sdaa")])
def test_drive_has_the_target_of_its_number(number: int, target: str) -> None:
    assert Drive(number, "/dev/x", "raw", "s").target == target


def test_settings_stand_once_and_the_rest_stays() -> None:
    before = '# user = "root"\nuser = "libvirt-qemu"\nmax_files = 1\nuser = "other"\n'
    after = with_settings(before)
    assert after.startswith('# user = "root"\nuser = "root"\nmax_files = 1\n')
    assert after.count("\nuser =") == 1
    for key, value in SETTINGS.items():
        assert f"\n{key} = {value}\n" in after
    assert with_settings(after) == after


# --- the guest ------------------------------------------------------------------------------------


def test_last_round_since_the_last_start_is_read() -> None:
    text = "found 0\nround 1 errors 0 strangers 0\nstopped 1\nfound 1\n"
    assert parse_serial("Booting from Hard Disk...\n") is None
    assert parse_serial(text) is None
    told = parse_serial(f"{text}round 1 errors 0 strangers 0\nround 2 errors 1 strangers 3\nrou")
    assert told is not None
    assert (told.rounds, told.errors, told.strangers, told.counted) == (2, 1, 3, 3)
    moved = parse_serial("round 45 errors 0 strangers 0\n")
    assert moved is not None
    assert (moved.rounds, moved.found) == (45, 0)


def test_guest_owns_a_sector_by_its_uuid() -> None:
    assert sector_of("0" * 32) == 2048
    assert sector_of("0" * 28 + "ffff") == 2048 + 0xFFFF % 8192


def test_guest_is_compiled_once(tmp_path: Path) -> None:
    path = guest_image(tmp_path)
    data = path.read_bytes()
    assert len(data) == 2**20
    assert data[510:512] == b"\x55\xaa"
    assert guest_image(tmp_path) == path
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_source_that_is_none_is_told_in_the_compilers_words() -> None:
    with pytest.raises(UsageError, match="could not be compiled"):
        compiled({"start.S": b"nonsense", "guest.c": b"", "guest.ld": b""})
