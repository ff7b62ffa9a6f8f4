"""Evidence: written as it happens, read back, never with a secret in it."""

from __future__ import annotations

import hashlib
import json
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyfakefs.fake_filesystem import FakeFilesystem

from sbsim.errors import SbsimError, UsageError
from sbsim.report.evidence import Evidence
from sbsim.report.recorded import read, read_catalogue
from sbsim.report.redaction import Redaction

CANARY = 'k9"canary\\ü-7'


@pytest.fixture
def out(tmp_path: Path, sample: Any) -> Path:
    sample(commands=1).write(tmp_path / "out")
    return tmp_path / "out"


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def command(evidence: Evidence, **changes: Any) -> None:
    arguments: dict[str, Any] = {
        "at": 1.0,
        "test": "t",
        "phase": None,
        "machine": "host1",
        "argv": ["true"],
        "status": 0,
        "seconds": 0.1,
    }
    evidence.command(**(arguments | changes))


def test_what_is_written_is_read_back(tmp_path: Path, sample: Any, catalogue: Any) -> None:
    evidence = sample(commands=1).write(tmp_path)
    command(evidence, argv=["echo", "ü\udcff"], stdout=b"caf\xe9\n", stderr="oh\n", status=None)
    recorded = read(tmp_path)
    assert recorded.run.capabilities == tuple(sorted(recorded.run.capabilities))
    assert recorded.run.command == "sbsim accept fixtures/deployments/tutorial.toml --seed 7"
    assert recorded.end is not None
    assert recorded.commands[-1].argv == ("echo", "ü\udcff")
    assert recorded.commands[-1].status is None
    assert recorded.commands[-1].stdout == hashlib.sha256(b"caf\xe9\n").hexdigest()
    assert recorded.output(recorded.commands[-1].stdout, 100) == ("caf\ufffd\n", 5)
    assert recorded.output(recorded.commands[-1].stderr, 2) == ("oh", 3)
    assert recorded.output(None, 9) == ("", 0)
    assert read_catalogue(tmp_path) == catalogue


def test_observation_of_the_whole_deployment_has_its_own_place(tmp_path: Path, out: Path) -> None:
    Evidence(out).probe(
        test="t",
        requirement="R2.7",
        probe="redundancy",
        machine=None,
        seen={1},
        wanted=(1,),
        ok=True,
    )
    last = read(out).observations[-1]
    assert (last.place, last.seen, last.wanted) == ("deployment", [1], [1])


def test_same_output_is_kept_once_and_empty_output_not_at_all(tmp_path: Path) -> None:
    evidence = Evidence(tmp_path)
    evidence.reset()
    for _ in range(3):
        command(evidence, stdout="same\n", stderr="")
    assert len(list((tmp_path / "evidence" / "blobs").iterdir())) == 1
    lines = (tmp_path / "evidence" / "commands.jsonl").read_text().splitlines()
    assert [json.loads(line)["stderr"] for line in lines] == [None] * 3


def test_each_record_is_on_disk_when_the_call_returns(tmp_path: Path) -> None:
    evidence = Evidence(tmp_path)
    for count in range(1, 4):
        command(evidence)
        assert (tmp_path / "evidence" / "commands.jsonl").read_bytes().count(b"\n") == count


