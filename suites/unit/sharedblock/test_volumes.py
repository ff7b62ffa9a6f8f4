"""What a host does to a volume, and what it says when LVM refuses."""

from __future__ import annotations

import json

import pytest

from sbsim.errors import CommandFailed
from sbsim.machines import Result
from sbsim.sharedblock.errors import (
    UnreadableReport,
    VolumeFailed,
    VolumeInUse,
    VolumeLocked,
    VolumeNotThere,
)
from sbsim.sharedblock.profiles import profile
from sbsim.sharedblock.qemu_img import parse_info
from sbsim.sharedblock.sizes import EXTENT, MIB, volume_size
from sbsim.sharedblock.volumes import NewVolume, Use, Volumes, path_of
from sbsim.testing import FakeClock

VG = "0123456789abcdef0123456789abcdef"
MODES = {"ey": "ex", "sy": "sh"}


class LvmHost:
    """A host with one group: its volumes, and their locks as lvmlockd would hold them."""

    def __init__(self) -> None:
        self.name = "host1"
        self.boot_id = "one"
        self.lvs: dict[str, int] = {}
        self.locks: dict[str, str] = {}
        self.commands: list[tuple[str, ...]] = []
        self.refuses: dict[str, str] = {}

    def run(
        self, *argv: str, input: object = None, timeout: float = 60, check: bool = True
    ) -> Result:
        self.commands.append(argv)
        if said := self.refuses.get(argv[0]):
            raise CommandFailed(self.name, argv, 5, "", said)
        return Result(argv, 0, getattr(self, f"_{argv[0].replace('-', '_')}")(argv), "", 0.1)

    def _lvs(self, _argv: tuple[str, ...]) -> str:
        rows = [
            {"lv_name": name, "lv_uuid": f"uuid-{name}", "vg_name": VG, "lv_size": size,
             "lv_tags": "", "lv_active": "active" if name in self.locks else "", "lv_role": ""}
            for name, size in self.lvs.items()
        ]  # fmt: skip
        return json.dumps({"report": [{"lv": rows}]})

    def _lvmlockctl(self, _argv: tuple[str, ...]) -> str:
        locks = "".join(f"LK LV {mode} uuid-{name}\n" for name, mode in self.locks.items())
        return f"VG {VG} lock_type=sanlock uuid\nLS sanlock lvm_{VG}\nLK VG un ver 8\n{locks}"

    def _lvcreate(self, argv: tuple[str, ...]) -> str:
        name = argv[argv.index("--name") + 1]
        size = int(argv[argv.index("--size") + 1].removesuffix("b"))
        self.lvs[name] = -(-size // EXTENT) * EXTENT
        self.locks[name] = "ex"
        return ""

    def _lvchange(self, argv: tuple[str, ...]) -> str:
        mode = MODES.get(argv[argv.index("--activate") + 1])
        for word in argv:
            if word.startswith(f"{VG}/"):
                name = word.partition("/")[2]
                if mode:
                    self.locks[name] = mode
                else:
                    self.locks.pop(name, None)
        return ""

    def _lvremove(self, argv: tuple[str, ...]) -> str:
        del self.lvs[argv[-1].partition("/")[2]]
        return ""

    def _lvextend(self, argv: tuple[str, ...]) -> str:
        self.lvs[argv[-1].partition("/")[2]] = int(argv[argv.index("--size") + 1][:-1])
        return ""

    def _qemu_img(self, argv: tuple[str, ...]) -> str:
        return json.dumps({"required": 40 * MIB, "fully-allocated": 41 * MIB})

    def _dd(self, _argv: tuple[str, ...]) -> str:
        return ""

    def ran(self, word: str) -> list[tuple[str, ...]]:
        return [argv for argv in self.commands if argv[0] == word]


@pytest.fixture
def host() -> LvmHost:
    return LvmHost()


def volumes(host: LvmHost, name: str = "zstack-2.6") -> Volumes:
    return Volumes(host, FakeClock(), profile(name))  # type: ignore[arg-type]


def test_volume_is_made_cleared_filled_and_let_go(host: LvmHost) -> None:
    assert volumes(host).make(VG, NewVolume("a", 64 * MIB, "qcow2")) == volume_size(64 * MIB)
    assert host.locks == {}
    (create,) = host.ran("lvcreate")
    assert create[create.index("--wipesignatures") :][:2] == ("--wipesignatures", "y")
    assert host.ran("qemu-img") == [
        ("qemu-img", "create", "-q", "-f", "qcow2", path_of(VG, "a"), str(64 * MIB))
    ]
    host.commands.clear()
    assert volumes(host).make(VG, NewVolume("a", 64 * MIB, "qcow2")) == volume_size(64 * MIB)
    assert not host.ran("lvcreate")


@pytest.mark.parametrize(
    ("name", "format", "size"),
    [
        ("zstack-2.6", "qcow2", volume_size(64 * MIB)),
        ("zstack-2.6", "raw", volume_size(64 * MIB)),
        ("zstack-5", "qcow2", volume_size(64 * MIB)),
        ("zstack-5", "raw", 64 * MIB),
        ("stock", "raw", 64 * MIB),
    ],
)
def test_volume_takes_what_its_version_counts(
    host: LvmHost, name: str, format: str, size: int
) -> None:
    new = NewVolume("a", 64 * MIB, format)  # type: ignore[arg-type]
    assert volumes(host, name).make(VG, new) == size


def test_thin_volume_has_room_for_its_beginning(host: LvmHost) -> None:
    there = volumes(host, "zstack-5")
    new = NewVolume("a", 640 * MIB, "qcow2", room=64 * MIB)
    assert there.make(VG, new) == volume_size(64 * MIB)
    grown = there.grow(VG, "a", 1280 * MIB, "qcow2", live=False, room=64 * MIB)
    assert grown == volume_size(64 * MIB)
    assert there.extend(VG, "a", 128 * MIB) == 128 * MIB
    assert there.extend(VG, "a", 64 * MIB) == 128 * MIB
    assert len(host.ran("lvextend")) == 1
    assert host.locks == {}


def test_volume_that_cannot_be_filled_is_removed(host: LvmHost) -> None:
    host.refuses["qemu-img"] = "no space"
    with pytest.raises(VolumeFailed, match="host1: qemu-img create failed: no space"):
        volumes(host).make(VG, NewVolume("a", 64 * MIB, "qcow2"))
    assert host.lvs == {}


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("LV locked by other host: vg/a", VolumeLocked),
        ("Logical volume vg/a in use.", VolumeInUse),
        ("Logical volume vg/a is used by another device.", VolumeInUse),
        ("Insufficient free space", VolumeFailed),
    ],
)
def test_refusal_of_lvm_has_its_kind(host: LvmHost, said: str, kind: type[Exception]) -> None:
    host.lvs["a"] = EXTENT
    host.refuses["lvchange"] = said
    with pytest.raises(kind) as caught:
        volumes(host).use(VG, ("a",), Use.EXCLUSIVE)
    assert type(caught.value) is kind
    assert said in str(caught.value)


