"""Apply, read, remove, restore: what is ours, what is not, and what outlives a boot or a crash."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sbsim.target import unit
from sbsim.target.failure import TargetFailure
from sbsim.target.ledger import PATH
from sbsim.target.model import Array, Initiator
from sbsim.target.server import Server
from sbsim.target.state import Backstore, Key, Plain, Value, expand
from suites.unit.target.arrays import IQN, array, lun, target
from suites.unit.target.kernel import Kernel, Killed, MemorySystem

WANTED = array(lun(0), lun(1, "file"))
FOREIGN: dict[Key, Value] = {
    Key("target", ("iqn.2020-01.org.example:foreign",)): Plain(),
    Key("backstore", ("block", "foreign")): Backstore("/dev/foreign", 512, "f", False),
}


def test_apply_makes_the_array(server: Server, kernel: Kernel) -> None:
    done = server.apply("me", WANTED)
    assert kernel.state == expand(WANTED)
    assert str(done.changes[0]) == "create backstore block/lun-0"
    assert str(done.changes[-1]) == "create sbsim-target.service"


def test_second_apply_changes_nothing(server: Server, system: MemorySystem) -> None:
    server.apply("me", WANTED)
    files = dict(system.files)
    assert server.apply("me", WANTED).changes == ()
    assert system.files == files


def test_apply_goes_from_one_array_to_another(server: Server, kernel: Kernel) -> None:
    server.apply("me", WANTED)
    changed = array(lun(0), lun(2), hosts=3)
    server.apply("me", changed)
    assert kernel.state == expand(changed)


def test_objects_of_others_stay_and_are_named(
    server: Server, kernel: Kernel, system: MemorySystem
) -> None:
    kernel.state.update(FOREIGN)
    done = server.apply("me", WANTED)
    assert done.others == (
        "backstore block/foreign",
        "target iqn.2020-01.org.example:foreign",
        "backstore ramdisk/other",
    )
    assert server.read().others == done.others
    assert server.remove("me").others == done.others
    assert kernel.state == FOREIGN


def test_an_object_of_others_in_the_way_is_refused(server: Server, kernel: Kernel) -> None:
    kernel.state[Key("target", (IQN,))] = Plain()
    with pytest.raises(TargetFailure, match=f"target {IQN}: already there, and sbsim did not"):
        server.apply("me", WANTED)
    assert kernel.taken == []


def test_array_of_another_owner_is_refused(server: Server) -> None:
    server.apply("me", WANTED)
    with pytest.raises(TargetFailure, match="carries the array of 'me', not of 'you'"):
        server.apply("you", WANTED)
    with pytest.raises(TargetFailure, match="carries the array of 'me', not of 'you'"):
        server.remove("you")


def test_removal_leaves_nothing(server: Server, kernel: Kernel, system: MemorySystem) -> None:
    server.apply("me", WANTED)
    assert system.backing
    kinds = [change.kind for change in server.remove("me").changes]
    assert kinds[-2:] == ["file", "unit"]
    assert (kernel.state, system.files, system.backing) == ({}, {}, {})
    assert "/etc/target" not in system.folders


def test_removal_leaves_a_folder_that_was_there(server: Server, system: MemorySystem) -> None:
    system.folders.add("/etc/target")
    server.apply("me", WANTED)
    server.remove("me")
    assert "/etc/target" in system.folders


def test_removal_where_nothing_is_does_nothing(server: Server, kernel: Kernel) -> None:
    assert server.remove().changes == ()
    assert kernel.taken == []


@pytest.mark.parametrize("steps", range(0, 12, 2))
def test_what_a_killed_apply_made_is_known_and_finished(
    steps: int, server: Server, kernel: Kernel
) -> None:
    kernel.limit = steps  # the whole of it takes 12
    with pytest.raises(Killed):
        server.apply("me", WANTED)
    kernel.limit = 10_000
    server.apply("me", WANTED)
    assert kernel.state == expand(WANTED)


@pytest.mark.parametrize("steps", range(0, 12, 2))
def test_what_a_killed_apply_made_is_removed(
    steps: int, server: Server, kernel: Kernel, system: MemorySystem
) -> None:
    kernel.limit = steps  # the whole of it takes 12
    with pytest.raises(Killed):
        server.apply("me", WANTED)
    kernel.limit = 10_000
    server.remove()
    assert (kernel.state, system.files, system.backing) == ({}, {}, {})


def test_the_folder_of_a_killed_apply_is_known_as_ours(
    server: Server, system: MemorySystem
) -> None:
    system.killed_while_opening = True
    with pytest.raises(Killed):
        server.apply("me", WANTED)
    server.apply("you", WANTED)  # nothing was made yet: another owner is welcome
    server.remove()
    assert (system.folders, system.files) == ({"/sys/kernel/config/target"}, {})


def test_a_killed_change_restores_the_array_before_it(
    server: Server, kernel: Kernel, system: MemorySystem
) -> None:
    server.apply("me", WANTED)
    kernel.limit = len(kernel.taken) + 3
    with pytest.raises(Killed):
        server.apply("me", array(lun(0), lun(2)))
    kernel.limit = 10_000
    _reboot(kernel, system)
    server.restore()
    assert kernel.state == expand(WANTED)


def _reboot(kernel: Kernel, system: MemorySystem) -> None:
    kernel.state.clear()
    kernel.taken.clear()
    system.boot += "+"


def test_restore_after_a_boot_makes_the_array(
    server: Server, kernel: Kernel, system: MemorySystem
) -> None:
    server.apply("me", WANTED)
    _reboot(kernel, system)
    server.restore()
    assert kernel.state == expand(WANTED)
    assert server.apply("me", WANTED).changes == ()


def test_restore_without_anything_saved_says_so(server: Server) -> None:
    assert server.restore().notes == ("nothing to restore",)


def test_restore_does_without_a_lun_whose_disk_is_missing(
    server: Server, kernel: Kernel, system: MemorySystem
) -> None:
    server.apply("me", array(lun(0), lun(1)))
    _reboot(kernel, system)
    size = system.devices.pop("/dev/disks/lun-0")
    with pytest.raises(TargetFailure, match=r"restored without some LUNs:\nLUN lun-0: "):
        server.restore()
    assert kernel.state == expand(array(lun(1)))
    system.devices["/dev/disks/lun-0"] = size
    server.restore()
    assert kernel.state == expand(array(lun(0), lun(1)))


def test_after_a_boot_the_names_of_others_are_not_ours(
    server: Server, kernel: Kernel, system: MemorySystem
) -> None:
    server.apply("me", WANTED)
    _reboot(kernel, system)
    theirs = {Key("target", (IQN,)): Plain()}
    kernel.state.update(theirs)
    with pytest.raises(TargetFailure, match="did not make it in this boot"):
        server.restore()
    server.remove()
    assert kernel.state == theirs


def test_what_the_kernel_did_not_keep_is_an_error(
    server: Server, kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = kernel._create

    def forget(step: object) -> None:
        keep(step)  # type: ignore[arg-type]
        for key, value in kernel.state.items():
            if isinstance(value, Backstore):
                kernel.state[key] = replace(value, serial="forgotten")

    monkeypatch.setattr(kernel, "_create", forget)
    with pytest.raises(TargetFailure, match=r"read back from LIO: .*serial is forgotten, expected"):
        server.apply("me", WANTED)


def test_reading_masks_and_compares_secrets(server: Server) -> None:
    server.apply("me", WANTED)
    other = Array((replace(WANTED.targets[0], initiators=_with_password("canary-other")),))
    reading = server.read(other)
    assert [str(one) for one in reading.differences] == [
        f"initiator {one.name} in portal group 1 of {IQN}: password differs"
        for one in WANTED.targets[0].initiators
    ]
    assert "canary" not in str(reading.to_json())
    assert reading.array == WANTED.masked()
    assert (reading.owner, reading.oddities) == ("me", ())


def _with_password(password: str) -> tuple[Initiator, ...]:
    return tuple(
        replace(one, chap=replace(one.chap, password=password))
        for one in WANTED.targets[0].initiators
    )


def test_groups_that_do_not_agree_are_odd(server: Server, kernel: Kernel) -> None:
    server.apply("me", array(lun(0), tags=2))
    (gone,) = [key for key in kernel.state if key.path == (IQN, 2, f"{_host()}1", 0)]
    del kernel.state[gone]
    assert [str(one) for one in server.read().oddities] == [f"{gone} is missing"]


def _host() -> str:
    return target().initiators[0].name[:-1]


def test_reading_does_not_load_lio(server: Server, system: MemorySystem) -> None:
    system.folders.clear()
    reading = server.read(WANTED)
    assert reading.array == Array()
    assert [one.kind for one in reading.differences] == ["backstore", "backstore", "target"]
    assert system.folders == set()


def test_names_that_rtslib_would_change_are_refused(server: Server, kernel: Kernel) -> None:
    with pytest.raises(TargetFailure, match=r"rtslib refuses the name iqn.2020-01.org:A_b"):
        server.apply("me", Array((target(iqn="iqn.2020-01.org:A_b"),)))
    assert kernel.taken == []


def test_saved_array_is_for_root_only_and_the_unit_waits_for_its_disks(
    server: Server, system: MemorySystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes: dict[str, int] = {}
    write = system.write
    monkeypatch.setattr(
        system, "write", lambda path, text, mode: (modes.update({path: mode}), write(path, text))
    )
    server.apply("me", WANTED)
    assert modes[PATH] == 0o600
    assert "canary" in system.files[PATH]
    assert "dev-disks-lun\\x2d0.device" in system.files[unit.PATH]
    assert "canary" not in system.files[unit.PATH]


def test_damaged_state_file_is_named(server: Server, system: MemorySystem) -> None:
    system.files[PATH] = "{"
    with pytest.raises(TargetFailure, match=r"target.json: is no JSON"):
        server.apply("me", WANTED)
    system.files[PATH] = '{"owner": "me"}'
    with pytest.raises(TargetFailure, match=r"target.json.boot_id: expected a value"):
        server.apply("me", WANTED)
