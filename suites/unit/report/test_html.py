"""report.html: one safe file that says the verdict first and hides nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from sbsim.report import write
from sbsim.report.requirements import Catalogue

from .page import Page

HOST = "sharedblock-host2"
HOSTILE = "</pre></style><script>alert(1)</script><img src=x onerror=alert(2)>\"'{{7*7}}<!--"


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


def test_passing_run_says_so_first(made: Any) -> None:
    _, page = made("pass", commands=2)
    assert not page.open
    heads = page.text.index("All 18 requirements in scope pass.")
    assert heads < page.text.index("Drawn from the description")
    assert "范围内的 18 项需求全部通过。" in page.text
    assert "Outside the scope of this run, and not counted: 32" in page.text
    assert len(page.with_class("is-pass")) >= 37  # verdict, tiles and rows


def test_failing_run_names_the_failed_id_first(failed: tuple[Path, Page]) -> None:
    _, page = failed
    assert "1 of 18 requirements in scope fail: R3.8." in page.text
    assert "1 blocked: R3.9." in page.text
    assert "1 inconclusive: R3.3." in page.text
    assert "范围内 18 项需求中有 1 项不通过：R3.8。" in page.text


def test_reasons_stand_in_both_languages(failed: tuple[Path, Page]) -> None:
    _, page = failed
    assert f"cannot be judged on {HOST}: R3.8 failed there" in page.text
    assert f"无法在 {HOST} 上判定：R3.8 在该处未通过" in page.text
    assert "storage 上没有 chap 的记录" in page.text


def test_every_requirement_has_a_row_and_only_failed_ones_are_open(
    failed: tuple[Path, Page], catalogue: Catalogue
) -> None:
    _, page = failed
    rows = page.with_class("requirement")
    assert [row["id"] for row in rows] == [one.id for one in catalogue.requirements]
    assert [row["id"] for row in rows if "open" in row] == ["R3.8"]


def test_evidence_shows_what_was_seen_and_the_commands_behind_it(
    failed: tuple[Path, Page],
) -> None:
    _, page = failed
    assert "something else" in page.text
    assert "iscsiadm -m discovery -t sendtargets -p 172.20.12.221" in page.text
    assert "iscsiadm: No active sessions." in page.text
    assert "status 21 · 状态码 21" not in page.text
    assert re.search(
        r"line 13: udev .*… cut; all \d+ bytes: evidence/blobs/[0-9a-f]{64}", page.text
    )
    assert "line 14: udev" not in page.text


def test_page_needs_no_network_and_no_scripts(failed: tuple[Path, Page]) -> None:
    folder, page = failed
    assert not {tag for tag, _ in page.elements} & {"script", "link", "img", "iframe", "object"}
    for tag, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on")], tag
        for name in ("href", "src", "xlink:href"):
            assert (attributes.get(name) or "#").startswith("#"), (tag, attributes)
    text = (folder / "report.html").read_text()
    assert "default-src 'none'" in text
    assert "url(" not in text
    assert "@import" not in text


def test_links_and_symbols_lead_somewhere(failed: tuple[Path, Page]) -> None:
    _, page = failed
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in page.elements:
        for name in ("href", "for"):
            if name in attributes:
                assert (attributes[name] or "").removeprefix("#") in ids


def test_state_has_a_shape_and_words_besides_its_colour(failed: tuple[Path, Page]) -> None:
    folder, page = failed
    text = (folder / "report.html").read_text()
    assert len(re.findall(r'<span class="status"><svg class="icon"', text)) == 50
    uses = {attributes.get("href") for tag, attributes in page.elements if tag == "use"}
    assert {"#i-pass", "#i-fail", "#i-blocked", "#i-inconclusive", "#i-out-of-scope"} <= uses
    for word in (
        "Pass",
        "Fail",
        "Blocked",
        "Inconclusive",
        "Out of scope",
        "通过",
        "不通过",
        "受阻",
    ):
        assert word in page.text


def test_languages_are_balanced(failed: tuple[Path, Page]) -> None:
    _, page = failed
    assert len(page.with_class("en")) == len(page.with_class("zh")) > 300


def test_hostile_evidence_stays_text(
    tmp_path: Path, sample: Any, catalogue: Catalogue, describe: Any
) -> None:
    deployment = describe()
    deployment["name"] = HOSTILE
    deployment["hosts"][1]["name"] = HOSTILE
    deployment["links"][0]["name"] = HOSTILE
    deployment["storage_servers"][0]["targets"][0]["iqn"] = HOSTILE
    deployment["storage_servers"][0]["targets"][0]["luns"][0]["name"] = HOSTILE
    maker = sample(commands=1, deployment=deployment, wrong={("sessions", HOSTILE)})
    evidence = maker.write(tmp_path)
    evidence.finding(id=HOSTILE, severity="error", text=HOSTILE, where=HOSTILE)
    evidence.phase(name=HOSTILE, seconds=3)
    evidence.command(
        at=1,
        test=HOSTILE,
        phase=HOSTILE,
        machine=HOSTILE,
        argv=[HOSTILE],
        status=1,
        seconds=1,
        stdout=HOSTILE,
        stderr=HOSTILE,
    )
    evidence.test(
        test=HOSTILE,
        requirements=["R3.4", HOSTILE],
        machine=None,
        outcome="failed",
        reason=HOSTILE,
        seconds=1,
    )
    evidence.probe(
        test=HOSTILE,
        requirement="R3.4",
        probe=HOSTILE,
        machine=HOSTILE,
        seen={HOSTILE: HOSTILE},
        wanted=HOSTILE,
        ok=False,
    )
    result = write(tmp_path, catalogue)
    text = (tmp_path / "report.html").read_text()
    page = Page(text)
    assert result.verdict == "fail"
    assert not page.open
    assert "script" not in {tag for tag, _ in page.elements}
    assert "img" not in {tag for tag, _ in page.elements}
    assert not [one for _, attributes in page.elements for one in attributes if one == "onerror"]
    assert "<script" not in text
    assert "{{7*7}}" in page.text  # shown, not worked out
    assert page.text.count("alert(1)") > 10
    assert "<script" not in (tmp_path / "report.md").read_text()


def test_odd_values_and_bytes_do_no_harm(tmp_path: Path, sample: Any, catalogue: Catalogue) -> None:
    evidence = sample(commands=0).write(tmp_path)
    evidence.probe(
        test="t",
        requirement="R3.4",
        probe="x",
        machine=None,
        seen="\udcff\x00",
        wanted=None,
        ok=None,
    )
    evidence.probe(
        test="t", requirement="R3.4", probe="big", machine="m", seen="y" * 9000, wanted=[], ok=True
    )
    evidence.sessions([])
    write(tmp_path, catalogue)
    page = Page((tmp_path / "report.html").read_text())
    assert "could not be told" in page.text
    assert "… cut; see evidence/probes.jsonl" in page.text
    assert "y" * 6001 not in page.text


@pytest.mark.parametrize(
    "deployment",
    [
        {},
        {
            "name": "x",
            "hosts": None,
            "storage_servers": "none",
            "links": [3],
            "management_node": [],
        },
        {"hosts": [{}], "storage_servers": [{"targets": [{}], "controllers": [{"portals": [{}]}]}]},
    ],
)
def test_description_of_another_shape_is_no_obstacle(
    tmp_path: Path, sample: Any, catalogue: Catalogue, deployment: dict[str, Any]
) -> None:
    maker = sample(commands=1)
    maker.deployment = deployment
    maker.sessions = []
    maker.capabilities = ()
    maker.write(tmp_path)
    assert write(tmp_path, catalogue).verdict == "inconclusive"
    assert not Page((tmp_path / "report.html").read_text()).open


def test_commands_of_a_test_are_shown_once_and_the_last_ones(
    tmp_path: Path, sample: Any, catalogue: Catalogue
) -> None:
    evidence = sample(commands=0).write(tmp_path)
    for number in range(55):
        evidence.command(
            at=1,
            test="long",
            phase=None,
            machine="m",
            argv=["step", f"no-{number}."],
            status=0,
            seconds=0.1,
        )
    evidence.test(
        test="long",
        requirements=["R3.4", "R3.5"],
        machine=None,
        outcome="passed",
        reason=None,
        seconds=1,
    )
    write(tmp_path, catalogue)
    text = Page((tmp_path / "report.html").read_text()).text
    assert "no-14." not in text
    assert text.count("no-15.") == text.count("no-54.") == 1
    assert "15 earlier commands are in evidence/commands.jsonl" in text
    assert text.count("commands: see R3.4") == 1
