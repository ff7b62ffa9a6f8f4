"""Cards and answers: ip, ping."""

from __future__ import annotations

import json
from typing import Any

from sbsim.sim.machine import Call, Output, SimulatedMachine, tool
from sbsim.sim.network import LOOPBACK_MTU, Card
from sbsim.sim.options import read

FOR_EVER = 4294967295
# What a ping takes there and back, and how long a lost one is waited for.
ROUND_TRIP_MS = 0.2


@tool("ip")
def ip(call: Call) -> Output:
    """Show addresses as JSON, or change a card."""
    options = read(call, flags=("-json",))
    rest = options.rest
    if "-json" in options and rest in (("address", "show"), ("addr", "show")):
        cards = [
            _loopback(),
            *(_card(one, index) for index, one in enumerate(call.machine.cards, 2)),
        ]
        return Output(json.dumps(cards, separators=(",", ":")) + "\n")
    if rest[:3] == ("link", "set", "dev") and len(rest) > 4:
        return _set(call, rest[3], rest[4:])
    raise call.unknown(f"use of ip: {' '.join(rest)}")


def _loopback() -> dict[str, Any]:
    addresses = [
        _address("inet", "127.0.0.1", 8, "host", label="lo"),
        _address("inet6", "::1", 128, "host"),
    ]
    zero = "00:00:00:00:00:00"
    return {
        "ifindex": 1, "ifname": "lo", "flags": ["LOOPBACK", "UP", "LOWER_UP"], "mtu": LOOPBACK_MTU,
        "qdisc": "noqueue", "operstate": "UNKNOWN", "group": "default", "txqlen": 1000,
        "link_type": "loopback", "address": zero, "broadcast": zero, "addr_info": addresses,
    }  # fmt: skip


def _card(card: Card, index: int) -> dict[str, Any]:
    flags = ["BROADCAST", "MULTICAST"]
    if card.up:
        flags = ["BROADCAST", "MULTICAST", "UP", "LOWER_UP"]
        if not card.plugged:
            flags = ["NO-CARRIER", "BROADCAST", "MULTICAST", "UP"]
    addresses = []
    for one in card.addresses:
        if one.version == 4:
            address = _address(
                "inet", str(one.ip), one.network.prefixlen, "global", label=card.name
            )
            address["broadcast"] = str(one.network.broadcast_address)
        else:
            address = _address("inet6", str(one.ip), one.network.prefixlen, "global")
        addresses.append(address)
    return {
        "ifindex": index, "ifname": card.name, "flags": flags, "mtu": card.mtu,
        "qdisc": "fq_codel", "operstate": "UP" if card.carries else "DOWN", "group": "default",
        "txqlen": 1000, "link_type": "ether", "address": card.mac,
        "broadcast": "ff:ff:ff:ff:ff:ff", "addr_info": addresses,
    }  # fmt: skip


def _address(family: str, local: str, prefix: int, scope: str, **more: str) -> dict[str, Any]:
    return {
        "family": family, "local": local, "prefixlen": prefix, "scope": scope, **more,
        "valid_life_time": FOR_EVER, "preferred_life_time": FOR_EVER,
    }  # fmt: skip


def _set(call: Call, name: str, words: tuple[str, ...]) -> Output:
    card = next((one for one in call.machine.cards if one.name == name), None)
    if card is None:
        return Output(stderr=f'Cannot find device "{name}"\n', status=1)
    if words[0] == "mtu":
        card.mtu = int(words[1])
    elif words in (("up",), ("down",)):
        card.up = words == ("up",)
    else:
        raise call.unknown(f"use of ip link set: {' '.join(words)}")
    return Output()


@tool("ping")
def ping(call: Call) -> Output:
    """Ask once whether a machine answers."""
    options = read(call, flags=("-n", "-q"), values=("-c", "-W"))
    (address,) = options.rest
    seconds = float(options.values.get("-W", "10"))
    other: SimulatedMachine | None = call.machine.network.at(call.machine, address)
    family = "net/ipv6/icmp/echo_ignore_all" if ":" in address else "net/ipv4/icmp_echo_ignore_all"
    answers = other is not None and other.sysctls.get(family, "0") != "1"
    lost = 0 if answers else 100
    head = f"{address}({address}) 56 data bytes"
    if ":" not in address:  # its header of 20 bytes and ICMP's of 8 are counted, too
        head = f"{address} ({address}) 56(84) bytes of data."
    text = (
        f"PING {head}\n\n"
        f"--- {address} ping statistics ---\n"
        f"1 packets transmitted, {int(answers)} received, {lost}% packet loss, time 0ms\n"
    )
    if answers:
        trip = f"{ROUND_TRIP_MS:.3f}"
        text += f"rtt min/avg/max/mdev = {trip}/{trip}/{trip}/0.000 ms\n"
    return Output(text + "" if answers else text + "\n", status=0 if answers else 1,
                  seconds=0.05 if answers else seconds)  # fmt: skip
