"""FC ports over Ethernet, for machines without host adapters: FCoE in VN2VN mode.

In this mode ports find one another on the wire, and no switch has to know of Fibre Channel. The
WWPN of such a port is 20:00 and the MAC of its card. It is made by three writes to libfcoe's files:

    /sys/bus/fcoe/ctlr_create             the card's name; a controller ctlr_N appears, disabled
    /sys/bus/fcoe/devices/ctlr_N/mode     vn2vn, while it is disabled
    /sys/bus/fcoe/devices/ctlr_N/enabled  1; the port is online some seconds later

Sources: Linux 6.1, drivers/scsi/fcoe/fcoe_sysfs.c; facts: lab, section 6.
"""

from __future__ import annotations

import re

from sbsim.deployment.wwpn import mac_of
from sbsim.initiator.errors import InitiatorError
from sbsim.initiator.fc.sysfs import parse_links
from sbsim.machines import Machine
from sbsim.machines.server import Server

BUS = "/sys/bus/fcoe"
MODULES = ("libfcoe", "fcoe")
MODE, ENABLED = "vn2vn", "1"

UNITS = "/etc/systemd/system"
UNIT = "sbsim-fcoe@.service"
WANTS = f"{UNITS}/multi-user.target.wants"
# An instance is called by its card.
INSTANCE = re.compile(r"sbsim-fcoe@(?P<card>[^/]+)\.service")
UNIT_TEXT = f"""\
# Made by sbsim: a Fibre Channel port over Ethernet, on the card that the instance is called by.
[Unit]
Description=sbsim: Fibre Channel port over Ethernet on %I
# Whoever meets a port before there is a target behind it takes it for none, and never looks again.
After=sbsim-target.service sys-subsystem-net-devices-%i.device
Wants=sys-subsystem-net-devices-%i.device

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/env modprobe -a {" ".join(MODULES)}
ExecStart=/bin/sh -c 'echo %I > {BUS}/ctlr_create'
ExecStart=/bin/sh -c 'cd /sys/class/net/%I/ctlr_* && echo {MODE} > mode && echo {ENABLED} > enabled'

[Install]
WantedBy=multi-user.target
"""
_CONTROLLER = re.compile(r".*/net/(?P<card>[^/]+)/(?P<name>ctlr_[0-9]{1,9})")


def card_of(machine: Machine, wwpn: str) -> str:
    """Return the name of the network card that can be this port. Raises InitiatorError."""
    mac = mac_of(wwpn)
    cards = Server(machine).network_cards
    card = next((one.name for one in cards if mac and one.mac == mac), None)
    if card is None:
        what = (
            f"nor a network card with the MAC {mac}" if mac else "and over Ethernet there is none"
        )
        text = f"there is no FC port {wwpn}, {what}; correct the WWPN, or check the host adapter"
        raise InitiatorError(machine.name, text)
    return card


def controllers(machine: Machine) -> dict[str, str]:
    """Return the folder of each FCoE controller, by its card."""
    argv = ("find", f"{BUS}/devices", "-maxdepth", "1", "-type", "l", "-printf", "%p %l\\n")
    links = parse_links(machine.run(*argv, check=False).stdout)
    matches = ((path, _CONTROLLER.fullmatch(text)) for path, text in links.items())
    return {match["card"]: path for path, match in matches if match}


def make(machine: Machine, card: str) -> None:
    """Make a port on a card; it is online some seconds later."""
    machine.run("modprobe", "-a", *MODULES)
    machine.run("tee", f"{BUS}/ctlr_create", input=card)
    folder = controllers(machine).get(card)
    if folder is None:
        text = f"no FCoE controller came up on {card}; see the kernel's log"
        raise InitiatorError(machine.name, text)
    machine.run("tee", f"{folder}/mode", input=MODE)
    machine.run("tee", f"{folder}/enabled", input=ENABLED)


def take_away(machine: Machine, card: str) -> None:
    """Take a card's port away, with the disks that came by it."""
    machine.run("tee", f"{BUS}/ctlr_destroy", input=card)


# --- over a restart ---------------------------------------------------------------------------


def keep(machine: Machine, card: str) -> bool:
    """Have the port made at every boot; false if it is already.

    The link is what `systemctl enable` would make; the running systemd need not know of it.
    """
    path, link = f"{UNITS}/{UNIT}", f"{WANTS}/sbsim-fcoe@{card}.service"
    if _text(machine, path) == UNIT_TEXT and machine.run("test", "-e", link, check=False).ok:
        return False
    machine.write(path, UNIT_TEXT.encode(), 0o644)
    machine.run("mkdir", "-p", WANTS)
    machine.run("ln", "-sf", path, link)
    return True


def kept(machine: Machine) -> tuple[str, ...]:
    """Return the cards on which ports are made at every boot."""
    argv = ("find", WANTS, "-maxdepth", "1", "-type", "l", "-printf", "%p %l\\n")
    links = parse_links(machine.run(*argv, check=False).stdout)
    matches = (INSTANCE.fullmatch(path.rpartition("/")[2]) for path in links)
    return tuple(sorted(match["card"] for match in matches if match))


def forget(machine: Machine) -> None:
    """Have no port made at a boot any more."""
    links = [f"{WANTS}/sbsim-fcoe@{card}.service" for card in kept(machine)]
    machine.run("rm", "-f", "--", f"{UNITS}/{UNIT}", *links)


def _text(machine: Machine, path: str) -> str:
    try:
        return machine.read(path).decode()
    except FileNotFoundError:
        return ""
