"""Cards and cables: which simulated machine answers at an address, seen from another one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Interface, IPv6Interface, ip_address
from typing import Any

Interface = IPv4Interface | IPv6Interface
LOOPBACK_MTU, MTU = 65536, 1500


@dataclass
class Card:
    """A network card on a link of the description. `plugged`: its cable is in; `up`: it is on."""

    name: str
    link: str
    mac: str
    addresses: list[Interface] = field(default_factory=list)
    mtu: int = MTU
    plugged: bool = True
    up: bool = True
    _written: tuple[list[Interface], list[str]] = field(default=([], []), repr=False)

    @property
    def texts(self) -> list[str]:
        """Its addresses, written out; asked for with every read and write of a disk."""
        of, texts = self._written
        if len(of) != len(self.addresses) or any(
            one is not other for one, other in zip(of, self.addresses, strict=True)
        ):
            texts = [str(one.ip) for one in self.addresses]
            self._written = (list(self.addresses), texts)
        return texts

    @property
    def carries(self) -> bool:
        """Whether anything passes."""
        return self.plugged and self.up


class Network:
    """Every machine's cards. `machines` give their `cards` and whether they are `on`."""

    def __init__(self) -> None:
        self._machines: dict[str, Any] = {}

    def add(self, name: str, machine: Any) -> None:
        """A machine whose cards are on the network from now on."""
        self._machines[name] = machine

    def fc_ports(self) -> Iterator[Any]:
        """Every Fibre Channel port of every machine that is on."""
        for machine in self._machines.values():
            if machine.on:
                yield from machine.fc.ports

    def at(self, source: Any, address: str) -> Any | None:
        """The machine that answers to an address, seen from another one; None if none does."""
        if not source.on:
            return None
        for machine in self._machines.values():
            for card in machine.cards:
                if address in card.texts:
                    return machine if self._passes(source, card, machine) else None
        return None

    def source_of(self, source: Any, address: str) -> str | None:
        """The machine's own address in the subnet of another one."""
        own = (one for card in source.cards for one in card.addresses)
        return next((str(one.ip) for one in own if lies_in(address, one)), None)

    def _passes(self, source: Any, card: Card, machine: Any) -> bool:
        if not machine.on or not card.carries:
            return False
        return machine is source or any(
            one.link == card.link and one.carries for one in source.cards
        )


def lies_in(address: str, interface: Interface) -> bool:
    """Whether an address lies in an interface's subnet."""
    one = ip_address(address)
    return one.version == interface.version and one in interface.network
