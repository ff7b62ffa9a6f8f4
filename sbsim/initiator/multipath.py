"""One host's multipathing: dm-multipath and its daemon, asked and told over the machine's door."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sbsim.initiator import lsblk, multipath_conf
from sbsim.initiator.errors import InitiatorError, LunsWouldMerge, ToolsDisagree
from sbsim.initiator.hctl import Hctl
from sbsim.initiator.lsblk import BlockDevice, parse_lsblk
from sbsim.initiator.multipath_map import (
    LIST_ARGV,
    MAPS_ARGV,
    ListedMap,
    MultipathMap,
    parse_list,
    parse_maps,
)
from sbsim.initiator.settle import read_disk_ids
from sbsim.machines import Clock, Machine
from sbsim.machines.clock import wait_until
from sbsim.machines.packages import DEBIAN, EL7, family_of
from sbsim.machines.server import Server

BACKUP = "/var/lib/sbsim/backup/multipath"
PACKAGES = ("multipath-tools",)
MODULES = ("dm-multipath", "dm-round-robin")
UNIT = "multipathd.service"
MAPS_LIMIT_SECONDS = 90.0
ANSWER_LIMIT_SECONDS = 30.0
_VIEW_ATTEMPTS = 3

# multipathd's answer, with status 0, where its threads have not let it answer for 4 s
# (uxsock_timeout): a path that is lost under load does that.
_BUSY = "timeout"

# What a family does beside writing multipath.conf and starting the unit. el7's mpathconf makes the
# file: it comes before ours is written, and starts nothing that would not see ours.
_PREPARE: dict[str, tuple[tuple[str, ...], ...]] = {
    DEBIAN.name: (),
    EL7.name: (("mpathconf", "--enable", "--with_multipathd", "n"),),
}


class Multipath:
    """The multipathing of one machine, whose package is installed already.

    Example: `Multipath(machine, clock).enable()`, then `.maps()`
    """

    def __init__(self, machine: Machine, clock: Clock) -> None:
        self.machine = machine
        self._clock = clock

    @property
    def running(self) -> bool:
        """Whether multipathd runs."""
        return self.machine.run("systemctl", "is-active", UNIT, check=False).ok

    # --- set up and undone ------------------------------------------------------------------

    def enable(self) -> tuple[str, ...]:
        """Have multipathd run with our settings, also after a boot; return what was changed.

        Raises LunsWouldMerge before anything is changed.
        """
        refuse_merges(self.machine.name, self._disks())
        changes = []
        running = self.running
        if self._keep(running):
            changes.append(f"kept a copy of {multipath_conf.PATH}")
            for argv in self._prepare():
                self.machine.run(*argv)
        before = self._conf() or ""
        after = multipath_conf.with_settings(before)
        if after != before:
            data = after.encode("utf-8", "surrogateescape")
            self.machine.write(multipath_conf.PATH, data, multipath_conf.MODE)
            changes.append(f"wrote the settings into {multipath_conf.PATH}")
        if not running:
            self.machine.run("modprobe", "-a", *MODULES)
            self.machine.run("systemctl", "enable", "--now", UNIT)
            changes.append("started multipathd")
        elif after != before:
            self.machine.run("multipathd", "reconfigure")
        return tuple(changes)

    def remove(self) -> tuple[str, ...]:
        """Undo `enable`; return what was changed: nothing, if `enable` was never called.

        The maps go and multipathd stops, unless it ran before. Raises CommandFailed for a map
        that is in use; the settings are then still there.
        """
        if not self._kept():
            return ()
        ran_before = self._exists(f"{BACKUP}/running")
        if not ran_before:
            self.machine.run("systemctl", "stop", UNIT, "multipathd.socket")
            self.machine.run("multipath", "-F")
        if self._exists(f"{BACKUP}/multipath.conf"):
            self.machine.run("cp", "-p", "--remove-destination", "-t", "/etc",
                             f"{BACKUP}/multipath.conf")  # fmt: skip
        else:
            self.machine.run("rm", "-f", "--", multipath_conf.PATH)
        self.machine.run("rm", "-rf", "--", BACKUP)
        if ran_before:
            self.machine.run("multipathd", "reconfigure")
            return ("put the original multipath.conf back",)
        return ("stopped multipathd and took its maps away", "put the original multipath.conf back")

    # --- maps -------------------------------------------------------------------------------

    def maps(self) -> tuple[MultipathMap, ...]:
        """Every map, by name, as multipathd, multipath -ll and the disks agree on it.

        Raises ToolsDisagree, also where a path is not of the map's own WWID.
        """
        for attempt in range(_VIEW_ATTEMPTS):
            if attempt:
                self._clock.sleep(1.0)
            maps = self.read()
            listed = parse_list(self.machine.run(*LIST_ARGV).stdout)
            ids = {one.device.hctl: one.wwid for one in read_disk_ids(self.machine)}
            found = tuple(differences(maps, listed, ids))
            if not found:
                return maps
        raise ToolsDisagree(self.machine.name, found)

    def read(self) -> tuple[MultipathMap, ...]:
        """The maps as multipathd alone tells them: the quick look.

        Raises WaitedInVain where it was too busy to answer all the time.
        """
        text = self._maps_text()
        blocks = {one.kname: one for root in self._disks() for one in root.walk()}
        hctls = {name: one.hctl for name, one in blocks.items() if one.hctl}
        return parse_maps(text, hctls, {name: one.size for name, one in blocks.items()})

    def settle(
        self, paths: Mapping[str, int], limit_seconds: float = MAPS_LIMIT_SECONDS
    ) -> tuple[MultipathMap, ...]:
        """Wait until every WWID in `paths` has a map with that many usable paths; return the maps.

        Raises WaitedInVain.
        """

        def ready() -> tuple[MultipathMap, ...]:
            maps = self.read()
            usable = {one.wwid: sum(path.usable for path in one.paths) for one in maps}
            return maps if all(usable.get(wwid) == many for wwid, many in paths.items()) else ()

        if not paths:
            return self.read()
        what = f"{self.machine.name}'s maps of {', '.join(sorted(paths))} with all of their paths"
        return wait_until(self._clock, ready, limit_seconds, what, every_seconds=1.0)

    def flush(self, name: str) -> None:
        """Take a map away. Raises CommandFailed while it is in use."""
        self.machine.run("multipath", "-f", name)

    def resize(self, name: str) -> None:
        """Give a map the size that its paths have now; rescan these first. InitiatorError."""
        self._told("resize", "map", name)

    def _told(self, *words: str) -> None:
        # The answer counts: fail came with status 0 before it came with 1 (0.9.4).
        said = self.machine.run("multipathd", *words, check=False).stdout.strip()
        if said != "ok":
            text = f"`multipathd {' '.join(words)}` said {said!r}, expected 'ok'; see its journal"
            raise InitiatorError(self.machine.name, text)

    # --- below ------------------------------------------------------------------------------

    def _maps_text(self) -> str:
        def answered() -> tuple[str, ...]:
            text = self.machine.run(*MAPS_ARGV).stdout
            return () if text.strip() == _BUSY else (text,)

        what = f"{self.machine.name}'s multipathd to answer; it says {_BUSY!r}"
        return wait_until(self._clock, answered, ANSWER_LIMIT_SECONDS, what, every_seconds=1.0)[0]

    def _disks(self) -> tuple[BlockDevice, ...]:
        return parse_lsblk(self.machine.run(*lsblk.ARGV).stdout)

    def _prepare(self) -> tuple[tuple[str, ...], ...]:
        family = family_of(Server(self.machine).os_release)
        return _PREPARE[family.name] if family else ()

    def _conf(self) -> str | None:
        try:
            return self.machine.read(multipath_conf.PATH).decode("utf-8", "surrogateescape")
        except FileNotFoundError:
            return None

    def _exists(self, path: str) -> bool:
        return self.machine.run("test", "-e", path, check=False).ok

    def _kept(self) -> bool:
        return self._exists(BACKUP)

    def _keep(self, running: bool) -> bool:
        """Keep what was there before us; the folder appears in one step, as that of `backup`."""
        if self._kept():
            return False
        aside = f"{BACKUP}.new"
        self.machine.run("mkdir", "-p", "-m", "0700", aside)
        if self._conf() is not None:
            self.machine.run("cp", "-p", "-t", aside, multipath_conf.PATH)
        if running:
            self.machine.run("touch", f"{aside}/running")
        self.machine.run("mv", "-T", aside, BACKUP)
        return True


def differences(
    maps: Iterable[MultipathMap], listed: Iterable[ListedMap], ids: Mapping[Hctl, str | None]
) -> Iterator[str]:
    """Yield every fact on which multipathd, multipath -ll and the disks' own ids disagree."""
    second = {one.name: one for one in listed}
    maps = tuple(maps)
    for name in sorted({one.name for one in maps} ^ set(second)):
        yield f"only one of multipathd and multipath -ll shows the map {name}"
    for one in maps:
        other = second.get(one.name)
        if other and (one.wwid, one.device) != (other.wwid, other.device):
            yield f"multipath -ll shows {other.wwid} {other.device} for the map {one.name}"
        if other and {path.device for path in one.paths} != {path.device for path in other.paths}:
            yield f"multipathd and multipath -ll show different paths of the map {one.name}"
        for path in one.paths:
            wwid = ids.get(path.hctl) if path.hctl else None
            if wwid is not None and wwid != one.wwid:
                yield f"the path {path.device} of the map {one.name} has the WWID {wwid}"


def refuse_merges(host: str, disks: Iterable[BlockDevice]) -> None:
    """Refuse disks that multipath would take for one LUN though they are several.

    Paths of one WWN must agree on serial, size and model. Raises LunsWouldMerge: two LUNs in one
    map would be written over one another.
    """
    by_wwn: dict[str, dict[tuple[str | None, int, str | None], list[str]]] = {}
    for one in disks:
        if one.hctl and one.wwn and one.type == "disk":
            lun = (one.serial, one.size, one.model)
            by_wwn.setdefault(one.wwn, {}).setdefault(lun, []).append(f"{one.path} [{one.hctl}]")
    for wwn, luns in by_wwn.items():
        if len(luns) > 1:
            told = (
                f"{', '.join(paths)}: serial {serial}, {size} bytes, {model}"
                for (serial, size, model), paths in luns.items()
            )
            raise LunsWouldMerge(host, wwn, tuple(told))
