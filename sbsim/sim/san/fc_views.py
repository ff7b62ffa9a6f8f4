"""Fibre Channel in a simulated machine's sysfs: its ports, those they see, and FCoE's files."""

from __future__ import annotations

from collections.abc import Iterator

from sbsim.sim.san.fc import FcPorts, Port, RemotePort
from sbsim.sim.view import View, line_of

# What the transport's own module brings, with ports or without; libfcoe and tcm_fc need it.
FOLDERS = ("class/fc_host/", "class/fc_remote_ports/")


def views(fc: FcPorts) -> Iterator[tuple[str, View]]:
    """The files, by their paths below /sys; there with libfcoe."""
    fc.look()
    yield "bus/fcoe/ctlr_create", View(takes=fc.create)
    yield "bus/fcoe/ctlr_destroy", View(takes=fc.destroy)
    for port in fc.ports:
        yield from _port(port)
    for remote in fc.remote():
        yield from _remote(remote)


def links(fc: FcPorts) -> Iterator[tuple[str, str]]:
    """The links, and where they lead."""
    for port in fc.ports:
        yield f"bus/fcoe/devices/ctlr_{port.number}", f"../../../{_device(port)}"
        host = f"host{port.host}"
        yield f"class/fc_host/{host}", f"../../{_device(port)}/{host}/fc_host/{host}"
    for remote in fc.remote():
        above = f"../../{_device(remote.own)}/host{remote.host}/{remote.name}"
        yield f"class/fc_remote_ports/{remote.name}", f"{above}/fc_remote_ports/{remote.name}"


def _device(port: Port) -> str:
    return f"{port.device}/ctlr_{port.number}"


def _port(port: Port) -> Iterator[tuple[str, View]]:
    controller = f"bus/fcoe/devices/ctlr_{port.number}"
    yield f"{controller}/mode", View(lambda: f"{port.mode}\n", port.set_mode)
    yield f"{controller}/enabled", View(lambda: f"{int(port.enabled)}\n", port.set_enabled)
    texts = {
        "node_name": port.node,
        "port_name": port.shown,
        "port_id": f"0x{port.address:06x}",
        "symbolic_name": f"fcoe v0.1 over {port.card.name}",
    }
    for name, text in texts.items():
        yield f"class/fc_host/host{port.host}/{name}", View(line_of(text))
    yield f"class/fc_host/host{port.host}/port_state", View(lambda: f"{port.state}\n")


def _remote(remote: RemotePort) -> Iterator[tuple[str, View]]:
    other = remote.other
    texts = {
        "node_name": other.node,
        "port_name": other.shown,
        "port_id": f"0x{other.address:06x}",
        "roles": remote.roles,
        "scsi_target_id": str(remote.target),
        "dev_loss_tmo": f"{remote.kept:.0f}",
    }
    for name, text in texts.items():
        yield f"class/fc_remote_ports/{remote.name}/{name}", View(line_of(text))
    yield f"class/fc_remote_ports/{remote.name}/port_state", View(lambda: f"{remote.state}\n")
