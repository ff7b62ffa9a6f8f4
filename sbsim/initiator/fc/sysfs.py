"""FC ports as the kernel shows them below /sys/class.

    fc_host/host2                 a port of this machine, and the SCSI host behind it
        port_name                 0x200052545bfc0101
        port_state                Online, Linkdown, Offline
    fc_remote_ports/rport-2:0-0   a port that it sees; the numbers are host, channel, and a counter
        port_name, port_state     Online, or Blocked while I/O waits for it to come back
        roles                     "FCP Target, FCP Initiator", as they were when the two logged in
        scsi_target_id            -1 for what is no target: it is never scanned

Sources: Linux 6.1, drivers/scsi/scsi_transport_fc.c; facts: lab, section 6.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sbsim.deployment.wwpn import naa_of, wwpn_of
from sbsim.initiator.errors import UnreadableOutput
from sbsim.machines import Machine

HOSTS, REMOTE = "/sys/class/fc_host", "/sys/class/fc_remote_ports"
ONLINE = "Online"
TARGET_ROLE = "FCP Target"
_HOST = re.compile(rf"{HOSTS}/host(?P<host>[0-9]{{1,9}})")
_RPORT = re.compile(rf"{REMOTE}/(?P<name>rport-(?P<host>[0-9]{{1,9}}):[0-9]+-[0-9]+)")
_CARD = re.compile(r"/net/(?P<card>[^/]+)/ctlr_[0-9]+/")
_HOST_FACTS = ("port_name", "port_state")
_REMOTE_FACTS = ("port_name", "port_state", "roles", "scsi_target_id")


@dataclass(frozen=True)
class FcHost:
    """A port of this machine. `number` is its SCSI host's; `card` the one that carries it, if any.

    `card` is None for a host adapter of its own.
    """

    number: int
    wwpn: str
    state: str
    card: str | None

    @property
    def online(self) -> bool:
        """Whether it is in its fabric."""
        return self.state == ONLINE


@dataclass(frozen=True)
class RemotePort:
    """A port that one of this machine's sees; serves as a `Login` where it is a target."""

    id: str
    scsi_host: int
    wwpn: str
    state: str
    roles: tuple[str, ...]
    target: int

    @property
    def is_target(self) -> bool:
        """Whether it was a target when the two logged in: only then is it scanned."""
        return TARGET_ROLE in self.roles and self.target >= 0

    @property
    def usable(self) -> bool:
        """Whether I/O can pass."""
        return self.is_target and self.state == ONLINE

    @property
    def target_name(self) -> str:
        """The target's name, as LIO has it."""
        return naa_of(self.wwpn)

    @property
    def place(self) -> str:
        """Its WWPN."""
        return self.wwpn


def read_fc_hosts(machine: Machine) -> tuple[FcHost, ...]:
    """Return the machine's ports by their number; none where it has none."""
    links = _links(machine, HOSTS)
    facts = _facts(machine, links, _HOST_FACTS)
    found = []
    for path, text in links.items():
        if (match := _HOST.fullmatch(path)) and (told := facts.get(path)):
            card = _CARD.search(text)
            found.append(
                FcHost(int(match["host"]), _wwpn(path, told), told.get("port_state", ""),
                       card["card"] if card else None)
            )  # fmt: skip
    return tuple(sorted(found, key=lambda one: one.number))


def read_remote_ports(machine: Machine) -> tuple[RemotePort, ...]:
    """Return the ports that the machine's own see, targets or not."""
    links = _links(machine, REMOTE)
    facts = _facts(machine, links, _REMOTE_FACTS)
    found = []
    for path in links:
        if (match := _RPORT.fullmatch(path)) and (told := facts.get(path)):
            roles = tuple(one.strip() for one in told.get("roles", "").split(","))
            target = int(told.get("scsi_target_id", "-1"))
            found.append(
                RemotePort(match["name"], int(match["host"]), _wwpn(path, told),
                           told.get("port_state", ""), roles, target)
            )  # fmt: skip
    return tuple(sorted(found, key=lambda one: (one.scsi_host, one.wwpn)))


def parse_links(text: str) -> dict[str, str]:
    """Read links and where they lead, as `find` prints them with `-printf "%p %l"`."""
    return dict(line.split(" ", 1) for line in text.splitlines() if " " in line)


def parse_facts(text: str) -> dict[str, dict[str, str]]:
    """Read what `grep -sH "" FILE…` prints: by folder each file's name with its one line."""
    found: dict[str, dict[str, str]] = {}
    for line in text.splitlines():
        # The paths hold colons, too (rport-2:0-0), but no folder's name is like a file's here.
        match = re.fullmatch(r"(?P<folder>/.*?)/(?P<name>[a-z_]+):(?P<value>.*)", line)
        if match:
            found.setdefault(match["folder"], {})[match["name"]] = match["value"].strip()
    return found


def _links(machine: Machine, folder: str) -> dict[str, str]:
    # Without the modules there is no such folder: then there are no ports.
    argv = ("find", folder, "-maxdepth", "1", "-type", "l", "-printf", "%p %l\\n")
    return parse_links(machine.run(*argv, check=False).stdout)


def _facts(
    machine: Machine, folders: Iterable[str], names: tuple[str, ...]
) -> dict[str, dict[str, str]]:
    paths = [f"{folder}/{name}" for folder in sorted(folders) for name in names]
    # A port may go while it is read: what is there is told all the same.
    text = machine.run("grep", "-sH", "", *paths, check=False).stdout if paths else ""
    return parse_facts(text)


def _wwpn(path: str, told: Mapping[str, str]) -> str:
    name = wwpn_of(told.get("port_name", ""))
    if name is None:
        said = told.get("port_name", "")
        raise UnreadableOutput(f"{path}/port_name", 1, said, "a WWPN such as 0x200052545bfc0101")
    return name
