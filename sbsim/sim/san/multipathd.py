"""A host's multipathd: which disks are paths of one LUN, and which of them I/O can take.

It looks whenever it is asked, or its devices are: what has happened meanwhile is then made up for.
Maps stay when it stops; only it makes, changes and mends them.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from sbsim.sim.device_mapper import MappedDevice
from sbsim.sim.errors import NotSimulated
from sbsim.sim.lio.alua import PortGroups
from sbsim.sim.lio.fabric import Mapped
from sbsim.sim.san.array import device_of
from sbsim.sim.san.multipath_conf import PATH, Conf, Settings, UnknownKeyword, read_conf
from sbsim.sim.san.nexus import GIVEN_UP
from sbsim.sim.san.scsi import Disk

UNIT = "multipathd.service"
HERE = "sbsim/sim/san/multipathd.py"
WWIDS = "/etc/multipath/wwids"
WWIDS_HEAD = "# Multipath wwids, Version : 1.0\n"
# multipath-tools' priorities of ALUA's states: optimized, not optimized, standby.
PRIORITIES = {0: 50, 1: 10, 2: 1}
# multipathd's own interval, at first; and what loads a map that nobody has used yet.
CHECK_SECONDS, LOADS_UNTIL_USED = 5.0, 2
MULTIBUS, FAILOVER, BY_PRIORITY = "multibus", "failover", "group_by_prio"


@dataclass
class Path:
    """A disk in a map. `alive`: whether I/O can take it; `priority`: as it was seen last."""

    disk: Disk
    alive: bool = True
    priority: int = 0


@dataclass
class Map:
    """A LUN by all of its paths. `loads` and `faults` count table loads and lost paths.

    `made`: when it was; the next time that its paths are checked its table is loaded again.
    """

    wwid: str
    settings: Settings
    device: MappedDevice
    paths: list[Path] = field(default_factory=list)
    made: float = 0.0
    loads: int = 0
    faults: int = 0
    _turn: int = 0

    @property
    def is_fresh(self) -> bool:
        """Whether its table is as it was made: no group of its paths has been taken yet."""
        return self.loads < LOADS_UNTIL_USED

    @property
    def queues(self) -> bool:
        """Whether I/O waits while there is no path."""
        return "queue_if_no_path" in self.features

    @property
    def features(self) -> str:
        """As the kernel has them: what is done without a path counts over what else is set."""
        kept = self.settings.no_path_retry
        if kept in ("", "fail"):
            return self.settings.features if not kept else "0"
        return "1 queue_if_no_path"

    def groups(self) -> list[list[Path]]:
        """Its paths as its policy groups them, the group that I/O takes first."""
        policy = self.settings.path_grouping_policy
        if policy == MULTIBUS:
            return [self.paths] if self.paths else []
        if policy == FAILOVER:
            return [[one] for one in self.paths]
        assert policy == BY_PRIORITY, policy
        by_priority = defaultdict(list)
        for one in self.paths:
            by_priority[one.priority].append(one)
        return [by_priority[one] for one in sorted(by_priority, reverse=True)]

    def next_path(self) -> Path | None:
        """The path that I/O takes now: those of the first usable group take turns."""
        for group in self.groups():
            if usable := [one for one in group if one.alive]:
                self._turn += 1
                self.loads = max(self.loads, LOADS_UNTIL_USED)
                return usable[self._turn % len(usable)]
        return None

    def lost(self, path: Path) -> None:
        """I/O failed on a path: the kernel uses it no more."""
        self.faults += path.alive
        path.alive = False

    def load(self) -> None:
        """Give the kernel the map's table anew: its paths are those that are listed."""
        self.device.over = [one.disk for one in self.paths]
        self.loads += 1


def priority_of(mapped: Mapped) -> int:
    """A path's priority, from the ALUA state of the port that it takes."""
    device = device_of(mapped)
    if device is None or mapped.lun is None:
        return 0
    group = device.part("alua", PortGroups).members[mapped.lun]
    return PRIORITIES.get(int(group.value("alua_access_state")), 0)