def test_use_is_asked_for_once_and_of_what_is_there(host: LvmHost) -> None:
    host.lvs = {"a": EXTENT, "b": EXTENT}
    volumes(host).use(VG, ("a", "b"), Use.SHARED)
    assert volumes(host).uses(VG) == {"a": Use.SHARED, "b": Use.SHARED}
    assert host.ran("lvchange")[0][-2:] == (f"{VG}/a", f"{VG}/b")
    volumes(host).use(VG, ("a", "b"), Use.SHARED)
    volumes(host).use(VG, ("gone",), Use.NONE)
    assert len(host.ran("lvchange")) == 1
    with pytest.raises(VolumeNotThere, match="there is no lv gone"):
        volumes(host).use(VG, ("gone",), Use.SHARED)


def test_what_was_not_held_before_is_let_go(host: LvmHost) -> None:
    host.lvs = {"a": EXTENT}
    with volumes(host).using(VG, "a", Use.EXCLUSIVE):
        assert host.locks == {"a": "ex"}
        with volumes(host).using(VG, "a", Use.SHARED):  # what is held is enough
            assert host.locks == {"a": "ex"}
        assert host.locks == {"a": "ex"}
    assert host.locks == {}


def test_rebase_makes_room_for_what_it_may_copy(host: LvmHost) -> None:
    host.lvs = {"a": 16 * MIB, "b": 16 * MIB}
    volumes(host).rebase(VG, "a", "b", "raw")
    assert host.lvs["a"] == 40 * MIB
    words = host.ran("qemu-img")[-1]
    assert words[1] == "rebase"
    assert words[words.index("-b") :][:4] == ("-b", path_of(VG, "b"), "-F", "raw")


def test_info_of_a_chain_is_read() -> None:
    text = json.dumps({"virtual-size": 1048576, "format": "qcow2", "backing-filename": "/dev/x",
                       "backing-filename-format": "raw"})  # fmt: skip
    found = parse_info(text)
    assert (found.virtual, found.format, found.backing) == (1048576, "qcow2", "/dev/x")
    with pytest.raises(UnreadableReport, match="cannot read what qemu-img printed"):
        parse_info("{}")
