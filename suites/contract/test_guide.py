"""The guide's transcripts (chapters 3.2, 3.3) on simulated machines of its own description.

The captured files are the guide's outputs, restated. What the simulator prints must be these
characters; only lsscsi's columns are wider than the guide's (see `narrowed`).
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sbsim.bundle import bundle_folder, default_deployment
from sbsim.deployment import load
from sbsim.initiator.chap import chap_of
from sbsim.kvm.hypervisor import no_hypervisor
from sbsim.machines.parallel import run_by
from sbsim.management.deployed import Deployed
from sbsim.management.provision import apply_target, provision
from sbsim.sim.world import World

GUIDE = default_deployment().with_name("guide-openfiler.toml")
CAPTURED = bundle_folder() / "fixtures" / "captured" / "c74"


def captured(name: str) -> str:
    return (CAPTURED / f"{name}.guide.txt").read_text()


def narrowed(text: str) -> str:
    """Lines with one blank where columns are apart, and none at their ends.

    lsscsi pads its columns to fixed widths; the guide was set in narrower ones, and not the same
    in every line. No other character is touched.
    """
    return "".join(f"{re.sub(' +', ' ', line).rstrip()}\n" for line in text.splitlines())


@contextlib.contextmanager
def provisioned(path: Path) -> Iterator[Deployed]:
    """A deployment with every host logged in; all that follows lives by its world's clock."""
    deployment = load(path)
    world = World(deployment)
    chap = chap_of(deployment, True, path.parent)
    made = Deployed(deployment, world.machines, chap, world.clock, no_hypervisor)
    with run_by(world.clock.run_all):
        provision(made, lambda _text: None)
        yield made


@pytest.fixture(scope="module")
def deployed() -> Iterator[Deployed]:
    """The guide's deployment."""
    with provisioned(GUIDE) as made:
        yield made


@pytest.fixture(params=[1, 2, 3])
def run(request: pytest.FixtureRequest, deployed: Deployed) -> Callable[..., str]:
    """Runs a command on a host: the guide shows the first one's, "hosts 2 and 3 the same"."""
    host = deployed.deployment.hosts[request.param - 1]
    return lambda *argv: deployed.machines[host.name].run(*argv).stdout


def test_fdisk_shows_the_luns_in_decimal_units(run: Callable[..., str]) -> None:
    lines = run("fdisk", "-l").splitlines(keepends=True)
    assert "".join(line for line in lines if "sd" in line) == captured("fdisk/fdisk_-l_grep_sd")


def test_lsscsi_shows_the_drive_and_the_luns(run: Callable[..., str]) -> None:
    assert narrowed(run("lsscsi")) == narrowed(captured("lsscsi/lsscsi"))


def test_lsscsi_shows_transports_and_sizes(run: Callable[..., str]) -> None:
    assert narrowed(run("lsscsi", "-st")) == narrowed(captured("lsscsi/lsscsi_-st"))


def test_lsscsi_shows_the_ids_of_the_luns(run: Callable[..., str]) -> None:
    lines = run("lsscsi", "-i").splitlines(keepends=True)
    # The guide's ids stand beside its disks alone.
    disks = "".join(line for line in lines if " disk " in line)
    assert narrowed(disks) == narrowed(captured("lsscsi/lsscsi_-i"))


def test_discovery_lists_both_targets(run: Callable[..., str]) -> None:
    words = ("-m", "discovery", "-t", "sendtargets", "-p", "172.20.12.221")
    assert run("iscsiadm", *words) == captured("iscsiadm/discovery")


@pytest.mark.parametrize(
    ("seen", "guide"),
    [
        ("[2:0:0:0] disk OPNFILER VIRTUAL-DISK 0 /dev/sda", "[2:0:0:0] disk OPNFILER VIRTUAL-DISK"),
        ("[2:0:0:0]  disk  /dev/sda", "[2:0:0:0]disk /dev/sda"),
        ("OPNFILER  VIRTUAL-DISK", "OPNFILER  VIRTUAL_DISK"),
        ("/dev/sda 20.9GB\n/dev/sdb 26.2GB", "/dev/sdb 26.2GB\n/dev/sda 20.9GB"),
        ("cd/dvd ata:", "CD/DVD ata:"),
    ],
)
def test_real_difference_is_not_narrowed_away(seen: str, guide: str) -> None:
    assert narrowed(seen) != narrowed(guide)


