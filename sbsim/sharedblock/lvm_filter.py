"""What LVM looks at on a host where a version limits it: the pools' disks and the host's own.

Without that it reads every LUN the host sees, and whatever volume groups lie inside instances'
disks. The filter is one for the whole host: it names the disks of all of the host's pools.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sbsim.initiator import lsblk
from sbsim.machines import Machine
from sbsim.sharedblock.disk import BY_ID, DiskRules, find_disk, is_linked

KEYS = ("devices/filter", "devices/global_filter")
# What is let through stands before it.
REST = '"r|.*|"'
_SAN = ("iscsi", "fc", "fcoe")


def filter_settings(machine: Machine, disks: Iterable[str], rules: DiskRules) -> Mapping[str, str]:
    """LVM's settings that let these disks through, and the host's own. Raises DiskNotFound.

    A disk is named by its link: the kernel's names change from boot to boot.
    """
    accepted = [one for id in sorted(set(disks)) for one in _patterns(machine, id, rules)]
    accepted += [f"^{path}p?[0-9]*$" for path in _own_disks(machine)]
    wanted = [f'"a|{pattern}|"' for pattern in accepted] + [REST]
    return dict.fromkeys(KEYS, f"[{', '.join(wanted)}]")


def hidden_disks(value: str, disks: Iterable[str]) -> tuple[str, ...]:
    """Which of these disks a filter that limits LVM, as it is written, names nowhere."""
    return tuple(id for id in disks if f"{_plain(id)}$|" not in value)


def _patterns(machine: Machine, id: str, rules: DiskRules) -> list[str]:
    """What fits a disk: its links by that id; its path, where the id is one or names no link."""
    if id.startswith("/"):
        find_disk(machine, id, rules)
        return [f"^{_plain(id)}$"]
    link = f"^{BY_ID}/[^/]*{_plain(id)}$"
    if is_linked(machine, id, rules):
        return [link]
    return [link, f"^{_plain(find_disk(machine, id, rules))}$"]


def _own_disks(machine: Machine) -> list[str]:
    found = lsblk.parse_lsblk(machine.run(*lsblk.ARGV).stdout)
    return [one.path for one in found if one.type == "disk" and one.transport not in _SAN]


def _plain(text: str) -> str:
    """The text as a pattern of LVM's that fits it alone."""
    return text.replace(".", "\\.")
