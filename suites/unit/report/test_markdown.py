"""report.md: the summary survives a Markdown reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sbsim.report import write
from sbsim.report.markdown import plain
from sbsim.report.requirements import Catalogue


def test_summary_says_verdict_requirements_and_how_to_run_again(
    tmp_path: Path, sample: Any, catalogue: Catalogue
) -> None:
    sample(commands=0, wrong={("sessions", "sharedblock-host2")}).write(tmp_path)
    write(tmp_path, catalogue)
    lines = (tmp_path / "report.md").read_text().splitlines()
    assert lines[0] == "# Fail · 不通过: tutorial"
    assert lines[2].startswith("1 of 18 requirements in scope fail: R3.8. 17 pass.")
    assert [line for line in lines if line.startswith("| R3.8 | **fail** | Every host logs in")]
    assert [line for line in lines if line.startswith("| R4.1 | out of scope |")]
    assert "- warning single-link: One storage link carries every path." in lines
    assert "    sbsim accept fixtures/deployments/tutorial.toml --seed 7" in lines


def test_tables_have_as_many_cells_as_their_head(
    tmp_path: Path, sample: Any, catalogue: Catalogue
) -> None:
    evidence = sample(commands=0).write(tmp_path)
    evidence.test(
        test="a|b",
        requirements=["R3.4"],
        machine=None,
        outcome="failed",
        reason="| x |\n| y |",
        seconds=0,
    )
    write(tmp_path, catalogue)
    text = (tmp_path / "report.md").read_text().replace("\\|", "")
    rows = [line for line in text.splitlines() if line.startswith("| R")]
    assert len(rows) == 50
    assert {row.count("|") for row in rows} == {5}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain words, 3.5", "plain words, 3.5"),
        ("a\nb\t c", "a b c"),
        ("<b> &amp;", "&lt;b&gt; &amp;amp;"),
        ("[x](y) `z` *w*", "\\[x\\](y) \\`z\\` \\*w\\*"),
        ("a|b", "a\\|b"),
    ],
)
def test_markup_is_taken_literally(text: str, expected: str) -> None:
    assert plain(text) == expected