def test_tools_columns_are_as_wide_as_their_fields(run: Callable[..., str]) -> None:
    # lsscsi 0.27: address 13, kind 8, vendor 8, product 16, revision 4, node 9.
    drive, first, *_ = run("lsscsi").splitlines()
    assert drive == "[1:0:0:0]    cd/dvd  QEMU     QEMU DVD-ROM     1.5.  /dev/sr0 "
    assert first == "[2:0:0:0]    disk    OPNFILER VIRTUAL-DISK     0     /dev/sda "


def test_ids_are_the_descriptions_everywhere(deployed: Deployed) -> None:
    host = deployed.deployment.hosts[0]
    wwids = [lun.wwid for lun in deployed.deployment.luns]
    seen = {one.path: one for one in deployed.initiator(host).devices() if one.kind == "disk"}
    assert [one.wwid for one in seen.values()] == wwids
    machine = deployed.machines[host.name]
    links = machine.run("find", "/dev/disk/by-id", "-type", "l", "-printf", "%p %l\\n").lines
    # A T10 id is no world-wide name: udev makes no link wwn-… of it, and lsblk shows none.
    assert sorted(links) == sorted(
        f"/dev/disk/by-id/scsi-{one.wwid} ../../{str(path).rpartition('/')[2]}"
        for path, one in seen.items()
    )
    hctl = next(iter(seen.values())).hctl
    told = machine.read(f"/sys/class/scsi_device/{hctl}/device/wwid").decode()
    assert told == "t10.OPNFILERRM9KjF-RinH-GwVN\n"


# --- the online scan (chapter 3.3) ----------------------------------------------------------------

THREE = (3260, 3261, 3262)
LATER = {"lun": 3, "name": "later", "size": 2_199_023_255_552, "serial": "Sk5ybA-w1xZ-Qm7D",
         "backing": "file"}  # fmt: skip


@pytest.fixture
def three_paths(tmp_path: Path) -> Iterator[Deployed]:
    """The guide's deployment with three portals in the place of one: three paths to every LUN."""
    one = '{address = "172.20.12.221"}'
    portals = ", ".join(f'{{address = "172.20.12.221", port = {port}}}' for port in THREE)
    path = tmp_path / "three-paths.toml"
    path.write_text(GUIDE.read_text().replace(f"[{one}]", f"[{portals}]"))
    with provisioned(path) as made:
        yield made


def test_lun_mapped_later_shows_up_once_per_path(three_paths: Deployed) -> None:
    """The guide's LUN came as 0:0:0:3, 0:0:1:3 and 0:0:2:3: three targets behind one adapter.

    Every session of iSCSI is a SCSI host of its own, so here it is the host that differs.
    """
    deployment = three_paths.deployment
    server, host = deployment.storage_servers[0], deployment.hosts[0]
    machine = three_paths.machines[host.name]
    before = machine.run("lsscsi").lines
    target = server.targets[0]
    later = target.luns[0].model_copy(update=LATER)
    apply_target(three_paths.with_target(target, luns=(*target.luns, later)), server.name)
    assert machine.run("lsscsi").lines == before
    for number in (2, 3, 4):
        machine.write(f"/sys/class/scsi_host/host{number}/scan", b"- - -")
    new = [line for line in machine.run("lsscsi").lines if line not in before]
    assert narrowed("\n".join(new)) == (
        "[2:0:0:3] disk OPNFILER VIRTUAL-DISK 0 /dev/sdj\n"
        "[3:0:0:3] disk OPNFILER VIRTUAL-DISK 0 /dev/sdk\n"
        "[4:0:0:3] disk OPNFILER VIRTUAL-DISK 0 /dev/sdl\n"
    )
    sizes = [line.split()[-1] for line in machine.run("lsscsi", "-st").lines if ":0:0:3]" in line]
    assert sizes == ["2.19TB"] * 3
    side = three_paths.initiator(host)
    assert [one.wwid for one in side.disk_ids() if one.device.hctl.lun == 3] == [later.wwid] * 3
    assert [one.wwid for one in side.devices() if one.hctl.lun == 3] == [later.wwid] * 3


def test_session_that_is_not_scanned_shows_no_new_lun(three_paths: Deployed) -> None:
    deployment = three_paths.deployment
    server, host = deployment.storage_servers[0], deployment.hosts[0]
    machine = three_paths.machines[host.name]
    target = server.targets[0]
    later = target.luns[0].model_copy(update=LATER)
    apply_target(three_paths.with_target(target, luns=(*target.luns, later)), server.name)
    machine.write("/sys/class/scsi_host/host3/scan", b"- - -")
    lines = [line for line in machine.run("lsscsi").lines if ":3]" in line]
    assert [line.split()[0] for line in lines] == ["[3:0:0:3]"]
