"""The verdict for any evidence: nothing bad makes it better, and order does not matter."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sbsim.report.recorded import Recorded
from sbsim.report.records import Check, End, Observation, Phase
from sbsim.report.result import compute

from .small_run import (
    CATALOGUE,
    GOOD,
    HOSTS,
    IN_SCOPE,
    check,
    see,
    without,
)

few = settings(max_examples=60)
RANK = {"fail": 0, "inconclusive": 1, "pass": 2}

ids = st.sampled_from(["R1.1", "R1.2", "R1.3", "R1.4", "R1.6", "R7.7"])
places = st.sampled_from([*HOSTS, "storage", None])
observations = st.builds(see, ids, places, st.sampled_from([True, False, None]))
checks = st.builds(
    lambda ids, outcome, machine: check(*ids, outcome=outcome, machine=machine),
    st.lists(ids, max_size=2, unique=True),
    st.sampled_from(["passed", "failed", "blocked", "skipped", "error"]),
    places,
)
runs = st.builds(
    lambda base, seen, done, phases, end: replace(
        base,
        observations=(*base.observations, *seen),
        checks=(*base.checks, *done),
        phases=tuple(Phase(name=name, seconds=seconds) for name, seconds in phases),
        end=end,
    ),
    st.sampled_from([GOOD, replace(GOOD, observations=(), checks=()), without(GOOD, "R1.2")]),
    st.lists(observations, max_size=8),
    st.lists(checks, max_size=6),
    st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 1e6)), max_size=4),
    st.sampled_from([End(seconds=1), None]),
)


@few
@given(run=runs, more=observations.filter(lambda one: one.ok is not True))
def test_wrong_or_untold_probe_never_improves_the_verdict(run: Recorded, more: Observation) -> None:
    worse = replace(run, observations=(*run.observations, more))
    before, after = compute(CATALOGUE, run), compute(CATALOGUE, worse)
    assert RANK[after.verdict] <= RANK[before.verdict]


@few
@given(run=runs, more=checks.filter(lambda one: one.outcome != "passed"))
def test_check_that_did_not_pass_never_improves_the_verdict(run: Recorded, more: Check) -> None:
    worse = replace(run, checks=(*run.checks, more))
    assert RANK[compute(CATALOGUE, worse).verdict] <= RANK[compute(CATALOGUE, run).verdict]


@few
@given(run=runs)
def test_fail_means_fail_and_pass_means_all_pass(run: Recorded) -> None:
    result = compute(CATALOGUE, run)
    statuses = {result.requirements[id].status for id in IN_SCOPE}
    assert (result.verdict == "fail") == ("fail" in statuses or result.tests.failed > 0)
    if result.verdict == "pass":
        assert statuses == {"pass"}
        assert not any(one.ok is False for one in run.observations if one.requirement in IN_SCOPE)
    # A wrong fact about an id in scope is never lost: it, or what it is laid to, is red.
    if any(one.ok is False and one.requirement in IN_SCOPE for one in run.observations):
        assert result.verdict == "fail"


@few
@given(run=runs, random=st.randoms(use_true_random=False))
def test_order_of_evidence_does_not_matter(run: Recorded, random: Any) -> None:
    def shuffled(lines: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(random.sample(lines, len(lines)))

    other = replace(
        run,
        checks=shuffled(run.checks),
        observations=shuffled(run.observations),
        phases=shuffled(run.phases),
    )
    assert compute(CATALOGUE, other) == compute(CATALOGUE, run)
