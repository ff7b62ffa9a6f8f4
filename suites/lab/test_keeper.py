"""The keeper: whatever ends it, nothing of its lab is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sbsim.errors import LabError
from sbsim.lab import audit, manifest
from sbsim.lab import lab as labs
from sbsim.lab.folder import LabFolder, mount_point
from sbsim.lab.plan import Plan
from sbsim.machines.clock import WallClock, wait_until

pytestmark = pytest.mark.lab

END_LIMIT_SECONDS = 20
# Not only "qemu-system": libvirt starts one to ask for its capabilities, too.
MACHINE = b"guest=solo"


def processes_of(folder: LabFolder) -> list[int]:
    """The process ids of everything that belongs to a lab, its QEMUs included."""
    namespaces = set()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            words = (path / "cmdline").read_bytes().split(b"\0")
            if b"sbsim.lab.init" in words and folder.name.encode() in words:
                namespaces.add(str((path / "ns/pid_for_children").readlink()))
        except OSError:
            continue
    namespaces.discard(str(Path("/proc/self/ns/pid").readlink()))
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if str((path / "ns/pid").readlink()) in namespaces:
                found.append(int(path.name))
        except OSError:
            continue
    return sorted(found)


def named(pids: list[int], word: bytes) -> list[int]:
    return [pid for pid in pids if word in Path(f"/proc/{pid}/cmdline").read_bytes()]


def gone(pids: list[int]) -> bool:
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


def booted(lab: labs.Lab) -> list[int]:
    """Boot the machine as far as QEMU; the processes of the lab. A greeting is not waited for."""
    client = subprocess.Popen(
        [sys.executable, "-c",
         "import sys; from sbsim.lab.lab import Lab; from sbsim.lab.folder import LabFolder;"
         "Lab(LabFolder(sys.argv[1])).up(None)", lab.name],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        return wait_until(
            WallClock(),
            lambda: (pids := processes_of(lab.folder)) and named(pids, MACHINE) and pids,
            END_LIMIT_SECONDS,
            "QEMU",
        )
    finally:
        client.kill()
        client.wait()


@pytest.mark.parametrize("victim", [b"sbsim.lab.init", b"unshare"])
def test_nothing_survives_when_a_process_of_the_lab_is_killed(lab: labs.Lab, victim: bytes) -> None:
    pids = booted(lab)
    if victim == b"unshare":
        (target,) = [
            int(path.name)
            for path in Path("/proc").glob("[0-9]*")
            if (words := (path / "cmdline").read_bytes().split(b"\0"))[0] == b"unshare"
            and lab.name.encode() in words
        ]
    else:
        # The keeper, not the init that started it: the one with the larger number.
        target = named(pids, victim)[-1]
    os.kill(target, signal.SIGKILL)
    wait_until(WallClock(), lambda: gone(pids), END_LIMIT_SECONDS, f"{pids} to end")
    assert not lab.folder.alive()
    assert not [item for item in audit.leftovers() if lab.name in item.what]


def test_killed_machine_is_reported_off_and_the_keeper_goes_on(lab: labs.Lab) -> None:
    (machine,) = named(booted(lab), MACHINE)
    os.kill(machine, signal.SIGKILL)
    wait_until(
        WallClock(),
        lambda: lab.status()["machines"] == {"solo": "off"},
        END_LIMIT_SECONDS,
        "the machine to be off",
    )


def test_lab_ends_with_the_process_that_started_it(folder: LabFolder, plan: Plan) -> None:
    starter = subprocess.Popen(
        [sys.executable, "-c",
         "import sys; from sbsim.lab.lab import start; from sbsim.lab.folder import LabFolder;"
         "from sbsim.lab.plan import Plan;"
         "start(LabFolder(sys.argv[1]), Plan.from_json(sys.argv[2]), False);"
         "print('started', flush=True); sys.stdin.read()", folder.name, plan.to_json()],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with starter:
        assert starter.stdout is not None
        assert starter.stdout.readline() == "started\n"
        pids = processes_of(folder)
        assert pids
        starter.kill()
    wait_until(WallClock(), lambda: gone(pids), END_LIMIT_SECONDS, f"{pids} to end")
    assert not folder.alive()


def test_second_start_of_a_running_lab_is_refused(
    lab: labs.Lab, folder: LabFolder, plan: Plan
) -> None:
    with pytest.raises(LabError, match="running already"):
        labs.start(folder, plan, kvm=False)
    assert lab.status()["phase"] == "empty"


def test_dead_keepers_socket_does_not_hinder_a_new_one(
    lab: labs.Lab, folder: LabFolder, plan: Plan
) -> None:
    os.kill(processes_of(folder)[-1], signal.SIGKILL)
    wait_until(WallClock(), lambda: not folder.alive(), END_LIMIT_SECONDS, "the keeper to end")
    assert folder.socket.exists()
    assert labs.start(folder, plan, kvm=False).status()["phase"] == "empty"


def test_keeper_that_cannot_start_says_why(folder: LabFolder, plan: Plan) -> None:
    with pytest.raises(LabError, match="could not be started"):
        labs.start(folder, Plan(plan.image, (("a-bridge-name-too-long", 1500),), ()), kvm=False)
    assert not folder.alive()


def test_lab_leaves_no_mount_and_an_empty_mount_point(lab: labs.Lab) -> None:
    lab.down()
    assert str(mount_point()) not in Path("/proc/self/mountinfo").read_text()
    assert not any(mount_point().iterdir())
    assert not lab.folder.path.exists()


def test_machine_that_does_not_boot_is_named_with_its_last_words(
    folder: LabFolder, plan: Plan, kvm: bool
) -> None:
    from dataclasses import replace

    # 48 MiB are too little for the kernel to unpack its initramfs.
    machine = replace(plan.machines[0], memory=48 * 2**20)
    small = labs.start(folder, replace(plan, machines=(machine,)), kvm)
    with pytest.raises(LabError, match="solo stopped while it booted") as caught:
        small.up(None)
    assert "last lines of its console" in str(caught.value)


def test_saved_machine_comes_back_as_it_was(lab: labs.Lab, tmp_path: Path) -> None:
    """Slow: boots a machine, and emulated that takes some ten seconds."""
    lab.up(None)
    before = tmp_path / "before"
    before.mkdir()
    lab.save(before)
    manifest.seal(before)
    with lab.connect("solo", 22) as connection:
        assert connection.recv(4) == b"SSH-"
    lab.restore(before)
    assert lab.status()["machines"] == {"solo": "running"}
    with lab.connect("solo", 22) as connection:
        assert connection.recv(4) == b"SSH-"
    assert manifest.faults(before) == []