class Multipathd:
    """The multipathd of one machine, and the maps in its kernel."""

    def __init__(self, machine: Any) -> None:
        self._machine = machine
        self._conf: Conf | None = None
        self._maps: dict[str, Map] = {}
        # Paths of maps that were taken away while they were there.
        self._looked = -1
        self._let_go: dict[str, list[Disk]] = {}

    @property
    def running(self) -> bool:
        """Whether it runs."""
        return self._conf is not None

    @property
    def maps(self) -> list[Map]:
        """Every map, in the order in which they were made."""
        self.look()
        return list(self._maps.values())

    def map_on(self, device: MappedDevice) -> Map:
        """The map that a device is."""
        return next(one for one in self._maps.values() if one.device is device)

    # --- the daemon ---------------------------------------------------------------------------

    def start(self) -> None:
        """Read the configuration, and take up the maps that there are."""
        self._read()
        self._let_go.clear()
        self._looked = -1
        self.look()

    def stop(self) -> None:
        """End; the maps stay as they are, while the machine is on."""
        self._conf = None
        if not self._machine.on:
            self._maps.clear()

    def reconfigure(self) -> None:
        """Read the configuration again; every map is loaded by it."""
        conf = self._read()
        self._let_go.clear()
        for one in self._maps.values():
            disk = one.paths[0].disk
            one.settings = conf.settings(one.wwid, disk.vendor, disk.model)
            self._load(one)
        self._looked = -1
        self.look()

    def look(self) -> None:
        """See what came, went, broke and mended since the last look."""
        happened = self._machine.clock.happenings
        if self._conf is None or self._looked == happened:
            return
        self._looked = happened
        found: dict[str, list[Disk]] = defaultdict(list)
        for disk in self._machine.scsi.disks:
            if not self._conf.is_blacklisted(disk.name, disk.wwid, disk.vendor, disk.model):
                found[disk.wwid].append(disk)
        for wwid, disks in found.items():
            self._add(self._conf, wwid, disks)
        for one in list(self._maps.values()):
            self._update(one, found.get(one.wwid, []))

    # --- what it is told ----------------------------------------------------------------------

    def flush(self, one: Map) -> bool:
        """Take a map away with its partitions' maps; False while anything else lies on it.

        It is made anew once the daemon starts, reads its configuration, or sees another path.
        """
        mapper = self._machine.mapper
        parts = mapper.on(one.device)
        if any(part.kind != "part" or mapper.on(part) for part in parts):
            return False
        for part in parts:
            mapper.remove(part)
        mapper.remove(one.device)
        del self._maps[one.wwid]
        self._let_go[one.wwid] = [path.disk for path in one.paths]
        return True

    def resize(self, one: Map) -> bool:
        """Give a map its paths' size; False where they differ."""
        sizes = {path.disk.size for path in one.paths}
        if len(sizes) != 1:
            return False
        (one.device.size,) = sizes
        one.load()
        return True

    # --- below --------------------------------------------------------------------------------

    def _read(self) -> Conf:
        files = self._machine.files
        text = files.read(PATH).decode() if files.exists(PATH) else ""
        try:
            self._conf = read_conf(text)
        except UnknownKeyword as error:
            name = self._machine.name
            raise NotSimulated(name, ("multipathd",), f"{error} in {PATH}", HERE) from None
        return self._conf

    def _add(self, conf: Conf, wwid: str, disks: list[Disk]) -> None:
        """Make a map for a LUN that has several paths, or had a map before."""
        if wwid in self._let_go:
            known = self._let_go[wwid]
            if all(any(disk is one for one in known) for disk in disks):
                return
            del self._let_go[wwid]
        first = disks[0]
        settings = conf.settings(wwid, first.vendor, first.model)
        # Two paths make a LUN one for multipath only where that is asked for.
        several = len(disks) > 1 and settings.find_multipaths in ("yes", "on")
        wanted = several or settings.find_multipaths in ("no", "off", "greedy")
        if wwid in self._maps or not (wanted or wwid in self._known()):
            return
        if settings.user_friendly_names == "yes" and not settings.alias:
            name = self._machine.name
            raise NotSimulated(name, ("multipathd",), "user_friendly_names", HERE)
        device = self._machine.mapper.make(settings.alias or wwid, "mpath", first.size)
        device.uuid = f"mpath-{wwid}"
        made = Map(wwid, settings, device, made=self._machine.clock.now())
        self._maps[wwid] = made
        if wwid not in self._known():
            self._machine.files.make_folders(WWIDS.rpartition("/")[0])
            lines = "".join(f"/{one}/\n" for one in (*self._known(), wwid))
            self._machine.files.write(WWIDS, (WWIDS_HEAD + lines).encode(), 0o600)

    def _known(self) -> list[str]:
        files = self._machine.files
        text = files.read(WWIDS).decode() if files.exists(WWIDS) else ""
        return [line.strip("/") for line in text.splitlines() if not line.startswith("#")]

    def _update(self, one: Map, disks: list[Disk]) -> None:
        kept = {id(path.disk): path for path in one.paths}
        paths = [kept.get(id(disk)) or Path(disk) for disk in disks]
        if [path.disk for path in paths] != [path.disk for path in one.paths]:
            one.paths = paths
            if not paths and self.flush(one):
                return
            self._load(one)
        elif one.is_fresh and self._machine.clock.now() - one.made >= CHECK_SECONDS:
            self._load(one)
        for path in paths:
            self._check(one, path)

    def _check(self, one: Map, path: Path) -> None:
        """Have a path's checker look; while its I/O only waits, it is as it was."""
        scsi = self._machine.scsi
        nexus = scsi.nexus_of(path.disk)
        mapped = path.disk.behind() if scsi.answers(nexus) else None
        if mapped is not None and device_of(mapped) is not None:
            path.alive, path.priority = True, priority_of(mapped)
        elif scsi.answers(nexus) or scsi.device_state(nexus) == GIVEN_UP:
            one.lost(path)

    def _load(self, one: Map) -> None:
        """Load a map's table, and have its paths give up as soon as multipath says."""
        one.load()
        recovery = float(one.settings.fast_io_fail_tmo)
        for path in one.paths:
            self._machine.scsi.nexus_of(path.disk).give_up_after(recovery)
