"""What the lab's tools answered in a run, and its verdicts, beside the same run simulated."""

from __future__ import annotations

import difflib
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

from sbsim.bundle import default_deployment
from sbsim.contract.tool_cases import Case, cases_of, end_state, from_json, matrix, normal
from sbsim.report import folder as out

RECORDED = Path(__file__).with_name("recorded") / "tools"
LIMIT_SECONDS = 300
ENOUGH = 300
SECRET = "a password of the hosts"


def simulated(about: dict[str, object], out: Path) -> list[Case]:
    """The same run on simulated machines."""
    description = default_deployment().with_name(f"{about['deployment']}.toml")
    words = ["--profile", str(about["profile"])]
    if about["io_timeout"] is not None:
        words += ["--io-timeout", str(about["io_timeout"])]
    done = subprocess.run(
        [sys.executable, "-m", "sbsim", "accept", str(description), *words, "--out", str(out)],
        capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return cases_of(out)


def answers(cases: Iterable[Case]) -> dict[tuple[str, str, str], list[Case]]:
    found = defaultdict(list)
    for one in cases:
        found[one.asked].append(one)
    return found


def _told(case: Case, found: list[Case]) -> str:
    """A case and the simulator's answer that is nearest to it, line by line."""
    if not found:
        return f"{case.asked} was not asked"

    def lines(one: Case) -> list[str]:
        status, stdout, stderr = one.answer
        return [
            f"status {status}",
            *stdout.split("\n"),
            *(f"! {line}" for line in stderr.split("\n")),
        ]

    names = ("lab", "simulator")
    diffs = [
        list(difflib.unified_diff(lines(case), lines(one), *names, n=0, lineterm=""))
        for one in found
    ]
    return "\n".join([str(case.asked), *min(diffs, key=len)])


@pytest.mark.parametrize("file", sorted(RECORDED.glob("*.json")), ids=lambda one: one.stem)
def test_simulated_run_finds_and_answers_what_the_labs_did(file: Path, tmp_path: Path) -> None:
    about, cases = from_json(file.read_text())
    given = answers(simulated(about, tmp_path / "out"))
    assert matrix(tmp_path / "out") == about["matrix"]
    if "end_state" in about:
        assert end_state(tmp_path / "out") == about["end_state"]
    shapes = {one.shape for found in given.values() for one in found}
    assert {one.shape for one in cases} - shapes == set()
    wrong = []
    for case in cases:
        found = given.get(case.asked, [])
        if case.answer not in [one.answer for one in found]:
            wrong.append(_told(case, found))
    assert wrong == [], f"{len(wrong)} of {len(cases)} differ\n" + "\n\n".join(wrong[:20])


def test_there_are_enough_cases() -> None:
    files = [from_json(file.read_text())[1] for file in RECORDED.glob("*.json")]
    assert sum(map(len, files)) >= ENOUGH


LSBLK = ("lsblk", "-J", "-b", "-o", "NAME,SIZE")
IP = ("ip", "-json", "address", "show")


@pytest.mark.parametrize(
    ("argv", "one", "other"),
    [
        (LSBLK, '{"blockdevices": [{"name": "sda", "size": 1}]}',
         '{"blockdevices": [{"name": "sda", "size": 2}]}'),
        (LSBLK, '{"blockdevices": [{"name": "sda"}]}', '{"blockdevices": [{"name": "dm-0"}]}'),
        (IP, '[{"ifname": "a", "mtu": 1500, "operstate": "UP", "flags": [], "addr_info": []}]',
         '[{"ifname": "a", "mtu": 9000, "operstate": "UP", "flags": [], "addr_info": []}]'),
        (("ls",), "36001405edfc0e0000000000000000000", "36001405fc7f830000000000000000000"),
        (("ping",), "1 received, 0% packet loss, time 3ms", "0 received, 9% packet loss, time 3ms"),
        (("lsscsi",), "[1:0:0:0] disk LIO", "[1:0:0:1] disk LIO"),
        (("lsscsi",), "[1:0:0:0] disk LIO\n[2:0:0:0] disk LIO", "[1:0:0:0] disk LIO"),
        (("lsscsi",), "[1:0:0:0] disk LIO", "[1:0:0:0] disk OPNFILER"),
        (("iscsiadm",), "tcp: [1] 10.0.0.1:3260,1 iqn.a", "tcp: [1] 10.0.0.1:3260,2 iqn.a"),
        (("vgs",), '"vg_seqno":"3", "vg_size":"4"', '"vg_seqno":"3", "vg_size":"5"'),
        (("lvmlockctl",), "LK VG un ver 4", "LK VG ex ver 4"),
        (("fdisk", "-l"), "Disk /dev/sda: 1 GiB\nUnits: 1", "Disk /dev/sda: 2 GiB\nUnits: 1"),
        (("readlink",), "/dev/sdb", "/dev/sdb1"),
        (("find",), "/dev/disk/by-id/a ../../sda", "/dev/disk/by-id/b ../../sda"),
        (("multipath",), "size=20G features='0'", "size=20G features='1 queue_if_no_path'"),
        (("dd",), "dd: error reading", ""),
        (("lsscsi", "-i"), "[1:0:0:0] disk /dev/sda 3600a", "[1:0:0:0] disk /dev/sda 3600b"),
        (("lsscsi", "-i"), "[1:0:0:0] disk /dev/sda 3600a", "[1:0:0:0] disk /dev/sda -"),
        (("grep",), "/rport-0:0-1/roles:FCP Target", "/rport-0:0-1/roles:FCP Initiator"),
        (("apt",), "2097152 bytes copied, 0.1 s, 20 MB/s", "1048576 bytes copied, 0.1 s, 20 MB/s"),
    ],
)  # fmt: skip
def test_real_difference_is_still_one(argv: tuple[str, ...], one: str, other: str) -> None:
    assert normal(argv, one) != normal(argv, other)


@pytest.mark.parametrize(
    ("argv", "one", "other"),
    [
        (("lsscsi",), "[2:0:0:1] disk /dev/sdb\n[3:0:0:0] disk /dev/sda",
         "[0:0:0:0] disk /dev/sdc\n[1:0:0:1] disk /dev/sdd"),
        (("vgs",), "id 6cXyjt-Ul2l-rpm1-lXRu-mEX2-OtlL-W3S9rR",
         "id abcdef-ghij-klmn-opqr-stuv-wxyz-ABCDEF"),
        (("fdisk", "-l"), "Disk /dev/sda: 1 GiB\n\n\nDisk /dev/vda: 3 GiB", "Disk /dev/sdb: 1 GiB"),
        (("grep",), "/rport-0:0-1/roles:FCP Target", "/rport-3:0-0/roles:FCP Target"),
        (("date",), "1795650600", "1700000061"),
        (("ping",), "0% packet loss, time 0ms\nrtt min/avg = 1/2 ms",
         "0% packet loss, time 4ms\nrtt min/avg = 3/4 ms"),
        (("dd",), "2097152 bytes copied, 0.1 s, 20 MB/s", "2097152 bytes copied, 1e-05 s"),
    ],
)  # fmt: skip
def test_what_is_listed_is_not_compared(argv: tuple[str, ...], one: str, other: str) -> None:
    assert normal(argv, one) == normal(argv, other)


def ended(folder: Path, **state: object) -> Path:
    """A run's folder in which this alone is kept of its end."""
    place = folder / out.EVIDENCE
    place.mkdir(parents=True)
    (place / out.END_STATE).write_text(json.dumps(state))
    return folder


GROUP = {
    "size": 72230109184,
    "uuid": "6cXyjt-Ul2l-rpm1-lXRu-mEX2-OtlL-W3S9rR",
    "made": 1795650600.5,
}


def test_ends_differ_in_what_was_drawn_without_being_others(tmp_path: Path) -> None:
    again = {**GROUP, "uuid": "abcdef-ghij-klmn-opqr-stuv-wxyz-ABCDEF", "made": 1.5}
    one, other = ended(tmp_path / "1", group=GROUP), ended(tmp_path / "2", group=again)
    assert end_state(one) == end_state(other)


@pytest.mark.parametrize(
    "change", [{"size": 72230109183}, {"made": 1795650600}, {"uuid": None}, {"locks": ["sh"]}]
)
def test_ends_that_differ_otherwise_are_others(tmp_path: Path, change: dict[str, object]) -> None:
    one = ended(tmp_path / "1", group=GROUP)
    other = ended(tmp_path / "2", group={**GROUP, **change})
    assert end_state(one) != end_state(other)


def test_run_that_kept_no_end_has_none(tmp_path: Path) -> None:
    assert end_state(tmp_path) is None