def test_threads_do_not_tear_one_anothers_lines(tmp_path: Path, out: Path) -> None:
    evidence = Evidence(out)
    before = len(read(out).commands)

    def work(name: str) -> None:
        for number in range(40):
            command(evidence, machine=name, argv=["x" * 500], stdout=f"{number % 5}")

    threads = [threading.Thread(target=work, args=(f"host{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read(out).commands) == before + 240


# Secrets ---


def test_registered_secret_is_nowhere(tmp_path: Path) -> None:
    evidence = Evidence(tmp_path)
    evidence.redact(CANARY, "")
    command(
        evidence,
        argv=["iscsiadm", f"--value={CANARY}"],
        stdout=f"password = {CANARY}\n{json.dumps({'password': CANARY})}",
        stderr=f"no: {CANARY}".encode(),
    )
    evidence.probe(
        test="t",
        requirement="R3.6",
        probe="chap_settings",
        machine="host1",
        seen={"password": CANARY, "deep": [(CANARY,), {CANARY}, CANARY.encode()]},
        wanted=CANARY,
        ok=False,
    )
    evidence.test(
        test="t", requirements=[], machine=None, outcome="failed", reason=f"{CANARY}!", seconds=0
    )
    evidence.finding(id="f", severity="info", text=CANARY)
    evidence.run(
        backend="lab",
        profile="stock",
        seed=1,
        emulated=False,
        simulated=False,
        no_apply=False,
        capabilities=[],
        deployment={"chap": {"password": CANARY}},
        command=["sbsim", CANARY],
        versions={},
        machine={"note": CANARY},
        started=0.0,
    )
    written = everything(tmp_path)
    assert CANARY.encode() not in written
    assert json.dumps(CANARY)[1:-1].encode() not in written
    assert json.dumps(CANARY, ensure_ascii=False)[1:-1].encode() not in written
    assert written.count(b"***") >= 10
    assert read(tmp_path).observations[0].seen["password"] == "***"


def test_consoles_are_kept_without_the_secret_and_go_with_the_next_run(tmp_path: Path) -> None:
    printed = tmp_path / "console"
    printed.mkdir()
    (printed / "host1.log").write_bytes(b"[ 1.0] \xff panic: " + CANARY.encode())
    (printed / "keeper.sock").touch()
    evidence = Evidence(tmp_path / "out")
    evidence.reset()
    evidence.redact(CANARY)
    evidence.consoles(printed)
    kept = tmp_path / "out" / "evidence" / "consoles"
    assert [path.name for path in kept.iterdir()] == ["host1.log"]
    assert (kept / "host1.log").read_text() == "[ 1.0] \ufffd panic: ***"
    evidence.reset()
    assert not kept.exists()


def test_keys_and_names_are_not_taken_for_the_secret(tmp_path: Path) -> None:
    evidence = Evidence(tmp_path)
    evidence.redact("password")
    evidence.probe(
        test="test_wrong_password_refused",
        requirement="R3.6",
        probe="wrong_password_refused",
        machine="host1",
        seen={"password": "password"},
        wanted={"password": "***"},
        ok=True,
    )
    line = json.loads((tmp_path / "evidence" / "probes.jsonl").read_text())
    assert line["test"] == "test_wrong_password_refused"
    assert line["probe"] == "wrong_password_refused"
    assert line["seen"] == {"password": "***"}


LETTERS = st.characters(exclude_characters="*\x00")


@given(
    secrets=st.lists(st.text(LETTERS, min_size=1, max_size=6), min_size=1, max_size=4),
    around=st.tuples(st.text(LETTERS, max_size=5), st.text(LETTERS, max_size=5)),
    pick=st.integers(min_value=0),
)
def test_no_secret_survives_redaction(
    secrets: list[str], around: tuple[str, str], pick: int
) -> None:
    redaction = Redaction()
    redaction.add(*secrets)
    text = redaction.text(f"{around[0]}{secrets[pick % len(secrets)]}{around[1]}")
    assert "***" in text
    assert not any(one in text.replace("***", "\x00") for one in secrets)


def test_longer_secret_leaves_no_tail() -> None:
    redaction = Redaction()
    redaction.add("open")
    redaction.add("open-sesame")
    assert redaction.text("open-sesame open") == "*** ***"


# The folder ---


def test_reset_replaces_an_earlier_run(out: Path) -> None:
    for name in ("report.html", "report.md", "result.json", "junit.xml"):
        (out / name).write_text("old")
    (out / "evidence" / "consoles").mkdir()
    (out / "evidence" / "consoles" / "storage.log").write_text("old")
    (out / "evidence" / "blobs" / ".sbsim-1-2").write_text("left by a killed run")
    Evidence(out).reset()
    assert everything(out) == b""
    assert (out / "evidence").is_dir()


def test_reset_removes_what_was_measured(out: Path) -> None:
    series = out / "bench" / "series"
    series.mkdir(parents=True)
    for path in (series / "added.4k-randread-qd1-j1.jsonl", series.parent / "run.json",
                 series.parent / "bench.html"):  # fmt: skip
        path.touch()
    (series / "mine.txt").touch()
    with pytest.raises(UsageError, match=r"mine\.txt"):
        Evidence(out).reset()
    (series / "mine.txt").unlink()
    Evidence(out).reset()
    assert not series.parent.exists()


@pytest.mark.parametrize(
    "foreign",
    ["notes.txt", "evidence/mine.csv", "evidence/blobs/holiday.jpg", "src/main.c", "result.json/x"],
)
def test_reset_refuses_a_folder_with_foreign_files(out: Path, foreign: str) -> None:
    (out / foreign).parent.mkdir(exist_ok=True)
    (out / foreign).write_text("dear to me")
    before = everything(out)
    with pytest.raises(UsageError, match=r"nothing was removed") as caught:
        Evidence(out).reset()
    assert foreign.split("/")[0] in str(caught.value)
    assert everything(out) == before


def test_reset_refuses_links_that_lead_elsewhere(out: Path, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "run.json").write_text("{}")
    other = tmp_path / "other"
    other.mkdir()
    (other / "evidence").symlink_to(tmp_path / "precious")
    with pytest.raises(UsageError):
        Evidence(other).reset()
    assert (tmp_path / "precious" / "run.json").exists()


def test_reset_makes_a_folder_that_is_missing_and_refuses_a_file(tmp_path: Path) -> None:
    Evidence(tmp_path / "a" / "b").reset()
    assert (tmp_path / "a" / "b" / "evidence" / "blobs").is_dir()
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="found a file"):
        Evidence(tmp_path / "file").reset()


def test_full_disk_is_told_plainly(fs: FakeFilesystem) -> None:
    fs.create_dir("/out")
    evidence = Evidence(Path("/out"))
    evidence.reset()
    fs.set_disk_usage(100)
    with pytest.raises(SbsimError, match=r"/out/evidence/.*[Nn]o space left"):
        command(evidence, stdout="x" * 200)
    assert not list(Path("/out/evidence/blobs").iterdir())
