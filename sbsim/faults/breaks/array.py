"""An array that shows something else than it should."""

from __future__ import annotations

from typing import Any

from sbsim.faults.breaks.registry import named
from sbsim.faults.scene import Scene
from sbsim.initiator.routes import wanted_nodes
from sbsim.management.deployed import Deployed
from sbsim.management.provision import apply_target


@named("lun-unmapped")
def lun_unmapped(scene: Scene) -> None:
    """The array does not show the last LUN."""
    _describe(scene, luns=scene.target.luns[:-1])


@named("lun-file-backed")
def lun_file_backed(scene: Scene) -> None:
    """A LUN lies in a file where a disk was asked for."""
    first, *rest = scene.target.luns
    _describe(scene, luns=(first.model_copy(update={"backing": "file"}), *rest))


@named("serial-changed")
def serial_changed(scene: Scene) -> None:
    """A LUN has another serial than described."""
    first, *rest = scene.target.luns
    _describe(scene, luns=(first.model_copy(update={"serial": "5b5bad5e71a1"}), *rest))


@named("lun-on-other-target")
def lun_on_other_target(scene: Scene) -> None:
    """A LUN hangs on another target."""
    other = next(one for one in scene.server.targets if one.iqn != scene.target.iqn)
    *left, moved = scene.target.luns
    deployed = scene.deployed.with_target(scene.target, luns=tuple(left))
    _make(scene, deployed.with_target(other, luns=(*other.luns, moved)))


@named("lun-write-back")
def lun_write_back(scene: Scene) -> None:
    """The disk behind a LUN keeps writes in a volatile cache."""
    device = scene.storage.run("readlink", "-f", scene.lun.device).stdout.strip()
    name = device.removeprefix("/dev/")
    scene.storage.run("tee", f"/sys/block/{name}/cache_type", input="write back")
    for number, _ in enumerate(scene.deployed.deployment.hosts, start=1):
        for disk in scene.san(number).devices():
            if disk.wwid == scene.lun.wwid:
                path = f"/sys/class/scsi_device/{disk.hctl}/device/rescan"
                scene.machine(number).run("tee", path, input="1")


@named("acl-removed")
def acl_removed(scene: Scene) -> None:
    """A host is no longer among those that the targets let in."""
    gone = scene.host(2).name
    left = tuple(host.name for host in scene.deployed.deployment.hosts if host.name != gone)
    deployed = scene.deployed
    for target in scene.server.targets:
        deployed = deployed.with_target(target, initiators=left)
    apply_target(deployed, scene.server.name)


@named("target-chap-off")
def target_chap_off(scene: Scene) -> None:
    """The target asks nobody for a password."""
    scene.storage.run("tee", f"{_group(scene)}/attrib/authentication", input="0")


@named("acl-open")
def acl_open(scene: Scene) -> None:
    """The target lets in whoever comes."""
    scene.storage.run("tee", f"{_group(scene)}/attrib/generate_node_acls", input="1")


@named("lun-masked")
def lun_masked(scene: Scene) -> None:
    """A LUN is not mapped for one host."""
    lun = scene.target.luns[1].lun
    acl = f"{_group(scene)}/acls/{scene.host(3).initiator}/lun_{lun}"
    links = scene.storage.run("find", acl, "-maxdepth", "1", "-type", "l").stdout.split()
    scene.storage.run("unlink", links[0])
    scene.storage.run("rmdir", acl)
    _look_again(scene, 3)


@named("stranger-let-in")
def stranger_let_in(scene: Scene) -> None:
    """The target also lets in an initiator that the description does not know."""
    scene.storage.run("mkdir", f"{_group(scene)}/acls/iqn.1994-05.org.example:stranger")


@named("acl-password-changed")
def acl_password_changed(scene: Scene) -> None:
    """The target expects another password of one host than that host has."""
    acl = f"{_group(scene)}/acls/{scene.host(2).initiator}"
    scene.storage.run("tee", f"{acl}/auth/password", input="not-the-password")


@named("lun-read-only")
def lun_read_only(scene: Scene) -> None:
    """One host may only read a LUN."""
    acl = f"{_group(scene)}/acls/{scene.host(2).initiator}"
    scene.storage.run("tee", f"{acl}/lun_{scene.lun.lun}/write_protect", input="1")


@named("portal-removed")
def portal_removed(scene: Scene) -> None:
    """One of the portals that make the target redundant is not there."""
    controller = scene.server.controllers[-1]
    group = f"/sys/kernel/config/target/iscsi/{scene.target.iqn}/tpgt_{controller.tag}"
    scene.storage.run("rmdir", f"{group}/np/{controller.portals[-1]}")


@named("luns-merged")
def luns_merged(scene: Scene) -> None:
    """Two LUNs' serials differ in what the WWID does not hold: both are one LUN to a host."""
    first, second, *rest = scene.target.luns
    second = second.model_copy(update={"serial": f"{first.serial}-x"})
    _describe(scene, luns=(first, second, *rest))


@named("luns-renumbered")
def luns_renumbered(scene: Scene) -> None:
    """Two LUNs have changed their numbers, and no host has looked since."""
    first, second, *rest = scene.target.luns
    numbers = first.lun, second.lun
    swapped = (
        first.model_copy(update={"lun": numbers[1]}),
        second.model_copy(update={"lun": numbers[0]}),
    )
    apply_target(
        scene.deployed.with_target(scene.target, luns=(*swapped, *rest)), scene.server.name
    )


@named("lun-taken-away")
def lun_taken_away(scene: Scene) -> None:
    """The array does not show the last LUN any more, and no host has looked since."""
    deployed = scene.deployed.with_target(scene.target, luns=scene.target.luns[:-1])
    apply_target(deployed, scene.server.name)


@named("lun-shrunk")
def lun_shrunk(scene: Scene) -> None:
    """The disk behind a LUN has become smaller, and no host has looked since."""
    scene.backend.resize_disk(scene.server.name, scene.lun.device, scene.lun.size // 2)


@named("lun-grown")
def lun_grown(scene: Scene) -> None:
    """The disk behind a LUN has grown, and no host has looked since."""
    scene.backend.resize_disk(scene.server.name, scene.lun.device, scene.lun.size * 2)


@named("portal-down")
def portal_down(scene: Scene) -> None:
    """The array's portals answer nobody."""
    for target in scene.server.targets:
        group = f"/sys/kernel/config/target/iscsi/{target.iqn}/tpgt_1"
        scene.storage.run("tee", f"{group}/enable", input="0")


def _group(scene: Scene) -> str:
    """The first portal group of the first target that shows LUNs, in configfs."""
    tag = scene.server.controllers[0].tag
    return f"/sys/kernel/config/target/iscsi/{scene.target.iqn}/tpgt_{tag}"


def _describe(scene: Scene, **changes: Any) -> None:
    """Make the array as if its first target were described otherwise; the hosts look again."""
    _make(scene, scene.deployed.with_target(scene.target, **changes))


def _make(scene: Scene, deployed: Deployed) -> None:
    apply_target(deployed, scene.server.name)
    for number, _ in enumerate(scene.deployed.deployment.hosts, start=1):
        _look_again(scene, number)


def _look_again(scene: Scene, number: int) -> None:
    """Log one host out and in, so that it sees the array as it is now."""
    initiator = scene.initiator(number)
    initiator.logout_all()
    for node in wanted_nodes(scene.deployed.deployment, scene.host(number)):
        initiator.login(node.iqn, node.portal)
    initiator.settle()
