"""What a server is: its name, release, size, addresses, and the names it knows.

The parsers read the tools' JSON where they have it. Tools: uname, hostnamectl, getent, nproc,
lsmem, ip, ping.
"""

from __future__ import annotations

import ipaddress
import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv6Interface

from sbsim.errors import SbsimError
from sbsim.machines.machine import Machine

HOSTS_FILE = "/etc/hosts"
CENTOS_FILE = "/etc/centos-release"
BEGIN = "# sbsim: the servers of this deployment"
END = "# sbsim: end"


@dataclass(frozen=True)
class NetworkCard:
    """A network card: its addresses with prefix, MTU in bytes, whether the cable is in, its MAC."""

    name: str
    addresses: tuple[IPv4Interface | IPv6Interface, ...]
    mtu: int
    carrier: bool
    mac: str = ""


class Server:
    """Questions to a machine about itself, and the two things the guide sets by hand."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    @property
    def host_name(self) -> str:
        """The name it calls itself."""
        return self.machine.run("uname", "--nodename").stdout.strip()

    @property
    def os_release(self) -> str:
        """ID and VERSION_ID of /etc/os-release, such as ``debian-12``.

        CentOS' has the major version alone; with the minor one it is ``centos-7.4``.
        """
        release = parse_os_release(self.machine.read("/etc/os-release").decode())
        if not release.startswith("centos-"):
            return release
        try:
            return with_minor(release, self.machine.read(CENTOS_FILE).decode())
        except FileNotFoundError:
            return release

    @property
    def cpus(self) -> int:
        """How many processors are there."""
        return int(self.machine.run("nproc", "--all").stdout)

    @property
    def memory(self) -> int:
        """Bytes of memory that the hardware has (the kernel's own share included)."""
        result = self.machine.run("lsmem", "--bytes", "--summary=only")
        return parse_lsmem(result.stdout)

    @property
    def network_cards(self) -> tuple[NetworkCard, ...]:
        """Every network card but the loopback."""
        return parse_ip_addr(self.machine.run("ip", "-json", "address", "show").stdout)

    def resolve(self, *names: str) -> dict[str, frozenset[str]]:
        """The addresses that each name resolves to by the hosts file; no entry for an unknown one.

        Through getent, as every program on the server would resolve it.
        """
        # Status 2: at least one name is unknown. The known ones are printed all the same.
        result = self.machine.run("getent", "-s", "files", "hosts", *names, check=False)
        if result.status not in (0, 2):
            raise SbsimError(f"{self.machine.name}: getent failed: {result.stderr.strip()}")
        return parse_getent(result.stdout)

    def pings(self, address: str, seconds: int = 2) -> bool:
        """Whether a ping to `address` is answered; a lost one is sent once more."""
        argv = ("ping", "-n", "-q", "-c", "1", "-W", str(seconds), address)
        return any(self.machine.run(*argv, check=False).ok for _ in range(2))

    def set_host_name(self, name: str) -> bool:
        """Name the server as the guide does (R2.1); False if that is its name already."""
        if self.host_name == name:
            return False
        self.machine.run("hostnamectl", "set-hostname", name)
        return True

    def set_hosts(self, entries: Mapping[str, str]) -> bool:
        """Give the hosts file our block of ``name: address``; every other line stays (R2.4).

        Returns False if the file says so already.
        """
        old = self.machine.read(HOSTS_FILE).decode()
        new = with_hosts(old, entries)
        if new == old:
            return False
        self.machine.write(HOSTS_FILE, new.encode())
        return True


def parse_os_release(text: str) -> str:
    """ID-VERSION_ID of an os-release file. SbsimError if it names no ID."""
    fields = {}
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals and re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
            fields[name] = "".join(shlex.split(value))
    if "ID" not in fields:
        raise SbsimError("/etc/os-release names no ID; expected a line such as ID=debian")
    return "-".join(filter(None, (fields["ID"], fields.get("VERSION_ID"))))


def with_minor(release: str, text: str) -> str:
    """A release with the minor version that /etc/centos-release has of it.

    The file holds one line, such as ``CentOS Linux release 7.4.1708 (Core)``.
    """
    match = re.search(r" release (\d+\.\d+)", text)
    id, _, major = release.rpartition("-")
    return f"{id}-{match[1]}" if match and match[1].startswith(f"{major}.") else release


def parse_lsmem(text: str) -> int:
    """The bytes online, from ``lsmem --bytes --summary=only``."""
    match = re.search(r"^Total online memory:\s+(\d+)$", text, re.MULTILINE)
    if not match:
        raise SbsimError(f"lsmem printed no total of online memory: {text!r}")
    return int(match[1])


def parse_ip_addr(text: str) -> tuple[NetworkCard, ...]:
    """Network cards from ``ip -json address show``, without the loopback."""
    return tuple(
        NetworkCard(
            name=card["ifname"],
            addresses=tuple(
                ipaddress.ip_interface(f"{address['local']}/{address['prefixlen']}")
                for address in card["addr_info"]
            ),
            mtu=card["mtu"],
            carrier="LOWER_UP" in card["flags"],
            mac=card.get("address", ""),
        )
        for card in json.loads(text)
        if "LOOPBACK" not in card.get("flags", ())
    )


def parse_getent(text: str) -> dict[str, frozenset[str]]:
    """Addresses by name, from ``getent hosts``: one line per address, then its names."""
    found: dict[str, set[str]] = {}
    for line in text.splitlines():
        address, *names = line.split()
        for name in names:
            found.setdefault(name, set()).add(address)
    return {name: frozenset(addresses) for name, addresses in found.items()}


def with_hosts(text: str, entries: Mapping[str, str]) -> str:
    """`text` of a hosts file with our block holding exactly `entries` (name: address)."""
    block = [BEGIN, *(f"{address}\t{name}" for name, address in entries.items()), END]
    lines = text.splitlines()
    if BEGIN in lines and END in lines[lines.index(BEGIN) :]:
        start = lines.index(BEGIN)
        end = lines.index(END, start)
        lines[start : end + 1] = block
    else:
        lines += block
    return "\n".join(lines) + "\n"
