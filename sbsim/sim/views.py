"""What a simulated kernel shows of itself as files: sysfs and procfs, computed when looked at."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sbsim.sim.files import Unchangeable, refuse
from sbsim.sim.lio.places import BlockDevice
from sbsim.sim.san import fc_views
from sbsim.sim.san.initiator import LOGGED_IN, Session
from sbsim.sim.san.scsi import Disk
from sbsim.sim.view import View, line_of

if TYPE_CHECKING:
    from sbsim.sim.machine import SimulatedMachine

NULL = "(null)"
UINT_MAX = 2**32 - 1


class Views(Unchangeable):
    """A tree of views below a mount, by their paths there; serves as a `Tree`.

    A path that ends with a slash is a folder that may be empty. `links` are folders that are links
    too: where they lead, as `readlink` tells it.
    """

    def __init__(
        self,
        mount: str,
        views: Callable[[], Iterator[tuple[str, View]]],
        links: Callable[[], Iterator[tuple[str, str]]] = lambda: iter(()),
    ) -> None:
        self._mount = mount
        self._views = views
        self._links = links

    def read(self, path: str) -> str:
        """What a file shows."""
        shows = self._view(path).shows
        return shows() if shows else refuse(errno.EACCES, path)

    def write(self, path: str, text: str) -> None:
        """Give a file a text."""
        takes = self._view(path).takes
        if takes is None:
            refuse(errno.EACCES, path)
        takes(text)

    def ls(self, path: str) -> list[str]:
        """The names in a folder."""
        place = self._place(path)
        below = [one for one, _ in self._views() if not place or one.startswith(f"{place}/")]
        if place and not below:
            refuse(errno.ENOENT, path)
        depth = place.count("/") + 1 if place else 0
        return [name for name in dict.fromkeys(one.split("/")[depth] for one in below) if name]

    def stat(self, path: str) -> list[str]:
        """What it is, and its permissions in octal."""
        place = self._place(path)
        if not place:
            return ["dir", "0o755"]
        if any(one == place for one, _ in self._links()):
            return ["link", "0o777"]
        for one, view in self._views():
            if one == place:
                mode = 0o444 * bool(view.shows) | 0o200 * bool(view.takes)
                return ["file", oct(mode)]
            if one.startswith(f"{place}/"):
                return ["dir", "0o755"]
        return refuse(errno.ENOENT, path)

    def readlink(self, path: str) -> str:
        """Where a link leads."""
        place = self._place(path)
        found = dict(self._links()).get(place)
        if found is None:
            self.stat(path)
            refuse(errno.EINVAL, path)
        return found

    def realpath(self, path: str) -> str:
        """Links here are folders as well: the path stays as it is."""
        return path

    def _place(self, path: str) -> str:
        return path.removeprefix(self._mount).strip("/")

    def _view(self, path: str) -> View:
        place = self._place(path)
        for one, view in self._views():
            if one == place:
                return view
            if one.startswith(f"{place}/"):
                refuse(errno.EISDIR, path)
        return refuse(errno.ENOENT, path)


# --- sysfs ----------------------------------------------------------------------------------------


def sys_of(machine: SimulatedMachine) -> Views:
    """A machine's /sys."""

    def views() -> Iterator[tuple[str, View]]:
        most = min(machine.scsi.max_lun, UINT_MAX)
        yield "module/iscsi_tcp/parameters/max_lun", View(line_of(str(most)))
        for session in machine.initiator.sessions:
            yield from _session(machine, session)
        hosts = {one.host for one in machine.initiator.sessions}
        hosts |= set(range(machine.about.own_scsi_hosts))
        for host in sorted(hosts | {port.host for port in machine.fc.ports}):
            yield f"class/scsi_host/host{host}/scan", View(takes=_scan(machine, host))
        if machine.fc.loaded or (machine.array and machine.array.has_fc):
            yield from ((folder, View()) for folder in fc_views.FOLDERS)
        if machine.fc.loaded:
            yield from fc_views.views(machine.fc)
        for disk in machine.scsi.disks:
            yield from _disk(machine, disk)
        for mapped in machine.mapper.devices:
            yield f"block/{mapped.kname}/dm/name", View(line_of(mapped.name))
            yield f"block/{mapped.kname}/dm/uuid", View(line_of(mapped.uuid))
        for device in machine.files.devices():
            yield f"block/{device.name}/cache_type", _cache_of(device)

    def links() -> Iterator[tuple[str, str]]:
        for one in machine.initiator.sessions:
            place = f"../../devices/platform/host{one.host}/session{one.id}"
            yield f"class/iscsi_session/session{one.id}", f"{place}/iscsi_session/session{one.id}"
        yield from fc_views.links(machine.fc)

    return Views("/sys", views, links)


