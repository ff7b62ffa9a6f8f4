"""multipath and multipathd: the maps and their paths, shown and changed."""

from __future__ import annotations

import ipaddress
import json
from typing import Any, NamedTuple

from sbsim.sim.machine import Call, Output, SimulatedMachine, tool
from sbsim.sim.options import read
from sbsim.sim.releases import text
from sbsim.sim.san.fc import RemotePort
from sbsim.sim.san.initiator import LOGGED_IN, Session
from sbsim.sim.san.multipath_conf import PATH
from sbsim.sim.san.multipathd import Map, Path
from sbsim.sim.san.nexus import Nexus
from sbsim.sim.san.scsi import numbers_of

# The daemon's answer to whoever asks; the tool itself looks at every disk on its own.
ANSWER_SECONDS, LIST_SECONDS = 0.3, 0.6
UNITS = "KMGTP"
VERSION = {"major_version": 0, "minor_version": 1}
UNDEFINED = "[undef]"


@tool("multipathd")
def multipathd(call: Call) -> Output:
    """Ask or tell the daemon something."""
    daemon = call.machine.multipathd
    if not daemon.running:
        return Output(stderr="error receiving packet\n", status=1)
    match call.words:
        case ("show", "maps", "json"):
            maps = [_fields(call.machine, one) for one in daemon.maps]
            return Output(_json({**VERSION, "maps": maps}), seconds=ANSWER_SECONDS)
        case ("reconfigure",):
            daemon.reconfigure()
            return Output("ok\n", seconds=ANSWER_SECONDS)
        case ("resize", "map", name):
            found = next((one for one in daemon.maps if one.device.name == name), None)
            done = found is not None and daemon.resize(found)
            return Output("ok\n" if done else "fail\n", status=not done, seconds=ANSWER_SECONDS)
    raise call.unknown(f"words of multipathd: {' '.join(call.words)}")


@tool("multipath")
def multipath(call: Call) -> Output:
    """List the maps, or take them away."""
    options = read(call, flags=("-ll", "-F"), values=("-f",))
    daemon = call.machine.multipathd
    maps = sorted(daemon.maps, key=lambda one: one.device.name)
    if "-ll" in options:
        return Output("".join(_listed(call.machine, one) for one in maps), seconds=LIST_SECONDS)
    if "-F" in options:
        kept = [one for one in maps if not daemon.flush(one)]
    else:
        wanted = options.values["-f"]
        device = call.machine.block.at(wanted)
        named = [one for one in maps if one.device.name == wanted or one.device is device]
        kept = [one for one in named if not daemon.flush(one)]
        if not named:
            return Output(status=1, seconds=LIST_SECONDS)
    wrong = "".join(f"{one.device.name}: map in use\n" for one in kept)
    return Output(stderr=wrong, status=1 if kept else 0, seconds=LIST_SECONDS)


@tool("mpathconf")
def mpathconf(call: Call) -> Output:
    """EL7's own way to begin: it makes the configuration where there is none."""
    options = read(call, flags=("--enable",), values=("--with_multipathd",))
    if "--enable" not in options or options.values.get("--with_multipathd") != "n":
        raise call.unknown("use of mpathconf but with --enable --with_multipathd n")
    machine = call.machine
    if not machine.files.exists(PATH):
        machine.files.write(PATH, text(machine.release, "multipath.conf").encode(), 0o600)
    return Output()


# --- as JSON --------------------------------------------------------------------------------------


def _fields(machine: SimulatedMachine, one: Map) -> dict[str, Any]:
    some = one.paths[0].disk if one.paths else None
    return {
        "name": one.device.name,
        "uuid": one.wwid,
        "sysfs": one.device.kname,
        "failback": one.settings.failback,
        "queueing": "on" if one.queues else "off",
        "paths": sum(path.alive for path in one.paths),
        "write_prot": "rw",
        "dm_st": "active",
        "features": one.features,
        "hwhandler": "1 alua",
        "action": "create" if one.is_fresh else "",
        "path_faults": one.faults,
        "vend": some.vendor if some else "",
        "prod": some.model if some else "",
        "rev": some.revision if some else "",
        "switch_grp": 0,
        "map_loads": one.loads,
        "total_q_time": 0,
        "q_timeouts": 0,
        "path_groups": [
            {
                "selector": one.settings.path_selector,
                "pri": max(path.priority for path in group),
                "dm_st": _state_of(one, group),
                "marginal_st": "normal",
                "group": number,
                "paths": [_path(machine, one, path) for path in group],
            }
            for number, group in enumerate(one.groups(), start=1)
        ],
    }


