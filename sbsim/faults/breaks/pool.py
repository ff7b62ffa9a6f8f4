"""Pools, and a platform, that are not as they should be; made on a storage that is Connected."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from sbsim.deployment import Lun
from sbsim.faults.breaks.registry import named
from sbsim.faults.scene import Scene
from sbsim.machines import Machine
from sbsim.sharedblock import lvm_conf, lvm_filter, sanlock_conf
from sbsim.sharedblock.configure import DROP_IN, SERVICES
from sbsim.sharedblock.connect import MADE_TAG
from sbsim.sharedblock.disk import find_disk
from sbsim.sharedblock.lvm import Lvm
from sbsim.sharedblock.lvm_report import VolumeGroup
from sbsim.sharedblock.profiles import profile

# Where root looks for commands before the packages' own.
BEFORE_ALL = "/usr/local/sbin"

# --- the hosts --------------------------------------------------------------------------------


@named("host-id-doubled")
def host_id_doubled(scene: Scene) -> None:
    """A host's settings give it another host's id."""
    _set_lvm(scene.machine(2), {"local/host_id": "1"})


@named("lvm-setting-changed")
def lvm_setting_changed(scene: Scene) -> None:
    """One host's LVM would change the group without asking for its lock."""
    _set_lvm(scene.machine(2), {"global/use_lvmlockd": "0"})


@named("lvm-filter-open")
def lvm_filter_open(scene: Scene) -> None:
    """One host's LVM looks at every disk again."""
    _set_lvm(scene.machine(2), dict.fromkeys(lvm_filter.KEYS, '["a|.*|"]'))


@named("host-id-changed")
def host_id_changed(scene: Scene) -> None:
    """A host's settings give it an id that the platform gave to nobody."""
    _set_lvm(scene.machine(2), {"local/host_id": "77"})


@named("sanlock-setting-changed")
def sanlock_setting_changed(scene: Scene) -> None:
    """One host's sanlock asks for its locks more seldom than the product wants."""
    machine = scene.machine(2)
    text = machine.read(sanlock_conf.PATH).decode()
    changed = sanlock_conf.with_settings(text, {"sh_retries": "1"})
    machine.write(sanlock_conf.PATH, changed.encode())


@named("io-timeout-changed")
def io_timeout_changed(scene: Scene) -> None:
    """One host's leases live by another time-out than the others'."""
    command = "/sbin/lvmlockd --foreground --sanlock-timeout 77"
    scene.machine(2).run("mkdir", "-p", DROP_IN.rpartition("/")[0])
    scene.machine(2).write(DROP_IN, f"[Service]\nExecStart=\nExecStart={command}\n".encode())


@named("locks-not-at-boot")
def locks_not_at_boot(scene: Scene) -> None:
    """One host's lock daemons would not start with it."""
    scene.machine(2).run("systemctl", "disable", *SERVICES)


@named("lock-space-left")
def lock_space_left(scene: Scene) -> None:
    """One host has left the lock space of a storage that it is connected to."""
    scene.machine(3).run("vgchange", "--lock-stop", _group(scene).name, timeout=120)


@named("pool-extended-by-hand")
def pool_extended_by_hand(scene: Scene) -> None:
    """Somebody has added a LUN to the group behind the platform's back."""
    group = _group(scene)
    disk = find_disk(
        scene.machine(1),
        scene.deployed.disk_id(scene.spare_lun),
        profile(scene.deployed.deployment.profile).disks,
    )
    Lvm(scene.machine(1)).extend_group(group.name, disk, None)


@named("lvmlockd-stopped")
def lvmlockd_stopped(scene: Scene) -> None:
    """One host's lock manager has died."""
    scene.machine(2).run("systemctl", "kill", "--signal=KILL", "lvmlockd.service")


@named("sanlock-stopped")
def sanlock_stopped(scene: Scene) -> None:
    """One host's sanlock has died: nobody renews its lease."""
    scene.machine(2).run("systemctl", "kill", "--signal=KILL", "sanlock.service")


@named("pv-missing")
def pv_missing(scene: Scene) -> None:
    """One host has lost a LUN of the pool."""
    _lose(scene, 3, scene.pool_lun)


@named("spare-lun-lost")
def spare_lun_lost(scene: Scene) -> None:
    """One host does not see a LUN that is free."""
    _lose(scene, 3, scene.spare_lun)


@named("rescan-idle")
def rescan_idle(scene: Scene) -> None:
    """One host's iscsiadm says that it has rescanned, and has not."""
    script = 'case $* in *--rescan*) exit 0 ;; esac\nPATH=/usr/sbin:/usr/bin exec iscsiadm "$@"'
    wrap(scene.machine(3), "iscsiadm", script)


@named("group-tag-removed")
def group_tag_removed(scene: Scene) -> None:
    """The volume group does not bear the platform's tag any more."""
    group = _group(scene)
    made = tuple(tag for tag in group.tags if tag.startswith(MADE_TAG))
    Lvm(scene.machine(1)).retag(group.name, made, None)