def _session(machine: SimulatedMachine, session: Session) -> Iterator[tuple[str, View]]:
    folder = f"class/iscsi_session/session{session.id}"

    def state() -> str:
        return machine.initiator.state(session)

    texts: dict[str, str | None] = {
        "targetname": session.iqn,
        "initiatorname": session.initiator,
        "username": session.chap.user,
        "password": session.chap.password,
        "username_in": session.chap.mutual_user,
        "password_in": session.chap.mutual_password,
        "ifacename": session.iface,
    }
    yield f"{folder}/state", View(lambda: f"{state()}\n")
    yield f"{folder}/recovery_tmo", _recovery_of(session)
    for name, value in texts.items():
        yield f"{folder}/{name}", View(lambda value=value: f"{value or NULL}\n")  # type: ignore[misc]
    connection = f"class/iscsi_connection/connection{session.id}:0"
    yield f"{connection}/state", View(lambda: "up\n" if state() == LOGGED_IN else "failed\n")


def _recovery_of(session: Session) -> View:
    """How long its I/O waits once it is broken; a session that is broken takes no other time."""

    def takes(text: str) -> None:
        if session.broken_since is not None:
            refuse(errno.EBUSY, "recovery_tmo")
        if not text.strip().isdigit():
            refuse(errno.EINVAL, "recovery_tmo")
        session.timers = replace(session.timers, recovery=float(text))

    return View(lambda: f"{session.timers.recovery:.0f}\n", takes)


def _disk(machine: SimulatedMachine, disk: Disk) -> Iterator[tuple[str, View]]:
    device = f"class/scsi_device/{disk.hctl}/device"
    yield f"{device}/wwid", View(lambda: f"{disk.designator.shown}\n")
    yield f"{device}/vpd_pg83", View(lambda: disk.designator.page.decode("latin-1"))
    yield f"{device}/delete", View(takes=lambda _: machine.scsi.forget(disk))
    yield f"{device}/rescan", View(takes=lambda _: disk.look())
    cache = "write back" if disk.write_cache else "write through"
    yield f"class/scsi_disk/{disk.hctl}/cache_type", View(lambda: f"{cache}\n")


def _cache_of(device: BlockDevice) -> View:
    def takes(text: str) -> None:
        if text.strip() not in ("write back", "write through"):
            refuse(errno.EINVAL, device.name)
        device.write_cache = text.strip() == "write back"

    return View(lambda: f"write {'back' if device.write_cache else 'through'}\n", takes)


def _scan(machine: SimulatedMachine, host: int) -> Callable[[str], None]:
    def scan(_text: str) -> None:
        for nexus in list(machine.scsi.all()):
            if nexus.host == host:
                machine.scsi.scan(nexus)

    return scan


# --- procfs ---------------------------------------------------------------------------------------

# As much as tells that no cluster file system is among them.
MODULES = "".join(f"{name} 16384 0 - Live 0x0000000000000000\n" for name in ("dm_mod", "iscsi_tcp"))
SYSCTLS = ("net/ipv4/icmp_echo_ignore_all", "net/ipv6/icmp/echo_ignore_all")


def proc_of(machine: SimulatedMachine) -> Views:
    """A machine's /proc."""

    def views() -> Iterator[tuple[str, View]]:
        yield "modules", View(lambda: MODULES)
        for name in SYSCTLS:
            yield f"sys/{name}", _sysctl(machine, name)

    return Views("/proc", views)


def _sysctl(machine: Any, name: str) -> View:
    def takes(text: str) -> None:
        machine.sysctls[name] = text.strip()

    return View(lambda: f"{machine.sysctls.get(name, '0')}\n", takes)
