"""One requirement: when it passes, fails, is blocked, or cannot be told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sbsim.report.records import Outcome
from sbsim.report.requirements import Probe
from sbsim.report.result import compute

from .small_run import (
    CATALOGUE,
    GOOD,
    IN_SCOPE,
    check,
    requirement,
    see,
    told,
    with_checks,
    with_seen,
    without,
)

# One requirement ---


def test_everything_seen_to_be_right_passes() -> None:
    result = compute(CATALOGUE, GOOD)
    assert [told(result, id) for id in IN_SCOPE] == [("pass", None)] * 4
    assert (result.verdict, result.exit_status) == ("pass", 0)


def test_wrong_probe_fails_though_its_test_passed() -> None:
    result = compute(CATALOGUE, with_seen(GOOD, see("R1.3", "host2", ok=False)))
    assert told(result, "R1.3") == ("fail", "fact: not as wanted on host2")
    assert (result.verdict, result.exit_status) == ("fail", 1)


@pytest.mark.parametrize("outcome", ["failed", "error"])
def test_failed_check_fails_though_its_probes_are_right(outcome: Outcome) -> None:
    result = compute(CATALOGUE, with_checks(GOOD, check("R1.3", outcome=outcome)))
    assert told(result, "R1.3") == ("fail", f"t[R1.3] failed: why it {outcome}")
    assert result.tests.failed == 1


def test_one_wrong_record_outweighs_a_right_one() -> None:
    twice = replace(GOOD, observations=(*GOOD.observations, see("R1.3", "host1", ok=False)))
    assert compute(CATALOGUE, twice).requirements["R1.3"].status == "fail"
    for extra in ("failed", "passed"):
        other = "passed" if extra == "failed" else "failed"
        checks = [check("R1.3", outcome=extra), check("R1.3", outcome=other)]  # type: ignore[arg-type]
        result = compute(CATALOGUE, with_checks(GOOD, *checks))
        assert result.requirements["R1.3"].status == "fail"
        assert result.tests.model_dump() == {"passed": 3, "failed": 1, "skipped": 0, "blocked": 0}


def test_probe_missing_on_one_machine_is_inconclusive_and_named() -> None:
    result = compute(CATALOGUE, without(GOOD, "R1.3", "host2"))
    assert told(result, "R1.3") == ("inconclusive", "fact: not recorded on host2")
    assert (result.verdict, result.exit_status) == ("inconclusive", 3)


def test_probe_of_another_machine_or_name_does_not_fill_the_gap() -> None:
    gap = without(GOOD, "R1.3", "host2")
    more = (see("R1.3", "storage"), see("R1.3", None), see("R1.3", "host2", fact="fcat"))
    result = compute(CATALOGUE, with_seen(gap, *more))
    assert result.requirements["R1.3"].status == "inconclusive"


def test_probe_that_could_not_be_told_is_inconclusive() -> None:
    result = compute(CATALOGUE, with_seen(GOOD, see("R1.3", "host1", ok=None)))
    assert told(result, "R1.3") == ("inconclusive", "fact: could not be told on host1")


def test_probes_without_a_check_are_untested() -> None:
    alone = replace(GOOD, checks=tuple(one for one in GOOD.checks if "R1.3" not in one.test))
    assert told(compute(CATALOGUE, alone), "R1.3") == ("untested", "no check ran")


def test_skipped_checks_alone_are_untested_with_their_reason() -> None:
    result = compute(CATALOGUE, with_checks(GOOD, check("R1.3", outcome="skipped")))
    reason = "no check ran; t[R1.3] was skipped: why it skipped"
    assert told(result, "R1.3") == ("untested", reason)
    assert result.tests.skipped == 1


def test_blocked_check_blocks() -> None:
    result = compute(CATALOGUE, with_checks(GOOD, check("R1.3", outcome="blocked")))
    assert told(result, "R1.3") == ("blocked", "t[R1.3] was blocked: why it blocked")
    assert result.verdict == "inconclusive"


def test_requirement_without_probes_never_passes() -> None:
    bare = requirement(7).model_copy(update={"probes": ()})
    catalogue = CATALOGUE.model_copy(update={"requirements": (*CATALOGUE.requirements, bare)})
    result = compute(catalogue, with_checks(GOOD, check("R1.7")))
    assert told(result, "R1.7") == ("inconclusive", "the catalogue names no probe for it")


@pytest.mark.parametrize(
    ("on", "places"),
    [
        ("hosts", ["host1", "host2"]),
        ("storage", ["storage"]),
        ("management", ["mn"]),
        ("machines", ["host1", "host2", "mn", "storage"]),
        ("deployment", ["deployment"]),
    ],
)
def test_probe_is_wanted_on_every_machine_of_its_scope(on: Any, places: list[str]) -> None:
    one = requirement(1).model_copy(update={"probes": (Probe(fact="fact", on=on),)})
    catalogue = CATALOGUE.model_copy(update={"requirements": (one,)})
    recorded = replace(GOOD, checks=(check("R1.1"),), observations=())
    reason = compute(catalogue, recorded).requirements["R1.1"].reason
    assert reason == f"fact: not recorded on {', '.join(places)}"


# What blocks what ---


def test_failure_behind_a_failure_on_the_same_machine_is_blocked() -> None:
    broken = with_seen(GOOD, see("R1.1", "host2", ok=False), see("R1.2", "host2", ok=False))
    broken = without(broken, "R1.3", "host2")
    broken = with_checks(broken, check("R1.2", outcome="failed"))
    result = compute(CATALOGUE, broken)
    assert told(result, "R1.1") == ("fail", "fact: not as wanted on host2")
    assert told(result, "R1.2") == ("blocked", "cannot be judged on host2: R1.1 failed there")
    # R1.2 did not fail by itself, so the root is named, not it.
    assert told(result, "R1.3") == ("blocked", "cannot be judged on host2: R1.1 failed there")
    assert result.verdict == "fail"


def test_gap_behind_a_failure_passes_the_block_on() -> None:
    broken = with_seen(GOOD, see("R1.1", "host2", ok=False), see("R1.3", "host2", ok=False))
    result = compute(CATALOGUE, without(broken, "R1.2", "host2"))
    for id in ("R1.2", "R1.3"):
        assert told(result, id) == ("blocked", "cannot be judged on host2: R1.1 failed there")


def test_failure_outweighs_a_block() -> None:
    broken = with_checks(GOOD, check("R1.3", outcome="blocked"))
    broken = with_seen(broken, see("R1.3", "host1", ok=False))
    assert told(compute(CATALOGUE, broken), "R1.3") == ("fail", "fact: not as wanted on host1")


def test_failure_on_another_machine_is_its_own() -> None:
    broken = with_seen(GOOD, see("R1.1", "host2", ok=False), see("R1.2", "host1", ok=False))
    assert told(compute(CATALOGUE, broken), "R1.2") == ("fail", "fact: not as wanted on host1")


def test_what_was_seen_to_be_right_stays_right() -> None:
    broken = with_seen(GOOD, see("R1.1", "host2", ok=False))
    assert told(compute(CATALOGUE, broken), "R1.2") == ("pass", None)


def test_failed_check_of_a_machine_is_blocked_with_the_machine() -> None:
    broken = with_seen(GOOD, see("R1.1", "host2", ok=False))
    for machine, status in (("host2", "blocked"), ("host1", "fail"), (None, "fail")):
        failed = check("R1.2", outcome="error", machine=machine)
        assert compute(CATALOGUE, with_checks(broken, failed)).requirements["R1.2"].status == status


def test_check_that_fails_without_a_place_fails_everywhere() -> None:
    broken = with_checks(GOOD, check("R1.1", outcome="error"), check("R1.2", outcome="error"))
    result = compute(CATALOGUE, broken)
    assert result.requirements["R1.1"].status == "fail"
    assert told(result, "R1.2") == (
        "blocked",
        "cannot be judged on host1, host2: R1.1 failed there",
    )


def test_blocked_check_excuses_no_failure() -> None:
    broken = with_checks(GOOD, check("R1.1", outcome="blocked", machine="host2"))
    broken = with_seen(broken, see("R1.2", "host2", ok=False))
    assert compute(CATALOGUE, broken).requirements["R1.2"].status == "fail"


def test_id_out_of_scope_excuses_no_failure() -> None:
    broken = with_seen(GOOD, see("R1.4", "host2", ok=False), see("R1.6", "host2", ok=False))
    assert compute(CATALOGUE, broken).requirements["R1.6"].status == "fail"
