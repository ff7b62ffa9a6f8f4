"""The two verdicts, and the exit status that follows from them."""

from __future__ import annotations

import math

import pytest

from sbsim.bench.comparison import Comparison, Interval
from sbsim.bench.verdict import Judged, Status, Verdict, exit_status, verdict

LAB = frozenset({"real_kernel"})
METAL = LAB | {"measured_io"}


def judged(low: float, high: float, workload: str = "4k-randread-qd1-j1") -> Judged:
    interval = Interval(low, high)
    return Judged(workload, Comparison(20, math.sqrt(low * high), *(interval,) * 3, block=1))


@pytest.mark.parametrize(
    ("low", "high", "status"),
    [
        (0.99, 1.01, Status.PASS),
        (0.96, 0.99, Status.PASS),
        (0.90, 0.94, Status.FAIL),
        (0.93, 0.99, Status.INCONCLUSIVE),
        (0.97, 1.30, Status.PASS),
        (1.10, 1.20, Status.PASS),
        (0.90, 1.30, Status.INCONCLUSIVE),
    ],
)
def test_verdict_follows_the_interval(low: float, high: float, status: Status) -> None:
    assert verdict("added", [judged(low, high)], 0.05, LAB).status is status


def test_worst_workload_decides_and_is_named() -> None:
    found = verdict(
        "added", [judged(0.99, 1.0, "a"), judged(0.8, 0.9, "b"), judged(0.9, 0.99, "c")], 0.05, LAB
    )
    assert found.status is Status.FAIL
    assert found.sentence == (
        "worst of 3 workloads, b: 0.849 (95 % interval 0.800 to 0.900, 20 pairs; margin 5%): worse"
    )


def test_one_unclear_workload_leaves_all_of_it_inconclusive() -> None:
    found = verdict("added", [judged(0.99, 1.01, "a"), judged(0.9, 0.99, "b")], 0.05, LAB)
    assert found.status is Status.INCONCLUSIVE
    assert ", b: " in found.sentence


def test_claim_is_not_judged_on_emulated_machines_whatever_was_seen() -> None:
    for one in (judged(0.99, 1.01), judged(0.1, 0.2)):
        found = verdict("claim", [one], 0.05, LAB)
        assert (found.status, found.judged) == (Status.INCONCLUSIVE, False)
        assert found.sentence.startswith("emulated:")


def test_nothing_is_judged_without_a_real_kernel() -> None:
    found = verdict("added", [judged(0.99, 1.01)], 0.05, frozenset())
    assert not found.judged
    assert found.sentence.startswith("modelled:")


def test_nothing_measured_is_inconclusive() -> None:
    assert verdict("added", [], 0.05, METAL).status is Status.INCONCLUSIVE


def said(added: Status | None, claim: Status | None) -> int:
    """The exit status for two verdicts; None: not judged."""
    return exit_status(
        Verdict(name, status or Status.INCONCLUSIVE, "", judged=status is not None)
        for name, status in (("added", added), ("claim", claim))  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("added", "claim", "wanted"),
    [
        (Status.PASS, Status.PASS, 0),
        (Status.PASS, None, 3),
        (None, None, 3),
        (Status.PASS, Status.INCONCLUSIVE, 3),
        (Status.FAIL, None, 1),
        (Status.FAIL, Status.PASS, 1),
        (Status.PASS, Status.FAIL, 1),
        (Status.INCONCLUSIVE, Status.FAIL, 1),
        (None, Status.PASS, 3),
    ],
)
def test_exit_status_is_0_only_if_both_hold(
    added: Status | None, claim: Status | None, wanted: int
) -> None:
    assert said(added, claim) == wanted


def test_verdict_that_is_missing_is_no_pass() -> None:
    assert exit_status([]) == 3
    assert exit_status([Verdict("added", Status.PASS, "")]) == 3
