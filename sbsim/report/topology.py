"""The topology as drawn: storage servers, links, hosts and sessions, for wide and narrow pages.

    wide     storage | links | management node, hosts        narrow   links
             box  o──┼──●───── box                                    │ storage box
                     ●──────── box                                    ├ host box

A link is a vertical bar; a line ends at a joint on the bar it belongs to and crosses the others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sbsim.report import quantity
from sbsim.report.drawing import Box, Dot, Drawing, Icon, Line
from sbsim.report.requirements import Wording
from sbsim.report.san import Link, Machine, San, Server, SessionSeen, State, Target
from sbsim.report.texts import words

LUNS_SHOWN = 8
SESSIONS_SHOWN = 8

_ROW = 19.0
_GAP = 16.0
_PAD = 14.0
_BAR_HEAD = 46.0
_BAR_ROOM = 136.0
_ORDER: dict[State, int] = {"down": 0, "unexpected": 1, "unknown": 2, "up": 3}
_WORST: dict[State, str] = {"down": "bad", "unexpected": "odd", "unknown": "plain", "up": "good"}


@dataclass(frozen=True)
class _Port:
    """Where a line of a link enters a box. `style` says how the sessions over it are."""

    link: Link
    y: float
    style: str


@dataclass(frozen=True)
class _Column:
    """A column of boxes; `edge` is the x at which lines enter them."""

    x: float
    width: float
    edge: float
    wide: bool


def draw_wide(san: San) -> Drawing:
    """Storage to the left, links in the middle, machines to the right."""
    bars = max(200.0, _BAR_ROOM * len(san.links) + 40)
    drawing = Drawing(width=400 + bars + 390)
    left = _Column(x=1, width=399, edge=400, wide=True)
    right = _Column(x=400 + bars, width=389, edge=400 + bars, wide=True)
    ends = [
        _stack(drawing, left, _BAR_HEAD + _GAP, san, [_server(one) for one in san.servers]),
        _stack(drawing, right, _BAR_HEAD + _GAP, san, [_machine(one) for one in san.machines]),
    ]
    drawing.height = max(end for end, _ in ends)
    first = 400 + (bars - _BAR_ROOM * (len(san.links) - 1)) / 2
    xs = {link: first + _BAR_ROOM * position for position, link in enumerate(san.links)}
    for column, (_, ports) in zip((left, right), ends, strict=True):
        _wire(drawing, column, ports, xs)
    for link, x in xs.items():
        _bar_head(drawing, link, x - 62, 0, 124)
        drawing.lines.insert(0, Line(x, _BAR_HEAD, x, drawing.height - 8, "bar"))
    return drawing


def draw_narrow(san: San) -> Drawing:
    """One column, the links as bars along its left edge."""
    margin = 18.0 + 14 * len(san.links)
    drawing = Drawing(width=340)
    column = _Column(x=margin, width=339 - margin, edge=margin, wide=False)
    top = 0.0
    xs: dict[Link, float] = {}
    for position, link in enumerate(san.links):
        xs[link] = 8.0 + 14 * position
        drawing.dots.append(Dot(xs[link], top + 16, "head"))
        _bar_head(drawing, link, margin, top, 339 - margin, flat=True)
        top += 40
    contents = [_server(one) for one in san.servers] + [_machine(one) for one in san.machines]
    end, ports = _stack(drawing, column, top + 4, san, contents)
    drawing.height = end
    _wire(drawing, column, ports, xs)
    for position, (link, x) in enumerate(xs.items()):
        lowest = max((port.y for port in ports if port.link == link), default=top)
        drawing.lines.insert(0, Line(x, 16 + 40.0 * position, x, lowest, "bar thin"))
    return drawing


_Content = Callable[[Drawing, _Column, float, San], tuple[float, list[_Port]]]


def _stack(
    drawing: Drawing, column: _Column, top: float, san: San, contents: list[_Content]
) -> tuple[float, list[_Port]]:
    """Boxes one below the other; returns where they end and all their ports."""
    ports: list[_Port] = []
    for content in contents:
        end, found = content(drawing, column, top, san)
        ports += found
        top = end + _GAP
    return top - _GAP + 2, ports


def _wire(drawing: Drawing, column: _Column, ports: list[_Port], xs: dict[Link, float]) -> None:
    for port in ports:
        x = xs[port.link]
        drawing.lines.append(Line(x, port.y, column.edge, port.y, f"wire {port.style}"))
        drawing.dots.append(Dot(x, port.y, port.style))
        if port.style == "bad":
            near = min(18.0, abs(column.edge - x) * 0.55) * (1 if x > column.edge else -1)
            drawing.icons.append(Icon(column.edge + near, port.y, "s-down", 16))


def _bar_head(
    drawing: Drawing, link: Link, x: float, y: float, width: float, *, flat: bool = False
) -> None:
    under: str | Wording = words("fabric") if link.is_fabric else ", ".join(link.subnets)
    room = width - 16
    if flat:
        drawing.boxes.append(Box(x, y, width, 32, "link", 16))
        drawing.text((x + 14, y + 21), link.name, "name", room=room * 0.4)
        drawing.text((x + width - 14, y + 20), under, "small", room=room * 0.55, anchor="end")
        return
    middle = x + width / 2
    drawing.boxes.append(Box(x, y + 1, width, _BAR_HEAD - 2, "link", 12))
    drawing.text((middle, y + 20), link.name, "name", room=room, anchor="middle")
    drawing.text((middle, y + 36), under, "small", room=room, anchor="middle")


def _server(server: Server) -> _Content:
    def content(
        drawing: Drawing, column: _Column, top: float, san: San
    ) -> tuple[float, list[_Port]]:
        y = _head(drawing, column, top, "storage-server", server.name, server.address)
        ports: list[_Port] = []
        inner = column.x + _PAD
        width = column.width - 2 * _PAD
        for controller in server.controllers:
            height = 26 + _ROW * len(controller.portals)
            drawing.boxes.append(Box(inner, y, width, height, "part", 6))
            drawing.text((inner + 10, y + 18), controller.name, "mono", room=width * 0.55)
            over_fc = any(portal.link for portal in controller.portals)
            group = words("fc-ports") if over_fc else words("portal-group", tag=controller.tag)
            drawing.text((inner + width - 10, y + 18), group, "small", room=width, anchor="end")
            for number, portal in enumerate(controller.portals):
                row = y + 26 + _ROW * number
                drawing.icons.append(Icon(inner + 17, row + 6, "portal", 12))
                drawing.text((inner + 30, row + 10), portal.text, "mono", room=width - 40)
                if link := san.link_of(portal):
                    ports.append(_Port(link, row + 6, "plain"))
            y += height + 8
        for target in server.targets:
            y = _target(drawing, target, inner, y, width, wide=column.wide) + 8
        return _close(drawing, column, top, y - 8), ports

    return content


def _target(
    drawing: Drawing, target: Target, x: float, y: float, width: float, *, wide: bool
) -> float:
    shown = target.luns if len(target.luns) <= LUNS_SHOWN else target.luns[: LUNS_SHOWN - 1]
    hidden = len(target.luns) - len(shown)
    height = 28 + _ROW * max(1, len(shown) + bool(hidden))
    drawing.boxes.append(Box(x, y, width, height, "part", 6))
    drawing.icons.append(Icon(x + 17, y + 14, "target", 13))
    name = target.iqn or words("every-port")
    drawing.text((x + 30, y + 18), name, "mono strong", room=width - 38, keep_end=True)
    row = y + 36
    for lun in shown:
        drawing.icons.append(Icon(x + 17, row - 4, "disk", 12))
        drawing.text((x + 30, row), f"{lun.lun}", "mono", room=26)
        drawing.text((x + 54, row), lun.name, "mono", room=width * 0.25 if wide else width * 0.44)
        modes = f"{lun.cache} · {lun.backing}" if wide else ""
        facts = " · ".join(one for one in (modes, quantity.size(lun.size)) if one)
        drawing.text((x + width - 10, row), facts, "small", room=width * 0.62, anchor="end")
        row += _ROW
    if hidden:
        drawing.text((x + 30, row), words("and-more", count=hidden), "muted", room=width)
    if not target.luns:
        drawing.text((x + 30, row), words("no-lun"), "muted", room=width)
    return y + height


def _machine(machine: Machine) -> _Content:
    def content(
        drawing: Drawing, column: _Column, top: float, san: San
    ) -> tuple[float, list[_Port]]:
        kind = "host" if machine.names else "management-node"
        y = _head(drawing, column, top, kind, machine.name, machine.address)
        inner = column.x + _PAD
        room = column.width - 2 * _PAD
        facts = [f"{machine.cpus} CPU" if machine.cpus else ""]
        facts.append(quantity.memory(machine.memory) if machine.memory else "")
        if has := " · ".join(one for one in facts if one):
            drawing.text((inner, y + 8), has, "small", room=room)
            y += _ROW
        for name in machine.names:
            drawing.text((inner, y + 8), name, "mono", room=room, keep_end=True)
            y += _ROW
        if machine.names:
            y = _sessions(drawing, machine.sessions, inner, y + 4, column)
        return _close(drawing, column, top, y - 8), _ports(machine, san, top)

    return content


def _sessions(
    drawing: Drawing, sessions: tuple[SessionSeen, ...], x: float, y: float, column: _Column
) -> float:
    """One row per session, broken ones first; a narrow page leaves the state to the symbol."""
    room = column.width - 2 * _PAD
    ordered = sorted(sessions, key=lambda one: _ORDER[one.state])
    shown = ordered if len(ordered) <= SESSIONS_SHOWN else ordered[: SESSIONS_SHOWN - 1]
    state_room = 78 if column.wide else 0
    for session in shown:
        drawing.icons.append(Icon(x + 7, y + 4, f"s-{session.state}", 14))
        tone = "" if session.state == "up" else f" is-{session.state}"
        name = (x + 22, y + 8)
        drawing.text(name, _short(session.target), f"mono{tone}", room=room * 0.27, keep_end=True)
        portal = (x + 26 + room * 0.27, y + 8)
        left = room * 0.73 - 26 - state_room
        drawing.text(portal, session.portal, "small", room=left)
        if state_room:
            state = words(f"session-{session.state}")
            drawing.text((x + room, y + 8), state, f"small{tone}", room=state_room, anchor="end")
        y += _ROW
    if hidden := len(ordered) - len(shown):
        drawing.text((x + 22, y + 8), words("and-more", count=hidden), "muted", room=room)
        y += _ROW
    if not sessions:
        drawing.text((x, y + 8), words("no-session-expected"), "muted", room=room)
        y += _ROW
    return y


def _short(iqn: str) -> str:
    """The part of an IQN that its owner chose: what follows the colon."""
    return iqn.partition(":")[2] or iqn


def _ports(machine: Machine, san: San, top: float) -> list[_Port]:
    """One port per link on which the machine has an address, styled by the worst session there."""
    ports: list[_Port] = []
    for link in san.links:
        if machine.is_on(link):
            over = [one.state for one in machine.sessions if _goes_over(one, link, san)]
            style = _WORST[min(over, key=lambda state: _ORDER[state])] if over else "plain"
            ports.append(_Port(link, top + 22 + 12 * len(ports), style))
    return ports


def _goes_over(session: SessionSeen, link: Link, san: San) -> bool:
    return any(
        portal.text == session.portal and portal.is_on(link)
        for server in san.servers
        for portal in server.portals
    )


def _head(
    drawing: Drawing, column: _Column, top: float, kind: str, name: str, address: str
) -> float:
    """A box's head: its kind, name and address; returns where its contents begin."""
    x = column.x + _PAD
    room = column.width - 2 * _PAD
    drawing.text((x, top + 20), words(kind), "kind", room=room)
    drawing.text((x, top + 39), name, "name", room=room * 0.62)
    drawing.text((x + room, top + 39), address, "small", room=room * 0.38, anchor="end")
    return top + 52


def _close(drawing: Drawing, column: _Column, top: float, bottom: float) -> float:
    """Put the box below what was drawn into it; returns where it ends."""
    end = bottom + _PAD
    drawing.boxes.insert(0, Box(column.x, top, column.width, end - top, "machine"))
    return end
