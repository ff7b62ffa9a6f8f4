"""Hosts whose initiator is not set up as it should be."""

from __future__ import annotations

from dataclasses import replace

from sbsim.deployment import Secret
from sbsim.faults.breaks.registry import named
from sbsim.faults.scene import Scene
from sbsim.initiator.chap import ChapSettings
from sbsim.initiator.node import Node
from sbsim.initiator.routes import wanted_nodes


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


@named("initiator-renamed")
def initiator_renamed(scene: Scene) -> None:
    """One host has another name than the targets know; its sessions still have the old one."""
    text = b"InitiatorName=iqn.1994-05.org.example:renamed\n"
    scene.machine(2).write("/etc/iscsi/initiatorname.iscsi", text, mode=0o600)


@named("wrong-chap-user")
def wrong_chap_user(scene: Scene) -> None:
    """One host logs in as somebody else."""
    scene.initiator(3).set_chap(replace(scene.deployed.chap, user="somebody"))


@named("chap-forgotten")
def chap_forgotten(scene: Scene) -> None:
    """One host gives no password."""
    scene.initiator(3).set_chap(ChapSettings())


@named("one-login-missing")
def one_login_missing(scene: Scene) -> None:
    """One host is not logged in at one of its portals."""
    node = [one for one in _nodes(scene, 1) if one.iqn == scene.target.iqn][-1]
    scene.initiator(1).logout(node.iqn, node.portal)


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
    for node in _nodes(scene, 1):
        initiator.login(node.iqn, node.portal)
    initiator.settle()


def _nodes(scene: Scene, number: int) -> tuple[Node, ...]:
    return wanted_nodes(scene.deployed.deployment, scene.host(number))
