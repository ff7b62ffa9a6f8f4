"""A run's folder: begun, gone on with, read again, reported."""

from __future__ import annotations

import json
import math
import random
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sbsim.bench import page
from sbsim.bench.compare_runs import compare_runs
from sbsim.bench.errors import UnreadableSeries
from sbsim.bench.histogram import Histogram
from sbsim.bench.layers import Layer
from sbsim.bench.run import Kept, Plan, contests_of, verdicts_of
from sbsim.bench.series import Heading, Keeper, Pair, Reading
from sbsim.bench.verdict import Status, exit_status
from sbsim.bench.workloads import PRESETS, Workload
from sbsim.cli import app
from sbsim.errors import SbsimError
from sbsim.report.folder import BENCH_REPORT

READ = Workload("randread", 4096)
MIXED = Workload("randrw", 4096, 32, 4, 70, (("fsync", "1"),))
PLAN = Plan(
    deployment="tutorial",
    host="host1",
    storage="PS-1",
    preset="quick",
    workloads=(READ,),
    margin=0.05,
    seed=1,
    kind="emulated",
    capabilities=("real_kernel",),
    machine={"cpus": 2, "memory": 2**33},
    command="sbsim bench --preset quick",
)


def keep(kept: Kept, contest: str, sides: tuple[str, str], ratio: float, seed: int = 0) -> None:
    draw = random.Random(f"{contest} {ratio} {seed}")
    keeper = Keeper(
        kept.path(contest, READ.name), Heading(READ.name, sides, "emulated", PLAN.machine)
    )
    for number in range(1, 21):
        paces = {sides[0]: 1000 * ratio, sides[1]: 1000.0}
        readings = {}
        for side, pace in paces.items():
            iops = pace * math.exp(draw.gauss(0, 0.01))
            slow = Histogram({round(1e9 / iops): 99, 9_000_000: 1}, 9_100_000)
            readings[side] = Reading(iops, iops * 4096, slow, 2e-5)
        keeper.add(Pair(number, sides, readings))


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    found = Kept(tmp_path / "one")
    found.check(resume=False)
    found.begin(PLAN)
    keep(found, "noise", ("lun", "lun-again"), 1.0)
    keep(found, "added", ("lv", "lun"), 0.98)
    keep(found, "claim", ("lv", "disk"), 0.16)
    return found


def test_plan_is_read_as_it_was_kept(tmp_path: Path) -> None:
    plan = replace(PLAN, workloads=(READ, MIXED))
    Kept(tmp_path).begin(plan)
    assert Kept(tmp_path).plan() == plan


def test_a_folder_is_gone_on_with_only_if_asked(kept: Kept) -> None:
    with pytest.raises(UnreadableSeries, match="holds measurements already; go on with them by"):
        kept.check(resume=False)
    kept.check(resume=True)
    kept.begin(PLAN)
    with pytest.raises(UnreadableSeries, match="holds a run of something else"):
        kept.begin(replace(PLAN, margin=0.1))


def test_nothing_is_gone_on_with_where_nothing_is(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSeries, match="no run to go on with"):
        Kept(tmp_path / "new").check(resume=True)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"schema": 9}', '{"schema": 1, "host": "x"}'])
def test_a_foreign_plan_is_no_run(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(UnreadableSeries, match=r"run\.json"):
        Kept(tmp_path).plan()


def test_on_emulated_machines_the_claim_is_not_judged(kept: Kept) -> None:
    added, claim = verdicts_of(kept.plan(), kept.found())
    assert (added.status, added.judged) == (Status.PASS, True)
    assert (claim.status, claim.judged) == (Status.INCONCLUSIVE, False)
    assert exit_status((added, claim)) == 3


def test_where_io_is_measured_the_claim_is_judged(kept: Kept) -> None:
    plan = replace(PLAN, capabilities=("measured_io", "real_kernel"))
    verdicts = verdicts_of(plan, kept.found())
    assert [one.status for one in verdicts] == [Status.PASS, Status.FAIL]
    assert exit_status(verdicts) == 1


def test_too_few_pairs_show_nothing(kept: Kept) -> None:
    path = kept.path("added", READ.name)
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:5]))
    found = {one.contest: one for one in kept.found()}
    assert found["added"].comparison is None
    assert "4 pairs" in found["added"].why_none
    assert verdicts_of(PLAN, kept.found())[0].status is Status.INCONCLUSIVE


def test_a_run_that_was_cut_off_passes_nothing(kept: Kept) -> None:
    plan = replace(PLAN, workloads=(READ, MIXED))
    added, _ = verdicts_of(plan, kept.found())
    assert (added.status, added.missing) == (Status.INCONCLUSIVE, (MIXED.name,))
    assert f"{MIXED.name}: nothing is shown yet" in added.sentence
    text = page.render(plan, kept.found())
    assert f"nothing is shown for {MIXED.name}" in text
    assert f"{MIXED.name} 没有结果" in text


def test_what_fails_fails_before_all_is_measured(kept: Kept) -> None:
    plan = replace(PLAN, workloads=(READ, MIXED), capabilities=("measured_io", "real_kernel"))
    assert verdicts_of(plan, kept.found())[1].status is Status.FAIL


