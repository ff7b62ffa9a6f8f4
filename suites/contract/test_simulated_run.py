"""`sbsim accept` as a user runs it: a verdict in seconds, and no secret told."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from sbsim.bundle import default_deployment
from sbsim.deployment import load
from sbsim.machines import WallClock
from sbsim.machines.clock import wait_until

LIMIT_SECONDS = 120


def accepted(out: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sbsim", "accept", *words, "--out", str(out)],
        env={**os.environ, **env}, capture_output=True, text=True, timeout=LIMIT_SECONDS,
        check=False,
    )  # fmt: skip


def judged(out: Path, name: str) -> dict[str, Any]:
    """The result of a whole run on a description that comes with sbsim: all in scope pass."""
    done = accepted(out, str(default_deployment().with_name(f"{name}.toml")))
    assert done.returncode == 0, done.stdout + done.stderr
    told: dict[str, Any] = json.loads((out / "result.json").read_text())
    assert {told["requirements"][id]["status"] for id in told["scope"]} == {"pass"}
    return told


def commands(out: Path) -> list[tuple[str, tuple[str, ...], int | None, float, str]]:
    """What was run where, what it gave, and the virtual seconds; without the real time."""
    lines = (out / "evidence" / "commands.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    return [(row["machine"], tuple(row["argv"]), row["status"], row["stdout"], row["stderr"])
            for row in rows]  # fmt: skip


def test_verdict_is_pass_and_says_that_it_was_simulated(tmp_path: Path) -> None:
    done = accepted(tmp_path / "out")
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads((tmp_path / "out" / "result.json").read_text())
    assert (told["verdict"], told["backend"], told["simulated"]) == ("pass", "sim", True)
    assert {told["requirements"][id]["status"] for id in told["scope"]} == {"pass"}
    assert set(told["requirements"]) - set(told["scope"]) == {"R1.4"}  # no numbers from a simulator
    judged_on = {id: told["requirements"][id]["on"] for id in ("R1.2", "R1.3", "R3.13", "R3.14")}
    assert judged_on == {"R1.2": None, "R1.3": "fc", "R3.13": "multipath", "R3.14": "multipath"}
    assert (tmp_path / "out" / "variants" / "fc" / "report.html").is_file()


def test_two_runs_do_and_see_the_same(tmp_path: Path) -> None:
    accepted(tmp_path / "one", "--only", "2", "--only", "3.1", "--seed", "7")
    accepted(tmp_path / "two", "--only", "2", "--only", "3.1", "--seed", "7")
    assert commands(tmp_path / "one") == commands(tmp_path / "two")
    assert commands(tmp_path / "one")


def test_password_is_in_no_file_of_the_run(tmp_path: Path) -> None:
    chap = load(default_deployment()).chap
    assert chap is not None
    assert chap.password.env is not None
    canary = f"canary{secrets.token_hex(8)}"
    done = accepted(tmp_path / "out", **{chap.password.env: canary})
    assert done.returncode == 0, done.stdout + done.stderr
    assert canary not in done.stdout + done.stderr
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert files
    assert [path for path in files if canary.encode() in path.read_bytes()] == []


def test_guides_deployment_over_fibre_channel_passes(tmp_path: Path) -> None:
    told = judged(tmp_path / "out", "fc")
    assert "R1.3" in told["scope"]
    over_iscsi = {"R1.2", "R3.3", "R3.5", "R3.6", "R3.7", "R3.8", "R3.10"}
    assert not over_iscsi & set(told["scope"])
    assert {told["requirements"][id]["reason"] for id in over_iscsi} == {
        "out of scope: the description reaches its LUNs over Fibre Channel, not by iSCSI"
    }
    commands_run = {argv[0] for _, argv, *_ in commands(tmp_path / "out")}
    assert "iscsiadm" not in commands_run


def test_several_arrays_clusters_and_storages_pass(tmp_path: Path) -> None:
    told = judged(tmp_path / "out", "campus")
    assert set(told["scope"]) >= {"R3.6", "R3.13", "R3.15", "R4.6", "R4.8", "R4.15", "R5.1"}
    ended = json.loads((tmp_path / "out" / "evidence" / "end_state.json").read_text())
    # One host is in both storages: it has one id, as LVM keeps no more.
    assert ended["hosts"]["phy1"]["lock_spaces"] == [["beam", 3, True], ["shelves", 3, True]]
    assert ended["hosts"]["lib1"]["lock_spaces"] == [["shelves", 1, True]]
    # LUNs of one path have no map, on a host that has maps.
    for host in ended["hosts"].values():
        assert host["maps"] == {"beam.raw": 2, "beam.cooked": 2, "later": 2}


def test_guides_deployment_as_its_hosts_showed_it_passes(tmp_path: Path) -> None:
    told = judged(tmp_path / "out", "guide-openfiler")
    assert set(told["scope"]) >= {"R2.2", "R2.5", "R3.9", "R3.11", "R3.12", "R3.15", "R4.14"}
    tools = {argv[2] for _, argv, *_ in commands(tmp_path / "out") if argv[:1] == ("env",)}
    assert "yum" in tools
    assert not any("apt-get" in argv for _, argv, *_ in commands(tmp_path / "out"))


def test_what_is_out_of_scope_is_never_a_pass(tmp_path: Path) -> None:
    done = accepted(tmp_path / "out", "--only", "R1.4")
    assert done.returncode == 3
    assert "verdict: inconclusive" in done.stdout


def test_lab_is_named_only_for_the_lab(tmp_path: Path) -> None:
    done = accepted(tmp_path / "out", "--lab", "mine")
    assert (done.returncode, (tmp_path / "out").exists()) == (2, False)
    assert "say --backend lab with it" in done.stderr


def test_other_commands_say_where_a_simulated_world_lives() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sbsim", "ps", "list", "--backend", "sim"],
        capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "a simulated world lives only inside one run" in done.stderr


def test_release_that_is_not_simulated_is_told(tmp_path: Path) -> None:
    text = default_deployment().read_text()
    other = tmp_path / "other.toml"
    other.write_text(text.replace('os_release = "debian-12"', 'os_release = "centos-7"'))
    done = accepted(tmp_path / "out", str(other))
    assert done.returncode == 2
    assert "no machines of 'centos-7'; expected one of centos-7.4, debian-12" in done.stderr
    assert not (tmp_path / "out").exists()


def test_several_paths_are_gathered_and_one_can_be_lost(tmp_path: Path) -> None:
    multipath = default_deployment().with_name("multipath.toml")
    done = accepted(tmp_path / "out", str(multipath), "--only", "3.4")
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads((tmp_path / "out" / "result.json").read_text())
    assert {id: told["requirements"][id]["status"] for id in told["scope"]} == {
        "R3.13": "pass",
        "R3.14": "pass",
    }


def test_polite_end_is_heard_by_what_a_shell_started_in_the_background(tmp_path: Path) -> None:
    """Shells have such a process ignore Ctrl-C; SIGTERM must end it all the same."""
    words = [sys.executable, "-m", "sbsim", "accept", "--backend", "sim", "--out", str(tmp_path)]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert any("names and hosts files" in line for line in process.stdout)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=LIMIT_SECONDS) == 130


def test_what_a_killed_run_has_left_goes_with_the_next(tmp_path: Path) -> None:
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    words = [sys.executable, "-m", "sbsim", "accept", "--out", str(tmp_path / "out")]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env
    ) as process:
        wait_until(
            WallClock(),
            lambda: any(tmp_path.glob("sbsim-sim-*")),
            LIMIT_SECONDS,
            "its folder",
            0.05,
        )
        process.kill()
    (left,) = tmp_path.glob("sbsim-sim-*")
    accepted(tmp_path / "out", "--only", "R2.5", TMPDIR=str(tmp_path))
    assert not left.exists()
    assert list(tmp_path.glob("sbsim-sim-*")) == []