@named("cluster-file-system")
def cluster_file_system(scene: Scene) -> None:
    """A cluster file system's tools are installed on one host."""
    machine, folder = scene.machine(1), "/run/ocfs2-tools"
    control = (
        "Package: ocfs2-tools\nVersion: 1\nArchitecture: all\nMaintainer: nobody <nobody@invalid>\n"
        "Description: stands for the tools of a cluster file system\n"
    )
    machine.run("mkdir", "-p", f"{folder}/DEBIAN")
    machine.write(f"{folder}/DEBIAN/control", control.encode())
    machine.run("dpkg-deb", "--build", folder, f"{folder}.deb")
    machine.run("dpkg", "--install", f"{folder}.deb", timeout=120)


@named("lvmlockd-gone")
def lvmlockd_gone(scene: Scene) -> None:
    """No host can start its lock manager again."""
    for number, _ in enumerate(scene.deployed.deployment.hosts, start=1):
        machine = scene.machine(number)
        machine.run("mv", "/usr/sbin/lvmlockd", "/usr/sbin/lvmlockd.gone")
        machine.run("systemctl", "kill", "--signal=KILL", "lvmlockd.service")


@named("volume-in-use")
def volume_in_use(scene: Scene) -> None:
    """A process on one host holds a volume of the pool open."""
    machine, vg = scene.machine(2), _group(scene).name
    machine.run("lvcreate", "--yes", "--size", "64m", "--name", "held", vg, timeout=120)
    machine.run("systemd-run", "--property", f"StandardInput=file:/dev/{vg}/held",
                "sleep", "infinity")  # fmt: skip


@named("vgcreate-wipes")
def vgcreate_wipes(scene: Scene) -> None:
    """Somebody's vgcreate on the first host clears the disk before it looks what is there."""
    wrap(scene.machine(1), "vgcreate", 'for disk; do :; done\nwipefs --all "$disk"\nexit 5')


@named("wipefs-idle")
def wipefs_idle(scene: Scene) -> None:
    """On the first host wipefs clears nothing and says that it did."""
    wrap(
        scene.machine(1),
        "wipefs",
        'case $* in *--all*) exit 0 ;; esac\nPATH=/usr/sbin:/usr/bin exec wipefs "$@"',
    )


@named("stray-name")
def stray_name(scene: Scene) -> None:
    """On the last host a disk of the pool also answers to the name of a LUN that is free."""
    host = scene.machine(len(scene.deployed.deployment.hosts))
    rule = (
        f'ENV{{ID_SERIAL}}=="{scene.pool_lun.wwid}", '
        f'SYMLINK+="disk/by-id/scsi-{scene.spare_lun.wwid}"\n'
    )
    host.write("/etc/udev/rules.d/99-stray.rules", rule.encode())
    host.run("udevadm", "control", "--reload")
    host.run("udevadm", "trigger", "--settle", "--subsystem-match=block", timeout=120)


# --- the platform -----------------------------------------------------------------------------


@named("package-source-empty")
def package_source_empty(scene: Scene) -> None:
    """One host has nowhere to install packages from."""
    scene.machine(2).write("/etc/apt/sources.list", b"# nothing\n")


@named("disks-forgotten")
def disks_forgotten(scene: Scene) -> None:
    """The platform has lost its record of which disks its storages have."""
    in_store(scene, "DELETE FROM shared_block")


@named("attachments-lost")
def attachments_lost(scene: Scene) -> None:
    """The platform forgets where a storage is attached as soon as it is told."""
    in_store(
        scene,
        "DELETE FROM cluster_ref",
        "CREATE TRIGGER lost AFTER INSERT ON cluster_ref BEGIN DELETE FROM cluster_ref; END",
    )


# --- below ------------------------------------------------------------------------------------


def _lose(scene: Scene, number: int, lun: Lun) -> None:
    for disk in scene.san(number).devices():
        if disk.wwid == lun.wwid:
            path = f"/sys/class/scsi_device/{disk.hctl}/device/delete"
            scene.machine(number).run("tee", path, input="1")


def _group(scene: Scene) -> VolumeGroup:
    return Lvm(scene.machine(1)).groups()[0]


def _set_lvm(machine: Machine, settings: Mapping[str, str]) -> None:
    for path in ("/etc/lvm/lvm.conf", "/etc/lvm/lvmlocal.conf"):
        text = machine.read(path).decode()
        machine.write(path, lvm_conf.with_settings(text, settings).encode())


def wrap(machine: Machine, command: str, script: str) -> None:
    """Put a script of that name before a machine's own command."""
    machine.write(f"{BEFORE_ALL}/{command}", f"#!/bin/sh\n{script}\n".encode(), mode=0o755)


def in_store(scene: Scene, *statements: str) -> None:
    """Change the platform's memory behind its back."""
    store = sqlite3.connect(scene.backend.store)
    with store:
        for statement in statements:
            store.execute(statement)
    store.close()
