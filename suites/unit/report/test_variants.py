"""What is judged on variants of the deployment counts like the rest, and is told as theirs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sbsim.errors import UsageError
from sbsim.report import folder, html, markdown
from sbsim.report.evidence import Evidence
from sbsim.report.recorded import Recorded, read
from sbsim.report.records import End, Finding
from sbsim.report.result import compute

from .small_run import CATALOGUE, GOOD, HOSTS, IN_SCOPE, RUN, check, see, told

POOL = ("R1.4", "R1.5")
# The variant has the same hosts by other names, and a pool.
NAMES = tuple(f"other-{host}" for host in HOSTS)
VARIANT = Recorded(
    run=RUN.model_copy(
        update={
            "capabilities": ("machines", "pool"),
            "only": POOL,
            "deployment": {**RUN.deployment, "hosts": [{"name": name} for name in NAMES]},
        }
    ),
    end=End(seconds=2.5),
    checks=tuple(check(id) for id in POOL),
    observations=tuple(see(id, name) for id in POOL for name in NAMES),
)


def judged_on(**variants: Recorded) -> Recorded:
    return replace(
        GOOD, run=RUN.model_copy(update={"variants": {"other": POOL}}), variants=variants
    )


def test_what_a_variant_shows_is_in_scope_and_counts() -> None:
    result = compute(CATALOGUE, judged_on(other=VARIANT))
    assert result.scope == ("R1.1", "R1.2", "R1.3", "R1.4", "R1.5", "R1.6")
    assert {one: result.requirements[one].on for one in result.scope} == {
        **dict.fromkeys(IN_SCOPE), **dict.fromkeys(POOL, "other")
    }  # fmt: skip
    assert (result.verdict, result.seconds) == ("pass", 12.0)
    assert result.tests.passed == len(IN_SCOPE) + len(POOL)
    assert result.phases == {"variant other": 2.5}


def test_failure_on_a_variant_fails_the_whole() -> None:
    bad = replace(VARIANT, observations=(see("R1.4", NAMES[0], ok=False),))
    result = compute(CATALOGUE, judged_on(other=bad))
    assert result.verdict == "fail"
    assert told(result, "R1.4")[0] == "fail"
    assert NAMES[0] in (told(result, "R1.4")[1] or "")


def test_variant_that_did_not_begin_leaves_its_requirements_open() -> None:
    result = compute(CATALOGUE, judged_on())
    reason = "is judged on the deployment other, whose run did not begin"
    assert [told(result, one) for one in POOL] == [("untested", reason)] * 2
    assert result.verdict == "inconclusive"


@pytest.mark.parametrize("end", [None, End(seconds=2.5, interrupted=True)])
def test_variant_that_was_cut_short_is_no_pass(end: End | None) -> None:
    result = compute(CATALOGUE, judged_on(other=replace(VARIANT, end=end)))
    assert result.verdict == "inconclusive"
    assert [(one.id, one.where) for one in result.findings] == [("run-cut-short", "other")]


def test_findings_of_a_variant_say_where_they_are_from() -> None:
    found = (
        Finding(id="lun-masked", severity="error", text="x", where="openfiler"),
        Finding(id="pool-effort", severity="info", text="y"),
    )
    result = compute(CATALOGUE, judged_on(other=replace(VARIANT, findings=found)))
    assert [(one.id, one.where) for one in result.findings] == [("lun-masked", "other: openfiler")]


def test_pages_show_the_variants_facts_and_lead_to_its_report() -> None:
    recorded = judged_on(other=VARIANT)
    result = compute(CATALOGUE, recorded)
    page = html.render(CATALOGUE, result, recorded)
    assert ", ".join(NAMES) in page
    assert "judged on the deployment other" in page
    assert page.count('href="variants/other/report.html"') == len(POOL)
    assert "| R1.4 | pass | x | on other |" in markdown.render(CATALOGUE, result, recorded)


def written(place: Path, recorded: Recorded) -> None:
    """Begin a run there, as `recorded.run` says."""
    evidence = Evidence(place)
    evidence.reset()
    evidence.run(**recorded.run.model_dump())
    evidence.end(seconds=1.0, interrupted=False)


def test_variants_are_read_back_and_cleared_with_the_run(tmp_path: Path) -> None:
    written(tmp_path, judged_on())
    assert read(tmp_path).variants == {}
    written(tmp_path / folder.VARIANTS / "other", VARIANT)
    assert read(tmp_path).variants["other"].run.only == POOL
    folder.clear(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_strangers_file_among_the_variants_is_kept(tmp_path: Path) -> None:
    written(tmp_path / folder.VARIANTS / "other", VARIANT)
    mine = tmp_path / folder.VARIANTS / "other" / "mine.txt"
    mine.write_text("mine")
    with pytest.raises(UsageError, match=r"found variants/other/mine\.txt; nothing was removed"):
        folder.clear(tmp_path)
    assert read(mine.parent).run.only == POOL
