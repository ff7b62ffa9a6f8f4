"""Breaks: ways in which a deployment is wrong, each made in one step.

A break is named in fixtures/breaks.toml, with the requirements that it must turn red. It is made
on a provisioned deployment and never mended: the saved state is restored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sbsim.deployment import Secret
from sbsim.errors import UsageError
from sbsim.faults.scene import Scene
from sbsim.initiator import multipath_conf
from sbsim.initiator.configure import wanted_nodes
from sbsim.management.deployed import Deployed
from sbsim.management.provision import apply_target

Break = Callable[[Scene], None]

_BREAKS: dict[str, Break] = {}


def named(name: str) -> Callable[[Break], Break]:
    """Register a break under its name."""

    def register(action: Break) -> Break:
        _BREAKS[name] = action
        return action

    return register


def find(name: str) -> Break:
    """The break of that name. UsageError if there is none."""
    if name not in _BREAKS:
        raise UsageError(f"there is no break {name!r}; there are {', '.join(sorted(_BREAKS))}")
    return _BREAKS[name]


def names() -> frozenset[str]:
    """Every break there is."""
    return frozenset(_BREAKS)


# --- servers ----------------------------------------------------------------------------------


@named("host-name-wrong")
def host_name_wrong(scene: Scene) -> None:
    """One host calls itself otherwise."""
    scene.machine(2).run("hostnamectl", "set-hostname", "localhost")


@named("second-management-node")
def second_management_node(scene: Scene) -> None:
    """A host calls itself the management node."""
    scene.machine(3).run(
        "hostnamectl", "set-hostname", scene.deployed.deployment.management_node.name
    )


@named("other-os-release")
def other_os_release(scene: Scene) -> None:
    """One host runs another release."""
    machine = scene.machine(2)
    text = machine.read("/etc/os-release").decode()
    machine.write("/etc/os-release", text.replace('VERSION_ID="12"', 'VERSION_ID="11"').encode())


@named("hosts-entry-missing")
def hosts_entry_missing(scene: Scene) -> None:
    """One host does not know another one's name."""
    machine, gone = scene.machine(1), scene.host(2).name
    lines = machine.read("/etc/hosts").decode().splitlines(keepends=True)
    machine.write("/etc/hosts", "".join(line for line in lines if gone not in line).encode())


@named("wrong-mtu")
def wrong_mtu(scene: Scene) -> None:
    """One host's card takes smaller packets than the link's others."""
    server = scene.deployed.server(scene.host(1).name)
    addresses = set(scene.host(1).all_addresses)
    card = next(
        card for card in server.network_cards if {item.ip for item in card.addresses} & addresses
    )
    server.machine.run("ip", "link", "set", "dev", card.name, "mtu", "1400")


@named("host-silent")
def host_silent(scene: Scene) -> None:
    """One host answers no ping."""
    scene.machine(2).run("tee", "/proc/sys/net/ipv4/icmp_echo_ignore_all", input="1")
    scene.machine(2).run("tee", "/proc/sys/net/ipv6/icmp/echo_ignore_all", input="1")


# --- the array --------------------------------------------------------------------------------


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
    deployed = scene.deployed.with_target(scene.target.iqn, luns=tuple(left))
    _make(scene, deployed.with_target(other.iqn, luns=(*other.luns, moved)))


@named("lun-write-back")
def lun_write_back(scene: Scene) -> None:
    """The disk behind a LUN keeps writes in a volatile cache."""
    device = scene.storage.run("readlink", "-f", scene.lun.device).stdout.strip()
    name = device.removeprefix("/dev/")
    scene.storage.run("tee", f"/sys/block/{name}/cache_type", input="write back")
    for number, _ in enumerate(scene.deployed.deployment.hosts, start=1):
        for disk in scene.initiator(number).devices():
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
        deployed = deployed.with_target(target.iqn, initiators=left)
    apply_target(deployed, scene.server.name)