def _path(machine: SimulatedMachine, one: Map, path: Path) -> dict[str, Any]:
    disk = path.disk
    nexus = machine.scsi.nexus_of(disk)
    host, target = _ends(machine, nexus)
    return {
        "dev": disk.name,
        "dev_t": numbers_of(disk.name),
        "dm_st": "active" if path.alive else "failed",
        "dev_st": machine.scsi.device_state(nexus),
        "chk_st": "ready" if path.alive else "faulty",
        "checker": one.settings.path_checker,
        "pri": path.priority,
        "host_wwnn": host.node,
        "target_wwnn": target.node,
        "host_wwpn": host.port,
        "target_wwpn": target.port,
        "host_adapter": host.adapter,
        "lun_hex": f"0x{disk.lun & 0xFFFF:04x}{0:012x}",
        "marginal_st": "normal",
    }


class _End(NamedTuple):
    """One end of a path, as multipathd tells it."""

    node: str = UNDEFINED
    port: str = UNDEFINED
    adapter: str = UNDEFINED


def _ends(machine: SimulatedMachine, nexus: Nexus) -> tuple[_End, _End]:
    """The host's end of a path, and the target's."""
    if isinstance(nexus, Session):
        return _End(adapter=_source(machine, nexus)), _End(node=nexus.iqn)
    assert isinstance(nexus, RemotePort)
    own, other = nexus.own, nexus.other
    return _End(own.node, own.shown, own.root_port), _End(other.node, other.shown)


def _source(machine: SimulatedMachine, session: Session) -> str:
    """The host's own address of a session; unknown while that is broken."""
    if machine.initiator.state(session) != LOGGED_IN:
        return UNDEFINED
    found = machine.network.source_of(machine, session.address)
    # As sysfs has it: an IPv6 address with all of its zeros.
    return ipaddress.ip_address(found).exploded if found else UNDEFINED


def _state_of(one: Map, group: list[Path]) -> str:
    """Which group I/O takes: the first that has a usable path."""
    if one.is_fresh:
        return "enabled"
    usable = [each for each in one.groups() if any(path.alive for path in each)]
    return "active" if usable[:1] == [group] else "enabled"


def _json(value: dict[str, Any]) -> str:
    """As multipathd lays it out: lists are opened on their key's line, their items side by side."""
    return f"{{\n{_laid_out(value, 1, ': ')}\n}}\n"


def _laid_out(value: dict[str, Any], depth: int, colon: str = " : ") -> str:
    edge, lines = 3 * " " * depth, []
    for name, one in value.items():
        if isinstance(one, list):
            items = f"\n{edge}}},{{\n".join(_laid_out(each, depth + 1) for each in one)
            inside = f"{{\n{items}\n{edge}}}" if one else ""
            lines.append(f'{edge}"{name}": [{inside}]')
        else:
            lines.append(f'{edge}"{name}"{colon}{json.dumps(one)}')
    return ",\n".join(lines)


# --- as a list ------------------------------------------------------------------------------------


def _listed(machine: SimulatedMachine, one: Map) -> str:
    some = one.paths[0].disk if one.paths else None
    wwid = "" if one.device.name == one.wwid else f" ({one.wwid})"
    product = f"{some.vendor},{some.model}" if some else "##,##"
    features = f"features='{one.features}' hwhandler='1 alua' wp=rw"
    lines = [
        f"{one.device.name}{wwid} {one.device.kname} {product}",
        f"size={short(one.device.size)} {features}",
    ]
    names = [(path.disk.hctl, path.disk.name, numbers_of(path.disk.name)) for path in one.paths]
    widths = [max(map(len, column)) for column in zip(*names, strict=True)]
    groups = one.groups()
    for number, group in enumerate(groups, start=1):
        prio = max(path.priority for path in group)
        corner, edge = ("`", " ") if number == len(groups) else ("|", "|")
        policy = f"policy='{one.settings.path_selector}' prio={prio}"
        lines.append(f"{corner}-+- {policy} status={_state_of(one, group)}")
        for place, path in enumerate(group, start=1):
            disk = path.disk
            columns = (disk.hctl, disk.name, numbers_of(disk.name))
            padded = (text.ljust(width) for text, width in zip(columns, widths, strict=True))
            fields = _path(machine, one, path)
            states = (fields["dm_st"], fields["chk_st"], fields["dev_st"])
            branch = "`" if place == len(group) else "|"
            lines.append(f"{edge} {branch}- {' '.join((*padded, *states))}")
    return "".join(f"{line}\n" for line in lines)


def short(size: int) -> str:
    """A size with a binary unit: one decimal below ten, none above."""
    value, unit = size / 1024, 0
    while value >= 1024 and unit < len(UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f"{value:.{1 if value < 10 else 0}f}{UNITS[unit]}"
