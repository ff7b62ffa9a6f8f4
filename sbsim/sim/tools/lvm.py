"""LVM's commands, and lvmlockd's and sanlock's own."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable
from dataclasses import replace

from sbsim.sim.lvm.group import LogicalVolume, VolumeGroup
from sbsim.sim.lvm.host import EXTENT, HostLvm, Refused, dm_name
from sbsim.sim.lvm.lockd import GLOBAL_LOCK, GROUP_LOCK, Mode, space_of
from sbsim.sim.lvm.scan import Found, Scan, scan, unusable
from sbsim.sim.machine import Call, Output, SimulatedMachine, tool
from sbsim.sim.options import Options, read
from sbsim.sim.releases import text
from sbsim.sim.san.block_io import HostDevice
from sbsim.sim.sanlock.daemon import LockSpace

FAILED = 5
REPORT_SECONDS, CHANGE_SECONDS = 0.2, 0.3
LOCK_VOLUME_ROLE, ROLE = "private,lockd,sanlock", "public"

Row = dict[str, Callable[[], object]]


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
            f"  {_no_volume(machine, path)}\n"
            for path, one in zip(options.rest, named, strict=True)
            if one is None
        )
        return _report(call, "pv", rows, seen, wrong)
    for group in seen.groups.values():
        rows += [_lost_row(group, pv.name) for pv in group.pvs if seen.on(pv) is None]
    return _report(call, "pv", rows, seen)


def _no_volume(machine: SimulatedMachine, path: str) -> str:
    """Why a path leads to no physical volume."""
    device = machine.block.at(path)
    told = unusable(machine, HostDevice(machine, device.path, device), path) if device else ""
    return told or f'Failed to find physical volume "{device.path if device else path}".'


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
    device = machine.block.at(path)
    return next((one for one in seen.pvs if one.device.device is device), None)


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
        "pv_name": lambda: one.name,
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


@tool("lvmconfig")
def lvmconfig(call: Call) -> Output:
    """Every setting with its default; in a comment, where none has to be set."""
    options = read(call, values=("--type",))
    if options.values.get("--type") != "default":
        raise call.unknown("use of lvmconfig but --type default")
    return Output(text(call.machine.release, "lvm-defaults.conf"), seconds=REPORT_SECONDS)


# --- changes --------------------------------------------------------------------------------------


def _changed(call: Call, change: Callable[[HostLvm], str]) -> Output:
    """Do something; what LVM says of it, or why it refuses."""
    try:
        said = change(HostLvm(call.machine, " ".join(call.argv)))
    except Refused as error:
        # A question is written as it is asked.
        lines = (line if line.endswith("[n]") else f"  {line}" for line in error.lines)
        return Output(stderr="".join(f"{line}\n" for line in lines), status=FAILED)
    return Output(said, seconds=CHANGE_SECONDS)


def _every(call: Call, name: str) -> tuple[str, ...]:
    """The values of an option that is given several times."""
    return tuple(
        call.words[place + 1] for place, word in enumerate(call.words[:-1]) if word == name
    )


def _area(options: Options) -> int | None:
    """The bytes of a disk's metadata area that are asked for; None: LVM's own."""
    size = options.values.get("--metadatasize")
    return bytes_of(size) if size else None


@tool("vgcreate")
def vgcreate(call: Call) -> Output:
    """Make a shared volume group; or one of this host alone, where its settings allow that."""
    options = read(
        call, flags=("-qq", "--shared"), values=("--addtag", "--metadatasize", "--config")
    )
    name, *paths = options.rest
    if "--shared" not in options:
        if "use_lvmlockd=0" not in options.values.get("--config", ""):
            raise call.unknown("use of vgcreate without --shared, and with lvmlockd")

        def make_own(lvm: HostLvm) -> str:
            lvm.make_own_group(name, tuple(paths))
            made = "".join(f'  Physical volume "{one}" successfully created.\n' for one in paths)
            return f'{made}  Volume group "{name}" successfully created\n'

        return _changed(call, make_own)
    area = _area(options)

    def change(lvm: HostLvm) -> str:
        lvm.make_group(name, tuple(paths), _every(call, "--addtag"), area)
        return "" if "-qq" in options else f'  Volume group "{name}" successfully created\n'

    return _changed(call, change)


@tool("vgchange")
def vgchange(call: Call) -> Output:
    """Tag a group, start and stop its locking, or deactivate its volumes."""
    options = read(
        call,
        flags=("--lock-start", "--lock-stop"),
        values=("--addtag", "--deltag", "--activate"),
    )
    if options.values.get("--activate", "n") != "n":
        raise call.unknown("use of vgchange but to deactivate")
    (name,) = options.rest

    def change(lvm: HostLvm) -> str:
        if "--lock-start" in options:
            lvm.start_locking(name)
            return (
                f"  VG {name} starting sanlock lockspace\n"
                "  Starting locking.  Waiting for sanlock may take 20 sec to 3 min...\n"
            )
        if "--lock-stop" in options:
            lvm.stop_locking(name)
            return ""
        if "--activate" in options:
            lvm.deactivate_all(name)
            return f'  0 logical volume(s) in volume group "{name}" now active\n'
        lvm.retag(name, _every(call, "--deltag"), _every(call, "--addtag"))
        return f'  Volume group "{name}" successfully changed\n'

    lockd = call.machine.lock_daemons.lockd
    first = "--lock-start" in options and lockd is not None and not lockd.groups
    done = _changed(call, change)
    if first and not done.status:  # the global lock would lie in a lock space
        told = "  Skipping global lock: lockspace not found or started\n"
        return replace(done, stderr=told + done.stderr)
    return done


@tool("vgextend")
def vgextend(call: Call) -> Output:
    """Add a disk to a group."""
    options = read(call, flags=("-qq",), values=("--metadatasize",))
    name, path = options.rest
    area = _area(options)

    def change(lvm: HostLvm) -> str:
        lvm.extend_group(name, path, area)
        return "" if "-qq" in options else f'  Volume group "{name}" successfully extended\n'

    return _changed(call, change)


@tool("pvresize")
def pvresize(call: Call) -> Output:
    """Give groups all of disks that have grown."""
    options = read(call)

    def change(lvm: HostLvm) -> str:
        changed = [path for path in options.rest if lvm.grow_disk(path)]
        same = len(options.rest) - len(changed)
        lines = "".join(f'  Physical volume "{path}" changed\n' for path in changed)
        return (
            f"{lines}  {len(changed)} physical volume(s) resized or updated / "
            f"{same} physical volume(s) not resized\n"
        )

    return _changed(call, change)


@tool("lvcreate")
def lvcreate(call: Call) -> Output:
    """Make a volume that is active on this host."""
    options = read(
        call,
        flags=("--quiet", "--yes"),
        values=("--activate", "--wipesignatures", "--addtag", "--size", "--name"),
    )
    if options.values.get("--activate", "ey") != "ey":
        raise call.unknown("use of lvcreate but with exclusive activation")
    (group,) = options.rest
    name, size = options.values["--name"], bytes_of(options.values["--size"])

    def change(lvm: HostLvm) -> str:
        lvm.make_volume(group, name, size, _every(call, "--addtag"))
        return f'  Logical volume "{name}" created.\n'

    return _changed(call, change)


@tool("lvremove")
def lvremove(call: Call) -> Output:
    """Remove volumes."""
    options = read(call, flags=("--quiet", "--yes"))

    def change(lvm: HostLvm) -> str:
        for path in options.rest:
            lvm.remove_volume(*path.split("/"))
        names = (path.rpartition("/")[2] for path in options.rest)
        return "".join(f'  Logical volume "{name}" successfully removed.\n' for name in names)

    return _changed(call, change)


@tool("lvextend")
def lvextend(call: Call) -> Output:
    """Make a volume larger."""
    options = read(call, flags=("--quiet", "--yes"), values=("--size",))
    (path,) = options.rest

    def change(lvm: HostLvm) -> str:
        group, name = path.split("/")
        before, after = lvm.extend_volume(group, name, bytes_of(options.values["--size"]))
        sizes = [f"{shown(count * EXTENT)} ({count} extents)" for count in (before, after)]
        return (
            f"  Size of logical volume {path} changed from {sizes[0]} to {sizes[1]}.\n"
            f"  Logical volume {path} successfully resized.\n"
        )

    return _changed(call, change)


@tool("lvchange")
def lvchange(call: Call) -> Output:
    """Activate volumes, exclusively or shared, or deactivate them."""
    options = read(call, flags=("--quiet",), values=("--activate",))
    modes: dict[str, Mode | None] = {"ey": "ex", "sy": "sh", "n": None}
    asked = options.values.get("--activate", "")
    if asked not in modes:
        raise call.unknown(f"use of lvchange: --activate {asked}")

    def change(lvm: HostLvm) -> str:
        for path in options.rest:
            group, name = path.split("/")
            lvm.activate(group, name, modes[asked])
        return ""

    return _changed(call, change)


def shown(size: int) -> str:
    """A size as LVM writes it for people; "<" where it was rounded up."""
    units = [(2**10, "KiB"), (2**20, "MiB"), (2**30, "GiB"), (2**40, "TiB")]
    unit, name = next(one for one in reversed(units) if size >= one[0] or one is units[0])
    text = f"{size / unit:.2f}"
    return f"{'<' if float(text) * unit > size else ''}{text} {name}"


def bytes_of(text: str) -> int:
    """A size as it is given to LVM: bytes or MiB."""
    units = {"b": 1, "m": 2**20, "g": 2**30}
    return int(text[:-1]) * units[text[-1]]


@tool("lvmlockctl")
def lvmlockctl(call: Call) -> Output:
    """Tell of the lock spaces and locks that lvmlockd has, or enable a global lock."""
    options = read(call, flags=("--info",), values=("--gl-enable",))
    daemons = call.machine.lock_daemons
    if daemons.lockd is None:
        return Output(stderr="Cannot connect to lvmlockd\n", status=1)
    if "--gl-enable" in options:
        return _changed(call, functools.partial(_enable, options.values["--gl-enable"]))
    if "--info" not in options:
        raise call.unknown("use of lvmlockctl but --info and --gl-enable")
    seen = scan(call.machine)
    lines = []
    for name, locks in daemons.lockd.groups.items():
        group = seen.groups.get(name)
        lines += [f"VG {name} lock_type=sanlock {group.uuid if group else ''}",
                  f"LS sanlock {space_of(name)}"]  # fmt: skip
        lines.append(f"LK VG {locks.held.get(GROUP_LOCK, 'un')} ver {locks.version}")
        if locks.global_version is not None:
            mode = locks.held.get(GLOBAL_LOCK, "un")
            lines.append(f"LK GL {mode} ver {locks.global_version}")
        lines += [f"LK LV {locks.held.get(lv, 'un')} {lv}" for lv in locks.asked]
    return Output("".join(f"{line}\n" for line in lines))


def _enable(group: str, lvm: HostLvm) -> str:
    lvm.enable_global_lock(group)
    return ""


@tool("sanlock")
def sanlock(call: Call) -> Output:
    """Tell of the lock spaces that sanlock is in, or of how the daemon itself is set."""
    daemon = call.machine.lock_daemons.sanlock
    if call.words == ("client", "gets"):
        if daemon is None:
            return Output("gets error -2\n", status=1)
        return Output("".join(f"{_space_line(one)} \n" for one in daemon.spaces.values()))
    if call.argv[1:] != ("client", "status", "-D"):
        raise call.unknown("use of sanlock but client gets, client status -D")
    if daemon is None:
        return Output(status=1)
    lines = [*_daemon_lines(call.machine, daemon.host)]
    for one in daemon.spaces.values():
        lines += [_space_line(one), "    list=spaces", f"    space_id={one.host_id}",
                  f"    io_timeout={one.io_timeout}",
                  f"    host_generation={one.leader.generation}"]  # fmt: skip
    return Output("".join(f"{line}\n" for line in lines))


def _space_line(space: LockSpace) -> str:
    path = getattr(space.storage, "path", "")
    return f"s {space.name}:{space.host_id}:{path}:{space.offset}"


def _daemon_lines(machine: SimulatedMachine, name: str) -> Iterable[str]:
    """The daemon's settings; what its file says of a key that it does not know changes nothing."""
    shown = text(machine.release, "sanlock-status.txt")
    now = int(machine.clock.now())
    for line in shown.format(name=name, now=now).splitlines():
        key = line.strip().partition("=")[0]
        value = machine.lock_daemons.settings.get(key)
        yield f"    {key}={value}" if value else line
