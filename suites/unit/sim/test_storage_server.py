"""The target program itself, with rtslib itself, on a simulated storage server."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
from hypothesis import given

from sbsim.bundle import bundle_folder
from sbsim.deployment import load
from sbsim.deployment.secret import Secret
from sbsim.sim.files import FileSystem
from sbsim.sim.lio import machine
from sbsim.sim.lio.places import BlockDevice
from sbsim.sim.storage_server import target_server
from sbsim.target.failure import TargetFailure
from sbsim.target.model import Array, Lun
from sbsim.target.server import Server
from sbsim.target.wanted import wanted_array
from suites.unit.target.arrays import array, arrays, few, lun

DISK_BYTES = 2**30
TARGET = "/sys/kernel/config/target"


def server_with(luns: Iterable[Lun]) -> tuple[Server, FileSystem]:
    """A storage server that has the disks on which these LUNs are kept."""
    files = FileSystem()
    for folder in ("/etc/target", "/var/target", "/etc/systemd/system"):
        files.make_folders(folder)
    disks = {one.path: one.size for one in luns if one.backing == "block"}
    for number, (path, size) in enumerate(disks.items()):
        device = BlockDevice(f"vd{number}", size, 254, number)
        machine.add_disk(files, f"/dev/vd{number}", device)
        files.make_folders(path.rpartition("/")[0])
        files.symlink(f"/dev/vd{number}", path)
    machine.load(files)
    return target_server(files, "boot-1"), files


def luns_of(one: Array) -> list[Lun]:
    return [lun for target in one.targets for lun in target.luns]


@pytest.mark.parametrize("name", ["tutorial", "multipath", "large", "fc", "fc-multipath"])
def test_described_array_is_built_read_back_and_taken_away(name: str) -> None:
    deployment = load(bundle_folder() / "fixtures" / "deployments" / f"{name}.toml")
    for described in deployment.storage_servers:
        wanted = wanted_array(deployment, described, Secret("a-password"), Secret("another-one"))
        server, files = server_with(luns_of(wanted))
        assert server.apply("me", wanted).changes
        assert server.read(wanted).differences == ()
        assert server.apply("me", wanted).changes == ()
        server.remove("me")
        assert set(files.listdir(TARGET)) <= {"iscsi", "fc", "core", "dbroot", "version"}
        assert files.listdir(f"{TARGET}/core") == ["alua"]


def each_lun(one: Array, change: Callable[[Lun], Lun]) -> Array:
    return Array(
        tuple(replace(target, luns=tuple(map(change, target.luns))) for target in one.targets)
    )


def on_disks(one: Array) -> Array:
    """The same array on disks as they are: one size each, and no cache."""
    return each_lun(
        one,
        lambda lun: (
            replace(lun, size=DISK_BYTES, write_back=False) if lun.backing == "block" else lun
        ),
    )


def not_shorter(one: Array, before: Array) -> Array:
    """The same array with no LUN shorter than it was before: that would be refused."""
    sizes = {lun.path: lun.size for lun in luns_of(before)}
    return each_lun(one, lambda lun: replace(lun, size=max(lun.size, sizes.get(lun.path, 0))))


@few
@given(arrays().map(on_disks), arrays().map(on_disks))
def test_any_array_becomes_any_other(first: Array, second: Array) -> None:
    second = not_shorter(second, first)
    server, _ = server_with([*luns_of(first), *luns_of(second)])
    server.apply("me", first)
    assert server.read(first).differences == ()
    server.apply("me", second)
    assert server.read(second).differences == ()
    server.remove("me")
    assert server.read().array == Array(())


def test_disk_that_another_has_is_told() -> None:
    wanted = array(lun(0))
    server, files = server_with(luns_of(wanted))
    files.device(wanted.targets[0].luns[0].path).in_use = True
    with pytest.raises(TargetFailure, match="in use"):
        server.apply("me", wanted)


def test_two_machines_know_nothing_of_each_other() -> None:
    wanted = array(lun(0))
    one, _ = server_with(luns_of(wanted))
    other, files = server_with(luns_of(wanted))
    one.apply("me", wanted)
    assert files.listdir(f"{TARGET}/core") == ["alua"]
    assert other.apply("me", wanted).changes
