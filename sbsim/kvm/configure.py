"""A host's libvirt as the platform wants it."""

from __future__ import annotations

import re

from sbsim.errors import CommandFailed
from sbsim.kvm.errors import InstanceFailed
from sbsim.machines import Machine

PATH = "/etc/libvirt/qemu.conf"
SOCKET = "libvirtd.socket"
# QEMU runs as root and no label is put on a volume: another host may have it open too.
SETTINGS = {
    "user": '"root"',
    "group": '"root"',
    "security_driver": '"none"',
    "dynamic_ownership": "0",
    "remember_owner": "0",
    "stdio_handler": '"file"',
}


def configure(machine: Machine) -> tuple[str, ...]:
    """Write the settings and have libvirt start when it is asked for; return what was changed.

    Other lines stay. Raises InstanceFailed where libvirt is not installed.
    """
    try:
        before = machine.read(PATH).decode()
    except FileNotFoundError:
        raise InstanceFailed(
            machine.name, f"{PATH} is missing; install libvirt and QEMU on this host"
        ) from None
    changes = []
    wanted = with_settings(before)
    if wanted != before:
        machine.write(PATH, wanted.encode(), mode=0o600)
        machine.run("systemctl", "try-restart", "libvirtd.service", timeout=120)
        changes.append(f"wrote {PATH}")
    if machine.run("systemctl", "is-active", SOCKET, check=False).stdout.strip() != "active":
        try:
            machine.run("systemctl", "enable", "--now", SOCKET, timeout=120)
        except CommandFailed as error:
            raise InstanceFailed(machine.name, f"{SOCKET}: {error.stderr.strip()}") from error
        changes.append(f"started {SOCKET}")
    return tuple(changes)


def with_settings(text: str) -> str:
    """A qemu.conf with the settings in it, each once: where it stood, else at the end."""
    lines = text.splitlines()
    for key, value in SETTINGS.items():
        line = f"{key} = {value}"
        places = [n for n, one in enumerate(lines) if re.match(rf"\s*{key}\s*=", one)]
        if places:
            lines[places[0]] = line
            for extra in reversed(places[1:]):
                del lines[extra]
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"
