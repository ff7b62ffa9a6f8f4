"""Hosts that do not use all of their paths."""

from __future__ import annotations

from sbsim.faults.breaks.registry import named
from sbsim.faults.scene import Scene
from sbsim.initiator import multipath_conf


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
