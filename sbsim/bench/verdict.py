"""What is said of the claim, and what the command ends with.

Two verdicts. ``added``: the volume against the LUN under it, which is what Shared Block itself
costs; it is judged wherever the kernel is real. ``claim``: the volume against the server's own
disk, which is what the vendor claims; it is judged only where numbers mean something
(`measured_io`), for on emulated machines the processor is the bottleneck and not the disk.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from sbsim.bench.comparison import Comparison, Outcome

Name = Literal["added", "claim"]

NEEDS: dict[Name, str] = {"added": "real_kernel", "claim": "measured_io"}
_WHY_NOT = {
    "real_kernel": "modelled: no real kernel did this work",
    "measured_io": "emulated: on these machines the processor is the bottleneck, not the disk",
}
_LEVEL = "95 %"


class Status(StrEnum):
    """A verdict."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class Judged:
    """One workload's comparison, by the workload's name."""

    workload: str
    comparison: Comparison


@dataclass(frozen=True)
class Verdict:
    """A verdict with the sentence that carries it; `judged` false: it could not be judged here.

    `workload` is the one that decided; `missing` are those that show nothing.
    """

    name: Name
    status: Status
    sentence: str
    judged: bool = True
    workload: str = ""
    missing: tuple[str, ...] = ()


def verdict(
    name: Name,
    found: Iterable[Judged],
    margin: float,
    capabilities: Collection[str],
    missing: Sequence[str] = (),
) -> Verdict:
    """Judge one of the two by all of its workloads: it fails by any, and passes by all of them.

    `missing` are workloads that were asked for and show nothing: it cannot pass with any.
    """
    if (need := NEEDS[name]) not in capabilities:
        return Verdict(name, Status.INCONCLUSIVE, _WHY_NOT[need], judged=False)
    all_of_it = list(found)
    if not all_of_it:
        return Verdict(name, Status.INCONCLUSIVE, "nothing was measured for it", judged=False)
    statuses = {one.workload: _status(one.comparison, margin) for one in all_of_it}
    worst = max(all_of_it, key=lambda one: _weight(statuses[one.workload], one.comparison))
    said = sentence(worst, margin, len(all_of_it))
    if missing and statuses[worst.workload] is not Status.FAIL:
        said = f"{', '.join(missing)}: nothing is shown yet; {said}"
        return Verdict(
            name, Status.INCONCLUSIVE, said, workload=worst.workload, missing=tuple(missing)
        )
    return Verdict(name, statuses[worst.workload], said, workload=worst.workload)


def sentence(one: Judged, margin: float, of: int = 1) -> str:
    """Number, interval and margin in a sentence; of the worst of several workloads."""
    found = one.comparison
    which = f"{one.workload}: " if of == 1 else f"worst of {of} workloads, {one.workload}: "
    return (
        f"{which}{found.ratio:.3f} ({_LEVEL} interval {found.interval.low:.3f} to "
        f"{found.interval.high:.3f}, {found.pairs} pairs; margin {margin:.0%}): "
        f"{found.outcome(margin).value}"
    )


def exit_status(verdicts: Iterable[Verdict]) -> int:
    """1 if a judged verdict fails, 0 only if both are judged and hold, else 3."""
    of = list(verdicts)
    if any(one.judged and one.status is Status.FAIL for one in of):
        return 1
    names = {one.name for one in of if one.judged and one.status is Status.PASS}
    return 0 if names == set(NEEDS) else 3


_STATUS = {
    Outcome.EQUAL: Status.PASS,
    Outcome.WITHIN: Status.PASS,
    Outcome.BETTER: Status.PASS,
    Outcome.WORSE: Status.FAIL,
    Outcome.UNCLEAR: Status.INCONCLUSIVE,
}
_RANK = {Status.PASS: 0, Status.INCONCLUSIVE: 1, Status.FAIL: 2}


def _status(found: Comparison, margin: float) -> Status:
    # What is shown to be no worse than the margin delivers, also where it may be much better.
    if found.outcome(margin) is Outcome.UNCLEAR and found.equivalence.low > 1 - margin:
        return Status.PASS
    return _STATUS[found.outcome(margin)]


def _weight(status: Status, found: Comparison) -> tuple[int, float]:
    return _RANK[status], -found.interval.low
