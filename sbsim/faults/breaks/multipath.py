"""Hosts that do not use all of their paths."""

from __future__ import annotations

from sbsim.faults.breaks.registry import named
from sbsim.faults.scene import Scene
from sbsim.initiator import multipath_conf
from sbsim.machines import Machine


@named("multipath-blacklist")
def multipath_blacklist(scene: Scene) -> None:
    """One host's multipath leaves a LUN alone."""
    _configure(scene.machine(2), f'blacklist {{\n    wwid "{scene.lun.wwid}"\n}}\n')


@named("path-never-given-up")
def path_never_given_up(scene: Scene) -> None:
    """One host's sessions keep I/O for five minutes when their path is lost."""
    settings = 'vendor ".*"\n        product ".*"\n        fast_io_fail_tmo 300'
    _configure(scene.machine(1), f"devices {{\n    device {{\n        {settings}\n    }}\n}}\n")


def _configure(machine: Machine, text: str) -> None:
    """Have multipathd go by further settings; later ones win."""
    conf = machine.read(multipath_conf.PATH) + text.encode()
    machine.write(multipath_conf.PATH, conf, multipath_conf.MODE)
    machine.run("multipathd", "reconfigure")