def test_a_preset_that_asks_for_steadiness_counts_from_there(kept: Kept) -> None:
    (kept.folder / "run.json").unlink()
    kept.begin(replace(PLAN, preset="full"))
    assert all(one.comparison is not None for one in kept.found())
    path = kept.path("added", READ.name)
    heading, *pairs = path.read_text().splitlines(keepends=True)
    changed = [json.loads(line) for line in pairs]
    for number, line in enumerate(changed):
        line["pair"]["readings"]["lun"]["iops"] = 1000.0 * 2**number
    path.write_text(heading + "".join(json.dumps(line) + "\n" for line in changed))
    added = next(one for one in kept.found() if one.contest == "added")
    assert added.comparison is None
    assert "no steady state" in added.why_none


def test_what_is_compared_follows_from_the_layers() -> None:
    layers = tuple(
        Layer(name, "m", f"/dev/{name}", 0, 2**27) for name in ("disk", "lun", "multipath", "lv")
    )  # type: ignore[misc]
    quick = [(one.name, one.sides) for one in contests_of(layers, PRESETS["quick"])]
    assert quick == [
        ("noise", ("multipath", "multipath-again")),
        ("added", ("lv", "multipath")),
        ("claim", ("lv", "disk")),
    ]
    more = [one.name for one in contests_of(layers, PRESETS["standard"])]
    assert more == ["noise", "added", "claim", "lun-disk", "multipath-lun"]


# --- the report -------------------------------------------------------------------------------


def test_report_tells_the_verdict_in_both_languages(kept: Kept) -> None:
    text = page.write(kept).read_text()
    added = next(one.comparison for one in kept.found() if one.contest == "added")
    assert added is not None
    for words in ("Inconclusive", "无法判定", f"{added.ratio:.3f}", "sbsim bench --preset quick",
                  "lun / lun-again", "Not judged", "不作判定", "p99.9", "8 GiB"):  # fmt: skip
        assert words in text
    raw = text.partition('id="raw">')[2].partition("</script>")[0]
    series = json.loads(raw)["series"]
    assert {one["contest"] for one in series} == {"noise", "added", "claim"}
    assert len(series[0]["rounds"]) == 20


def test_report_runs_nothing_that_was_measured(kept: Kept) -> None:
    evil = "</script><script>alert(1)</script><b>"
    text = page.render(replace(PLAN, command=evil, host=evil, machine={evil: evil}), kept.found())
    assert "<script>alert" not in text
    assert text.count("<script") == 1
    assert "default-src 'none'" in text


def test_report_of_a_run_that_measured_nothing(tmp_path: Path) -> None:
    assert "Nothing was measured" in page.render(PLAN, [])


# --- two runs ---------------------------------------------------------------------------------


def other(tmp_path: Path, added: float) -> Kept:
    found = Kept(tmp_path / f"other-{added}")
    found.check(resume=False)
    found.begin(PLAN)
    keep(found, "added", ("lv", "lun"), added, seed=2)
    return found


@pytest.mark.parametrize(("ratio", "status"), [(0.98, 0), (1.2, 1), (0.8, 0)])
def test_two_runs_are_compared(kept: Kept, tmp_path: Path, ratio: float, status: int) -> None:
    found = compare_runs(kept, other(tmp_path, ratio))
    (one,) = found.compared
    assert one.comparison.ratio == pytest.approx(0.98 / ratio, rel=0.02)
    assert found.exit_status == status
    assert found.alone == (f"claim.{READ.name}", f"noise.{READ.name}")


def test_runs_with_nothing_in_common_are_not_compared(kept: Kept, tmp_path: Path) -> None:
    empty = Kept(tmp_path / "empty")
    empty.check(resume=False)
    empty.begin(PLAN)
    with pytest.raises(UnreadableSeries, match="nothing in common"):
        compare_runs(kept, empty)


# --- the command line -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["--preset", "fast"], "expected one of quick, standard, full"),
        (["--host", "host9"], "--host 'host9' is not described; expected sharedblock-host1"),
        (["--storage", "PS-9"], "--storage 'PS-9' is not described"),
        (["nowhere.toml"], "nowhere.toml"),
        (["--job", "nowhere.fio"], "nowhere.fio: cannot be read"),
        (["--resume", "--out", "nowhere"], "nowhere holds no run to go on with"),
        (["--out", "/proc/nowhere"], "/proc/nowhere cannot be made"),
        (["compare", "nowhere", "elsewhere"], "nowhere: expected the folder of a run"),
        (["report", "nowhere"], "nowhere: expected the folder of a run"),
    ],
)
def test_bad_usage_changes_nothing(
    argv: list[str], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["bench", *argv])
    assert isinstance(result.exception, SbsimError)
    assert result.exception.exit_status == 2
    assert expected in str(result.exception)
    assert not list(tmp_path.iterdir())


def test_a_report_is_made_again(kept: Kept) -> None:
    result = CliRunner().invoke(app, ["bench", "report", str(kept.folder)])
    assert result.exception is None
    assert "added: pass" in result.stdout
    assert (kept.folder / BENCH_REPORT).exists()
