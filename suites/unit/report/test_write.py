"""Writing a run's report, and making it anew from what lies in its folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sbsim.errors import UsageError
from sbsim.report import rebuild, write
from sbsim.report.requirements import Catalogue

from .page import Page

HOST = "sharedblock-host2"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, sample: Any, catalogue: Catalogue) -> Any:
    """Reports by what the sample was told, each made once."""

    def make(name: str, **options: Any) -> tuple[Path, Page]:
        folder = tmp_path_factory.getbasetemp() / f"report-{name}"
        if not folder.exists():
            sample(**options).write(folder)
            write(folder, catalogue)
        return folder, Page((folder / "report.html").read_text())

    return make


@pytest.fixture(scope="module")
def failed(made: Any) -> tuple[Path, Page]:
    facts = ("sessions", "lun_list")
    return made("failed", wrong={(fact, HOST) for fact in facts}, silent={("chap", "storage")})  # type: ignore[no-any-return]


def test_write_leaves_the_whole_report(failed: tuple[Path, Page]) -> None:
    folder, _ = failed
    assert {path.name for path in folder.iterdir()} == {
        *("evidence", "result.json", "report.html", "report.md")
    }
    written = json.loads((folder / "result.json").read_text())
    assert (written["verdict"], written["tests"]["failed"]) == ("fail", 2)


def test_rebuild_makes_the_same_pages_from_the_folder_alone(failed: tuple[Path, Page]) -> None:
    folder, _ = failed
    names = ("report.html", "report.md", "result.json")
    before = {name: (folder / name).read_bytes() for name in names}
    for name in names[:2]:
        (folder / name).unlink()
    assert rebuild(folder).verdict == "fail"
    assert {name: (folder / name).read_bytes() for name in names} == before


def test_rebuild_takes_the_verdict_from_result_json(
    tmp_path: Path, sample: Any, catalogue: Catalogue
) -> None:
    sample(commands=1).write(tmp_path)
    write(tmp_path, catalogue)
    path = tmp_path / "result.json"
    written = json.loads(path.read_text())
    written["verdict"] = "fail"
    written["requirements"]["R3.9"] |= {"status": "fail", "reason": "said by an older sbsim"}
    path.write_text(json.dumps(written))
    assert rebuild(tmp_path).exit_status == 1
    page = Page((tmp_path / "report.html").read_text())
    assert "requirements in scope fail: R3.9." in page.text
    assert "said by an older sbsim" in page.text


def test_rebuild_of_a_killed_run_makes_its_result(tmp_path: Path, sample: Any) -> None:
    sample(commands=1, ended=False).write(tmp_path)
    (tmp_path / "evidence" / "sessions.json").unlink()
    result = rebuild(tmp_path)
    assert result.verdict == "inconclusive"
    assert (tmp_path / "result.json").exists()
    page = Page((tmp_path / "report.html").read_text())
    assert "The run was cut short: what is missing did not run." in page.text
    assert "not looked at" in page.text
    assert "#i-s-down" not in {one.get("href") for tag, one in page.elements[60:] if tag == "line"}


def test_write_keeps_the_catalogue_for_a_later_rebuild(
    tmp_path: Path, sample: Any, catalogue: Catalogue
) -> None:
    sample(commands=0).write(tmp_path)
    (tmp_path / "evidence" / "requirements.json").unlink()
    write(tmp_path, catalogue)
    assert rebuild(tmp_path).verdict == "pass"


def test_rebuild_refuses_what_is_no_run(tmp_path: Path, sample: Any) -> None:
    with pytest.raises(UsageError, match=r"no .*run\.json"):
        rebuild(tmp_path)
    sample(commands=0).write(tmp_path)
    (tmp_path / "evidence" / "requirements.json").unlink()
    with pytest.raises(UsageError, match=r"no .*requirements\.json"):
        rebuild(tmp_path)


def test_nothing_is_left_unfinished(failed: tuple[Path, Page]) -> None:
    folder, _ = failed
    assert not [path for path in folder.rglob("*") if path.name.startswith(".sbsim-")]
