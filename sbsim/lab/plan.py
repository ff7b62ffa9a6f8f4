"""What a lab is made of: machines, their network cards and disks. Plain data, ready to travel.

A plan is drawn from a description once; the keeper knows nothing of descriptions. Two equal plans
boot equal machines, so a plan's `key` names the states saved from it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

from sbsim.deployment import Address, AnyServer, Deployment, Link, StorageServer

OWN_DISK_BYTES = 8 * 2**30
DEFAULT_CPUS = 1
DEFAULT_MEMORY = 512 * 2**20
CONTROL_BRIDGE = "control"
MTU = 1500

CacheMode = Literal["writethrough", "writeback"]


@dataclass(frozen=True)
class Card:
    """A network card: on which bridge, under which name the machine sees it, with what addresses.

    `link` is the description's name for the link, empty for the control network. `addresses` are
    in interface form ("172.20.11.107/16"); a card on a Fibre Channel fabric has none, and the MAC
    that makes its port's WWPN.
    """

    link: str
    bridge: str
    name: str
    mac: str
    tap: str
    addresses: tuple[str, ...]
    mtu: int


@dataclass(frozen=True)
class Disk:
    """A disk of a storage server that backs one LUN; `device` is its name inside the machine."""

    serial: str
    size: int
    cache: CacheMode
    device: str


@dataclass(frozen=True)
class PlannedMachine:
    """One machine of a lab. `memory` in bytes; `control` is its address on the control network."""

    name: str
    cpus: int
    memory: int
    control: str
    cards: tuple[Card, ...]
    disks: tuple[Disk, ...]


@dataclass(frozen=True)
class Plan:
    """A whole lab. `bridges` maps a bridge's name to its MTU."""

    image: str
    bridges: tuple[tuple[str, int], ...]
    machines: tuple[PlannedMachine, ...]

    @property
    def key(self) -> str:
        """16 hex digits that name every plan equal to this one."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def machine(self, name: str) -> PlannedMachine:
        """The machine called `name`; KeyError if there is none."""
        for machine in self.machines:
            if machine.name == name:
                return machine
        raise KeyError(name)

    def to_json(self) -> str:
        """As text, for `from_json`."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Read what `to_json` wrote."""
        fields = json.loads(text)
        return cls(
            image=fields["image"],
            bridges=tuple((name, mtu) for name, mtu in fields["bridges"]),
            machines=tuple(_machine(item) for item in fields["machines"]),
        )


def _machine(fields: dict[str, Any]) -> PlannedMachine:
    cards = tuple(
        Card(**{**card, "addresses": tuple(card["addresses"])}) for card in fields.pop("cards")
    )
    disks = tuple(Disk(**disk) for disk in fields.pop("disks"))
    return PlannedMachine(**fields, cards=cards, disks=disks)


def plan_for(deployment: Deployment, image: str) -> Plan:
    """Draw the plan of a description; `image` is the key of the image to boot."""
    links = enumerate(deployment.links, start=1)
    bridges = [(CONTROL_BRIDGE, MTU), *((_card_name(number), link.mtu) for number, link in links)]
    machines = [
        _planned(deployment, machine, number)
        for number, machine in enumerate(deployment.machines, start=1)
    ]
    return Plan(image=image, bridges=tuple(bridges), machines=tuple(machines))


def _card_name(number: int) -> str:
    """What a link's bridge, and each machine's card on it, is called: Linux allows 15 bytes."""
    return f"link{number}"


def _planned(deployment: Deployment, machine: AnyServer, number: int) -> PlannedMachine:
    scale = deployment.lab.scale
    control = f"fe80::5b:{number:x}"
    cards = [
        Card("", CONTROL_BRIDGE, "control", _mac(number, 0), f"tap{number}-0",
             (f"{control}/64",), MTU)
    ]  # fmt: skip
    positions = {link.name: index for index, link in enumerate(deployment.links, start=1)}
    for link, addresses in deployment.links_of(machine):
        index = positions[link.name]
        port = deployment.fc_port_on(machine, link)
        cards.append(
            Card(
                link=link.name,
                bridge=_card_name(index),
                name=_card_name(index),
                mac=port.mac if port else _mac(number, index),
                tap=f"tap{number}-{index}",
                addresses=tuple(_interface(link, address) for address in addresses),
                mtu=link.mtu,
            )
        )
    return PlannedMachine(
        name=machine.name,
        cpus=(scale.cpus if scale else machine.cpus) or DEFAULT_CPUS,
        memory=(scale.memory if scale else machine.memory) or DEFAULT_MEMORY,
        control=control,
        cards=tuple(cards),
        disks=_disks(machine) if isinstance(machine, StorageServer) else (),
    )


def _mac(number: int, index: int) -> str:
    return f"52:54:5b:{index:02x}:{number >> 8:02x}:{number & 255:02x}"


def _interface(link: Link, address: Address) -> str:
    prefix = next(subnet.prefixlen for subnet in link.subnets if address in subnet)
    return f"{address}/{prefix}"


def _disks(server: StorageServer) -> tuple[Disk, ...]:
    luns = [lun for target in server.targets for lun in target.luns if lun.backing == "block"]
    return tuple(
        Disk(
            serial=f"sbsim-lun-{number}",
            size=lun.size,
            cache="writethrough" if lun.cache == "write-through" else "writeback",
            device=lun.device,
        )
        for number, lun in enumerate(luns, start=1)
    )
