"""LUNs in memory and the hosts that see them: enough of LVM and sanlock to see what a Pool does.

Answers have the shape of the real tools' (Debian 12: LVM 2.03.16, sanlock 3.8.5), and every
command is kept. What a LUN holds is one word: a signature, or the group it belongs to.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from sbsim.errors import CommandFailed
from sbsim.initiator import lsblk
from sbsim.machines import Process, Result
from sbsim.sharedblock import lvm_conf
from sbsim.sharedblock.sizes import EXTENT, usable

Answer = tuple[int, str, str]


@dataclass
class FakeLun:
    """`head` is what its first 64 KiB read as; `used_by` what lies on it on a host.

    `known` is what it brings into its group, as LVM has it on record.
    """

    wwid: str
    size: int = 20 * 2**30
    signature: str = ""
    vg: str = ""
    head: str = ""
    used_by: str = ""
    known: int = 0
    metadata: int = 0

    def measure(self) -> None:
        """Have LVM record what the disk brings now."""
        self.known = usable(self.size, self.metadata)

    def join(self, group: str, words: tuple[str, ...]) -> None:
        """Become a disk of a group, by the words of the command that makes it one."""
        self.vg, self.head = group, f"LABELONE {group}"
        if "--metadatasize" in words:
            self.metadata = int(words[words.index("--metadatasize") + 1].removesuffix("b"))
        self.measure()


@dataclass
class FakeGroup:
    name: str
    uuid: str
    luns: list[FakeLun]
    tags: set[str] = field(default_factory=set)
    joined: dict[int, str] = field(default_factory=dict)


@dataclass
class FakeSan:
    """Everything that hosts share. `made` counts the groups that were ever made."""

    luns: list[FakeLun]
    groups: dict[str, FakeGroup] = field(default_factory=dict)
    made: int = 0


class FakePoolHost:
    """A machine; `paths` are the device paths it sees, each leading to a LUN."""

    def __init__(self, san: FakeSan, name: str, multipath: bool = False, paths: int = 1) -> None:
        self.san = san
        self.name = name
        self.boot_id = "one"
        self.multipath = multipath
        self.files = {
            "/etc/lvm/lvm.conf": "global {\n}\nlocal {\n}\n",
            "/etc/lvm/lvmlocal.conf": "local {\n}\n",
        }
        self.commands: list[tuple[str, ...]] = []
        self.leases: dict[str, int] = {}
        self.flushed: list[str] = []
        # Sizes by WWID that this host still believes in.
        self.stale: dict[str, int] = {}
        self.paths = [
            (f"/dev/sd{chr(97 + number * paths + path)}", lun)
            for number, lun in enumerate(san.luns)
            for path in range(paths)
        ]

    # --- the machine's door -----------------------------------------------------------------

    def run(
        self,
        *argv: str,
        input: bytes | str | None = None,
        timeout: float = 60.0,
        check: bool = True,
    ) -> Result:
        self.commands.append(argv)
        tools: dict[str, Callable[[tuple[str, ...]], Answer]] = {
            "readlink": self._readlink,
            "lsblk": self._lsblk,
            "vgs": self._vgs,
            "pvs": self._pvs,
            "lvs": lambda _: (0, json.dumps({"report": [{"lv": []}]}), ""),
            "vgcreate": self._vgcreate,
            "vgextend": self._vgextend,
            "vgchange": self._vgchange,
            "pvresize": self._pvresize,
            "sanlock": self._sanlock,
            "date": lambda _: (0, "1795547984\n", ""),
            "head": lambda words: (0, self._lun(words[-1]).head, ""),
            "wipefs": self._wipefs,
            "multipath": self._multipath,
            "iscsiadm": self._iscsiadm,
            "lvmconfig": lambda _: (0, "global {\n\t# use_lvmlockd=0\n}\nlocal {\n}\n", ""),
        }
        quiet = ("systemctl", "mkdir", "rm", "dd", "partprobe", "lvmlockctl", "udevadm")
        if argv[0] not in tools and argv[0] not in quiet:
            raise AssertionError(f"an unknown command: {argv}")
        if argv[:2] == ("systemctl", "is-active") and not self.multipath:
            return Result(argv, 3, "inactive\n", "", 0.1)
        status, out, err = tools[argv[0]](argv[1:]) if argv[0] in tools else (0, "", "")
        if status and check:
            raise CommandFailed(self.name, argv, status, out, err)
        return Result(argv, status, out, err, 0.1)

    def start(self, *argv: str) -> Process:
        raise AssertionError("nothing runs on")

    def read(self, path: str) -> bytes:
        if path.endswith("/dm/uuid"):
            return f"mpath-{self._lun('/dev/' + path.split('/')[3]).wwid}\n".encode()
        if path not in self.files:
            raise FileNotFoundError(path)
        return self.files[path].encode()

    def write(self, path: str, data: bytes, mode: int = 0o644, owner: str | None = None) -> None:
        self.files[path] = data.decode()

    def ran(self, *words: str) -> list[tuple[str, ...]]:
        """The commands so far that hold all these words."""
        return [argv for argv in self.commands if set(words) <= set(argv)]

    # --- tools ------------------------------------------------------------------------------

    def _lun(self, path: str) -> FakeLun:
        devices = dict(self.paths)
        devices.update({f"/dev/dm-{self.map_number(lun)}": lun for lun in self.san.luns})
        return devices[path]

    def _device(self, lun: FakeLun) -> str:
        if self.multipath:
            return f"/dev/dm-{self.map_number(lun)}"
        return next(path for path, seen in self.paths if seen is lun)

    def map_number(self, lun: FakeLun) -> int:
        """A map that is made anew gets a new number."""
        return self.san.luns.index(lun) + 100 * self.flushed.count(lun.wwid)

    def _multipath(self, words: tuple[str, ...]) -> Answer:
        self.flushed.append(self._lun(words[-1]).wwid)
        return 0, "", ""

    def _iscsiadm(self, words: tuple[str, ...]) -> Answer:
        assert "--rescan" in words
        self.stale.clear()
        return 0, "", ""

    def _seen(self) -> list[FakeLun]:
        return [lun for lun in self.san.luns if any(one is lun for _, one in self.paths)]

    def _readlink(self, words: tuple[str, ...]) -> Answer:
        known = {path: path for path, _ in self.paths}
        for lun in self._seen():
            kinds = ("dm-uuid-mpath-",) if self.multipath else ("scsi-", "wwn-0x")
            device = self._device(lun)
            known[device] = device
            known.update({f"/dev/disk/by-id/{kind}{lun.wwid}": device for kind in kinds})
        found = [known[word] for word in words[2:] if word in known]
        return (0 if len(found) == len(words) - 2 else 1), "".join(f"{one}\n" for one in found), ""

    def _lsblk(self, words: tuple[str, ...]) -> Answer:
        if ("lsblk", *words) == lsblk.ARGV:
            own = {
                "name": "vda",
                "kname": "vda",
                "path": "/dev/vda",
                "type": "disk",
                "size": 1,
                "ro": False,
            }
            rows = [own | {"name": path, "kname": path, "path": path, "tran": "iscsi"}
                    for path, _ in self.paths]  # fmt: skip
            return 0, json.dumps({"blockdevices": [own, *rows]}), ""
        if "--json" in words:
            lun = self._lun(words[-1])
            child = {"name": lun.used_by, "type": "part", "mountpoints": ["/mnt"]}
            kind = "mpath" if self.multipath else "disk"
            top = {"name": words[-1], "type": kind, "mountpoints": [None],
                   "children": [child] if lun.used_by else []}  # fmt: skip
            return 0, json.dumps({"blockdevices": [top]}), ""
        lines = []
        for path, lun in self.paths:
            lines.append(f'NAME="{path}" TYPE="disk" WWN="0x{lun.wwid[1:]}"')
            if self.multipath:
                lines.append(f'NAME="{self._device(lun)}" TYPE="mpath" WWN="0x{lun.wwid[1:]}"')
        return 0, "".join(f"{line}\n" for line in lines), ""

    def _vgs(self, words: tuple[str, ...]) -> Answer:
        rows = [
            {
                "vg_name": group.name, "vg_uuid": group.uuid,
                "vg_size": sum(lun.known for lun in group.luns), "vg_free": EXTENT,
                "vg_extent_size": EXTENT, "vg_seqno": 1, "vg_tags": ",".join(sorted(group.tags)),
                "vg_lock_type": "sanlock",
            }
            for group in self.san.groups.values()
            if any(lun in self._seen() for lun in group.luns)
        ]  # fmt: skip
        return 0, json.dumps({"report": [{"vg": rows}]}), ""

    def _pvs(self, words: tuple[str, ...]) -> Answer:
        named = [word for word in words if word.startswith("/dev/")]
        rows = [
            {"pv_name": self._device(lun), "pv_uuid": lun.wwid, "vg_name": lun.vg.strip("-"),
             "dev_size": self.stale.get(lun.wwid, lun.size), "pv_size": lun.known,
             "pv_free": 0, "pv_missing": ""}
            for lun in self._seen()
            if lun.vg and (not named or self._device(lun) in named)
        ]  # fmt: skip
        if named and not rows:
            return 5, "", f'  Failed to find physical volume "{named[0]}".\n'
        return 0, json.dumps({"report": [{"pv": rows}]}), ""

    def _refused(self, lun: FakeLun) -> str:
        if lun.signature in ("gpt", "dos"):
            return f"  Cannot use {self._device(lun)}: device is partitioned\n"
        if lun.signature:
            return f"  {lun.signature} signature detected. Aborted wiping of {lun.signature}.\n"
        if lun.vg not in ("", "-"):  # "-" is an orphan
            return f"  Physical volume is already in volume group '{lun.vg}'\n"
        return ""

    def _vgcreate(self, words: tuple[str, ...]) -> Answer:
        disks = [word for word in words if word.startswith("/dev/")]
        name = words[len(words) - len(disks) - 1]
        luns = [self._lun(disk) for disk in disks]
        if refused := "".join(self._refused(lun) for lun in luns):
            return 5, "", refused
        self.san.made += 1
        tags = {words[place + 1] for place, word in enumerate(words) if word == "--addtag"}
        group = FakeGroup(name, f"uuid-{self.san.made}", luns, tags)
        self.san.groups[name] = group
        for lun in luns:
            lun.join(name, words)
        self._join(group)
        return 0, "", ""

    def _vgextend(self, words: tuple[str, ...]) -> Answer:
        lun, group = self._lun(words[-1]), self.san.groups[words[-2]]
        if refused := self._refused(lun):
            return 5, "", refused
        group.luns.append(lun)
        lun.join(group.name, words)
        return 0, "", ""

    def _pvresize(self, words: tuple[str, ...]) -> Answer:
        self._lun(words[-1]).measure()
        return 0, "", ""

    def _vgchange(self, words: tuple[str, ...]) -> Answer:
        group = self.san.groups[words[-1]]
        if "--lock-start" in words:
            return (0, "", "") if self._join(group) else (5, "", "  VG lock start failed\n")
        if "--lock-stop" in words:
            group.joined.pop(self.leases.pop(group.name))
        for option, act in (("--deltag", group.tags.discard), ("--addtag", group.tags.add)):
            for place, word in enumerate(words):
                if word == option:
                    act(words[place + 1])
        return 0, "", ""

    def _join(self, group: FakeGroup) -> bool:
        id = int(lvm_conf.settings(self.files["/etc/lvm/lvmlocal.conf"])["local/host_id"])
        if group.joined.setdefault(id, self.name) != self.name:
            return False
        self.leases[group.name] = id
        return True

    def _sanlock(self, words: tuple[str, ...]) -> Answer:
        lines = [f"s lvm_{vg}:{id}:/dev/mapper/{vg}-lvmlock:0 \n" for vg, id in self.leases.items()]
        return 0, "".join(lines), ""

    def _wipefs(self, words: tuple[str, ...]) -> Answer:
        lun = self._lun(words[-1])
        lun.signature = lun.vg = ""
        return 0, "", ""
