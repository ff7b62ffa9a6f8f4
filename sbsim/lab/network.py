"""The lab's network: one bridge per link and one for control, in the keeper's own namespace."""

from __future__ import annotations

import fcntl
import os
import struct

from pyroute2 import IPRoute

from sbsim.lab.plan import CONTROL_BRIDGE, Plan

KEEPER_ADDRESS = "fe80::5b"
# Fixed: a restored machine still holds its neighbour's address from when it was saved, and would
# answer into the void for half a minute if each keeper had another one.
KEEPER_MAC = "52:54:5b:00:ff:ff"

_TUNSETIFF = 0x400454CA
_TUNSETPERSIST = 0x400454CB
_IFF_TAP, _IFF_NO_PI, _IFF_VNET_HDR = 0x0002, 0x1000, 0x4000


def build_network(plan: Plan) -> None:
    """Make the plan's bridges and taps. Only ever called inside the lab's own namespace."""
    with IPRoute() as route:
        route.link("set", index=route.link_lookup(ifname="lo")[0], state="up")
        bridges = {name: _bridge(route, name, mtu) for name, mtu in plan.bridges}
        route.link("set", index=bridges[CONTROL_BRIDGE], address=KEEPER_MAC)
        for machine in plan.machines:
            for card in machine.cards:
                _make_tap(card.tap)
                index = route.link_lookup(ifname=card.tap)[0]
                route.link("set", index=index, mtu=card.mtu, master=bridges[card.bridge])
                route.link("set", index=index, state="up")
        route.addr(
            "add", index=bridges[CONTROL_BRIDGE], address=KEEPER_ADDRESS, prefixlen=64, flags=0x02
        )  # flags: IFA_F_NODAD, the address is usable at once


def _bridge(route: IPRoute, name: str, mtu: int) -> int:
    route.link("add", ifname=name, kind="bridge", br_forward_delay=0)
    index: int = route.link_lookup(ifname=name)[0]
    route.link("set", index=index, mtu=mtu, state="up")
    return index


def _make_tap(name: str) -> None:
    with open("/dev/net/tun", "r+b", buffering=0) as tun:  # noqa: PTH123 - a device, not a path
        flags = _IFF_TAP | _IFF_NO_PI | _IFF_VNET_HDR
        fcntl.ioctl(tun, _TUNSETIFF, struct.pack("16sH22s", os.fsencode(name), flags, b""))
        fcntl.ioctl(tun, _TUNSETPERSIST, 1)


def control_scope() -> int:
    """The interface number of the control bridge: link-local addresses need it."""
    with IPRoute() as route:
        return int(route.link_lookup(ifname=CONTROL_BRIDGE)[0])
