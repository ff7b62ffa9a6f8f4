"""Fibre Channel ports that are not as they should be."""

from __future__ import annotations

from sbsim.faults.breaks.registry import named
from sbsim.faults.scene import Scene
from sbsim.initiator.fc import fcoe

# A port that no description has: its card's MAC would be one of those that anybody may give.
STRANGER = "20:00:02:00:00:00:00:01"


@named("fc-port-disabled")
def fc_port_disabled(scene: Scene) -> None:
    """One host's last port is switched off."""
    machine, port = scene.machine(2), scene.host(2).ports[-1]
    folder = fcoe.controllers(machine)[fcoe.card_of(machine, port.wwpn)]
    machine.run("tee", f"{folder}/enabled", input="0")


@named("fc-stranger-let-in")
def fc_stranger_let_in(scene: Scene) -> None:
    """A port of the array lets in somebody else's."""
    target = scene.server.fc_ports[0].wwpn
    acls = f"/sys/kernel/config/target/fc/{target}/tpgt_1/acls"
    scene.storage.run("mkdir", f"{acls}/{STRANGER}")
