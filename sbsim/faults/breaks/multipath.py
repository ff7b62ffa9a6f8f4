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
    _configure(scene.machine(1), _device("fast_io_fail_tmo 300"))


@named("path-selector-changed")
def path_selector_changed(scene: Scene) -> None:
    """One host's paths do not take turns."""
    _configure(scene.machine(3), _device('path_selector "service-time 0"'))


@named("map-queues")
def map_queues(scene: Scene) -> None:
    """One host's maps keep I/O for ever when every path is lost."""
    _configure(scene.machine(3), _device("no_path_retry queue"))


@named("multipathd-stopped")
def multipathd_stopped(scene: Scene) -> None:
    """One host's multipath daemon does not run."""
    scene.machine(2).run("systemctl", "stop", "multipathd.service", "multipathd.socket")


def _device(setting: str) -> str:
    words = f'vendor ".*"\n        product ".*"\n        {setting}'
    return f"devices {{\n    device {{\n        {words}\n    }}\n}}\n"


def _configure(machine: Machine, text: str) -> None:
    """Have multipathd go by further settings; later ones win."""
    conf = machine.read(multipath_conf.PATH) + text.encode()
    machine.write(multipath_conf.PATH, conf, multipath_conf.MODE)
    machine.run("multipathd", "reconfigure")