@named("target-chap-off")
def target_chap_off(scene: Scene) -> None:
    """The target asks nobody for a password."""
    portal_group = f"/sys/kernel/config/target/iscsi/{scene.target.iqn}/tpgt_1"
    scene.storage.run("tee", f"{portal_group}/attrib/authentication", input="0")


@named("acl-open")
def acl_open(scene: Scene) -> None:
    """The target lets in whoever comes."""
    portal_group = f"/sys/kernel/config/target/iscsi/{scene.target.iqn}/tpgt_1"
    scene.storage.run("tee", f"{portal_group}/attrib/generate_node_acls", input="1")


@named("lun-masked")
def lun_masked(scene: Scene) -> None:
    """A LUN is not mapped for one host."""
    lun = scene.target.luns[1].lun
    acl = (
        f"/sys/kernel/config/target/iscsi/{scene.target.iqn}/tpgt_1/acls/"
        f"{scene.host(3).initiator}/lun_{lun}"
    )
    links = scene.storage.run("find", acl, "-maxdepth", "1", "-type", "l").stdout.split()
    scene.storage.run("unlink", links[0])
    scene.storage.run("rmdir", acl)
    _look_again(scene, 3)


@named("portal-down")
def portal_down(scene: Scene) -> None:
    """The array's portals answer nobody."""
    for target in scene.server.targets:
        group = f"/sys/kernel/config/target/iscsi/{target.iqn}/tpgt_1"
        scene.storage.run("tee", f"{group}/enable", input="0")


# --- the hosts' initiators --------------------------------------------------------------------


@named("twin-initiator-name")
def twin_initiator_name(scene: Scene) -> None:
    """Two hosts have one initiator name."""
    text = f"InitiatorName={scene.host(1).initiator}\n"
    scene.machine(2).write("/etc/iscsi/initiatorname.iscsi", text.encode(), mode=0o600)


@named("wrong-chap")
def wrong_chap(scene: Scene) -> None:
    """One host has the wrong password."""
    wrong = replace(scene.deployed.chap, password=Secret("not-the-password"))
    scene.initiator(1).set_chap(wrong)


@named("host-logged-out")
def host_logged_out(scene: Scene) -> None:
    """One host is logged in nowhere."""
    scene.initiator(1).logout_all()


@named("startup-manual")
def startup_manual(scene: Scene) -> None:
    """One host would not log in after a restart."""
    scene.initiator(2).set_startup("manual")


@named("scan-limited")
def scan_limited(scene: Scene) -> None:
    """One host's iSCSI driver takes no LUN number above those it has."""
    initiator, machine = scene.initiator(1), scene.machine(1)
    most = max(lun.lun for lun in scene.target.luns) + 1
    initiator.logout_all()
    machine.run("modprobe", "-r", "iscsi_tcp")
    machine.run("modprobe", "iscsi_tcp", f"max_lun={most}")
    for node in wanted_nodes(scene.deployed.deployment, scene.host(1)):
        initiator.login(node.iqn, node.portal)
    initiator.settle()


# --- multipath --------------------------------------------------------------------------------


@named("multipath-blacklist")
def multipath_blacklist(scene: Scene) -> None:
    """One host's multipath leaves a LUN alone."""
    text = f'blacklist {{\n    wwid "{scene.lun.wwid}"\n}}\n'
    machine = scene.machine(2)
    conf = machine.read(multipath_conf.PATH) + text.encode()
    machine.write(multipath_conf.PATH, conf, multipath_conf.MODE)
    machine.run("multipathd", "reconfigure")


@named("path-never-given-up")
def path_never_given_up(scene: Scene) -> None:
    """One host's sessions keep I/O for ten minutes when their path is lost."""
    machine = scene.machine(1)
    for session in scene.initiator(1).sessions():
        path = f"/sys/class/iscsi_session/session{session.id}/recovery_tmo"
        machine.run("tee", path, input="600")


def _describe(scene: Scene, **changes: Any) -> None:
    """Make the array as if its first target were described otherwise; the hosts look again."""
    _make(scene, scene.deployed.with_target(scene.target.iqn, **changes))


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
