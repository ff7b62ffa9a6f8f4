"""Evidence read back: a killed run is read, a broken file is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sbsim.errors import UsageError
from sbsim.report.evidence import Evidence
from sbsim.report.recorded import read, read_catalogue
from sbsim.report.records import Session


@pytest.fixture
def out(tmp_path: Path, sample: Any) -> Path:
    sample(commands=1).write(tmp_path / "out")
    return tmp_path / "out"


@pytest.mark.parametrize("name", ["commands", "probes", "tests", "findings", "phases"])
def test_cut_off_last_line_is_passed_over(out: Path, name: str) -> None:
    path = out / "evidence" / f"{name}.jsonl"
    lines = path.read_bytes().count(b"\n")
    path.write_bytes(path.read_bytes()[:-7])
    recorded = read(out)
    kept = {
        "commands": recorded.commands,
        "probes": recorded.observations,
        "tests": recorded.checks,
        "findings": recorded.findings,
        "phases": recorded.phases,
    }
    assert len(kept[name]) == lines - 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{broken\n", "expected JSON"),
        (b"\xff\xfe\n", "expected JSON"),
        (b"[" * 100_000 + b"\n", "expected JSON"),
        (b"[1, 2]\n", "expected a check"),
        (b'{"test": "t", "outcome": "perfect"}\n', "outcome"),
        (b'{"test": "t"}', "outcome"),
    ],
)
def test_broken_line_is_named_by_file_and_number(out: Path, line: bytes, said: str) -> None:
    path = out / "evidence" / "tests.jsonl"
    first = path.read_bytes().splitlines(keepends=True)[0]
    path.write_bytes(first + line)
    with pytest.raises(UsageError, match=r"tests\.jsonl:2: ") as caught:
        read(out)
    assert said in str(caught.value)


@pytest.mark.parametrize("name", ["run.json", "end.json", "sessions.json", "requirements.json"])
@pytest.mark.parametrize("content", ["{", "3", '{"seconds": "x"}', "[{}]"])
def test_broken_object_is_named(out: Path, name: str, content: str) -> None:
    (out / "evidence" / name).write_text(content)
    reader = read_catalogue if name == "requirements.json" else read
    with pytest.raises(UsageError, match=name.replace(".", r"\.")):
        reader(out)


def test_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no .*run\.json"):
        read(tmp_path)


def test_run_killed_early_is_read(out: Path) -> None:
    for path in (out / "evidence").iterdir():
        if path.is_file() and path.name != "run.json":
            path.unlink()
    recorded = read(out)
    assert recorded.end is None
    assert recorded.sessions is None
    assert recorded.checks == ()
    assert read_catalogue(out) is None


def test_line_separators_of_unicode_do_not_split_a_line(out: Path) -> None:
    Evidence(out).finding(id="f", severity="info", text="a\u2028b\x85c", where=None)
    assert read(out).findings[-1].text == "a\u2028b\x85c"


def test_sessions_are_replaced(out: Path) -> None:
    one = Session(host="h", portal="p", target="t", state="FREE")
    Evidence(out).sessions([one])
    assert read(out).sessions == (one,)
