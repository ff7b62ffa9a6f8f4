"""LVM's reports: vgs, pvs, lvs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from sbsim.sim.lvm.group import LogicalVolume, VolumeGroup
from sbsim.sim.lvm.scan import Found, Scan, scan
from sbsim.sim.machine import Call, Output, SimulatedMachine, tool
from sbsim.sim.options import Options, read

FAILED = 5
REPORT_SECONDS = 0.2
# How LVM names a logical volume's device: its hyphens are doubled, one stands between the names.
LOCK_VOLUME_ROLE, ROLE = "private,lockd,sanlock", "public"

Row = dict[str, Callable[[], object]]


def dm_name(group: str, volume: str) -> str:
    """The device mapper's name of a logical volume."""
    return f"{group.replace('-', '--')}-{volume.replace('-', '--')}"


def _asked(call: Call) -> tuple[Options, list[str]]:
    """The call's options, and the fields that are asked for."""
    options = read(
        call,
        flags=("--nolocking", "--nosuffix", "-a"),
        values=("--reportformat", "--units", "-o"),
    )
    form = (options.values.get("--reportformat"), options.values.get("--units"))
    if form != ("json", "b") or "--nosuffix" not in options or "-o" not in options:
        raise call.unknown("report but as JSON, in bytes without a unit, with its fields named")
    return options, options.values["-o"].split(",")


def _report(call: Call, kind: str, rows: Iterable[Row], seen: Scan, wrong: str = "") -> Output:
    """Rows as LVM lays its JSON out; warnings go to the other output."""
    _, fields = _asked(call)
    lines = []
    for row in rows:
        for name in fields:
            if name not in row:
                raise call.unknown(f"field {name} of {call.argv[0]}")
        shown = (f"{json.dumps(name)}:{json.dumps(str(row[name]()))}" for name in fields)
        lines.append(f"                  {{{', '.join(shown)}}}")
    inside = "".join(f"\n{line}" for line in [",\n".join(lines)] if line)
    text = (
        '  {\n      "report": [\n          {\n'
        f'              "{kind}": [{inside}\n              ]\n'
        "          }\n      ]\n  }\n"
    )
    warnings = "".join(f"  {line}\n" for line in seen.warnings)
    return Output(text, warnings + wrong, FAILED if wrong else 0, REPORT_SECONDS)


@tool("vgs")
def vgs(call: Call) -> Output:
    """Volume groups, by name."""
    options, _ = _asked(call)
    seen = scan(call.machine)
    wanted, wrong = _groups(seen, options.rest)
    return _report(call, "vg", map(_group_row, wanted), seen, wrong)


@tool("pvs")
def pvs(call: Call) -> Output:
    """Physical volumes, by the device's name; those that a group misses too."""
    options, _ = _asked(call)
    machine = call.machine
    seen = scan(machine)
    rows = [_pv_row(seen, one) for one in seen.pvs]
    if options.rest:
        named = [_found(machine, seen, path) for path in options.rest]
        rows = [_pv_row(seen, one) for one in named if one]
        wrong = "".join(
            f'  Failed to find physical volume "{path}".\n'
            for path, one in zip(options.rest, named, strict=True)
            if one is None
        )
        return _report(call, "pv", rows, seen, wrong)
    for group in seen.groups.values():
        rows += [_lost_row(group, pv.name) for pv in group.pvs if seen.on(pv) is None]
    return _report(call, "pv", rows, seen)


@tool("lvs")
def lvs(call: Call) -> Output:
    """Logical volumes, by name; with -a those that are hidden too, in brackets."""
    options, _ = _asked(call)
    seen = scan(call.machine)
    wanted, wrong = _groups(seen, options.rest)
    rows = [
        _lv_row(call.machine, group, lv)
        for group in wanted
        for lv in sorted(group.lvs, key=lambda one: one.name)
        if lv.visible or "-a" in options
    ]
    return _report(call, "lv", rows, seen, wrong)


def _groups(seen: Scan, names: tuple[str, ...]) -> tuple[list[VolumeGroup], str]:
    """The groups that are asked for, and what is to be said of those that are not there."""
    wanted = [seen.groups[name] for name in names or sorted(seen.groups) if name in seen.groups]
    unknown = [name for name in names if name not in seen.groups]
    return wanted, "".join(
        f'  Volume group "{name}" not found\n  Cannot process volume group {name}\n'
        for name in unknown
    )


def _found(machine: SimulatedMachine, seen: Scan, path: str) -> Found | None:
    mapped = machine.mapper.at(path)
    real = mapped.path if mapped else path
    return next((one for one in seen.pvs if one.device.path == real), None)


# --- rows -----------------------------------------------------------------------------------------


def _group_row(group: VolumeGroup) -> Row:
    return {
        "vg_name": lambda: group.name,
        "vg_uuid": lambda: group.uuid,
        "vg_size": lambda: group.size,
        "vg_free": lambda: group.free,
        "vg_extent_size": lambda: group.extent,
        "vg_seqno": lambda: group.seqno,
        "vg_tags": lambda: ",".join(sorted(group.tags)),
        "vg_lock_type": lambda: "" if group.lock_type == "none" else group.lock_type,
    }


def _pv_row(seen: Scan, one: Found) -> Row:
    group = seen.groups.get(one.group)
    pv = next((pv for pv in group.pvs if pv.uuid == one.uuid), None) if group else None
    whole = one.label.size
    return {
        "pv_name": lambda: one.device.path,
        "pv_uuid": lambda: one.uuid,
        "vg_name": lambda: one.group,
        "dev_size": lambda: one.device.size,
        "pv_size": lambda: pv.extents * group.extent if pv and group else whole,
        "pv_free": lambda: group.free_on(pv.name) if pv and group else whole,
        "pv_missing": lambda: "missing" if pv and pv.missing else "",
    }


def _lost_row(group: VolumeGroup, name: str) -> Row:
    pv = group.pv(name)
    return {
        "pv_name": lambda: "[unknown]",
        "pv_uuid": lambda: pv.uuid,
        "vg_name": lambda: group.name,
        "dev_size": lambda: 0,
        "pv_size": lambda: pv.extents * group.extent,
        "pv_free": lambda: group.free_on(name),
        "pv_missing": lambda: "missing",
    }


def _lv_row(machine: SimulatedMachine, group: VolumeGroup, lv: LogicalVolume) -> Row:
    active = machine.mapper.at(f"/dev/mapper/{dm_name(group.name, lv.name)}") is not None
    return {
        "lv_name": lambda: lv.name if lv.visible else f"[{lv.name}]",
        "lv_uuid": lambda: lv.uuid,
        "vg_name": lambda: group.name,
        "lv_size": lambda: lv.extents * group.extent,
        "lv_tags": lambda: ",".join(sorted(lv.tags)),
        "lv_active": lambda: "active" if active else "",
        "lv_role": lambda: ROLE if lv.visible else LOCK_VOLUME_ROLE,
    }
