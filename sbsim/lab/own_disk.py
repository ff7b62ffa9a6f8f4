"""A machine's own disk: the writable layer over the shared root, prefilled with who it is.

    /upper   laid over the root by init.sh; holds the machine's network, keys and machine id
    /work    overlayfs' own

The host name is not here: giving a server its name is a step of the guide (R2.1), not of the lab.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

from sbsim.errors import LabError
from sbsim.lab.keys import Keys
from sbsim.lab.plan import OWN_DISK_BYTES, Card, Disk, PlannedMachine


def make_own_disk(machine: PlannedMachine, keys: Keys, path: Path) -> None:
    """Write the disk image of `machine` to `path` (sparse). Raises LabError if it cannot be."""
    try:
        _make(machine, keys, path)
    except OSError as error:
        raise LabError(
            f"{machine.name}: cannot make its own disk: {error}; the lab's disks lie in memory: "
            "end other labs, or lower `memory` in [lab.scale] of the description"
        ) from error


def _make(machine: PlannedMachine, keys: Keys, path: Path) -> None:
    tree = path.with_suffix(".tree")
    shutil.rmtree(tree, ignore_errors=True)
    (tree / "work").mkdir(parents=True)
    for name, text, mode in _files(machine, keys):
        file = tree / "upper" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)
    (tree / "upper/root").chmod(0o700)
    (tree / "upper/root/.ssh").chmod(0o700)
    with path.open("wb") as image:
        image.truncate(OWN_DISK_BYTES)
    done = subprocess.run(
        ["mke2fs", "-q", "-t", "ext4", "-E", "lazy_itable_init=1", "-d", str(tree), str(path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    shutil.rmtree(tree)
    if done.returncode:
        raise LabError(f"{machine.name}: cannot make its own disk: {done.stderr.strip()}")


def _files(machine: PlannedMachine, keys: Keys) -> list[tuple[str, str, int]]:
    """Each file of the upper layer: name, text, mode."""
    files = [
        ("root/.ssh/authorized_keys", keys.public(keys.client), 0o600),
        ("etc/ssh/ssh_host_ed25519_key", keys.host.read_text(), 0o600),
        ("etc/ssh/ssh_host_ed25519_key.pub", keys.public(keys.host), 0o644),
        # A fixed id: without one systemd takes each boot for the first and presets every unit.
        ("etc/machine-id", hashlib.md5(machine.name.encode()).hexdigest() + "\n", 0o444),
    ]
    for card in machine.cards:
        files.append((f"etc/systemd/network/10-{card.name}.link", _link(card), 0o644))
        files.append((f"etc/systemd/network/10-{card.name}.network", _network(card), 0o644))
    if machine.disks:
        files.append(("etc/udev/rules.d/61-sbsim.rules", _rules(machine.disks), 0o644))
    return files


def _link(card: Card) -> str:
    return f"[Match]\nMACAddress={card.mac}\n\n[Link]\nName={card.name}\nMTUBytes={card.mtu}\n"


def _network(card: Card) -> str:
    parts = [
        f"[Match]\nMACAddress={card.mac}\n",
        "[Network]\nDHCP=no\nIPv6AcceptRA=no\nLinkLocalAddressing=no\n",
    ]
    if not card.addresses:
        # It carries FCoE: without an address it never counts as online, and a boot would wait.
        parts.append("[Link]\nRequiredForOnline=no\n")
    # Duplicate address detection would hold every boot up for a second or two.
    parts += [
        f"[Address]\nAddress={address}\nDuplicateAddressDetection=none\n"
        for address in card.addresses
    ]
    return "\n".join(parts)


def _rules(disks: tuple[Disk, ...]) -> str:
    return "".join(
        f'KERNEL=="vd*[!0-9]", ATTR{{serial}}=="{disk.serial}", '
        f'SYMLINK+="{disk.device.removeprefix("/dev/")}"\n'
        for disk in disks
    )
