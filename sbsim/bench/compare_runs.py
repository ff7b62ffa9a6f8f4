"""Two runs against each other: another kernel, another profile, another day."""

from __future__ import annotations

from dataclasses import dataclass

from sbsim.bench.comparison import FEWEST_PAIRS, Comparison, Outcome, compare_comparisons
from sbsim.bench.errors import UnreadableSeries
from sbsim.bench.run import NOISE, Found, Kept


@dataclass(frozen=True)
class Compared:
    """One contest under one workload in both runs: a ratio of two ratios."""

    contest: str
    workload: str
    sides: tuple[str, str]
    comparison: Comparison


@dataclass(frozen=True)
class ComparedRuns:
    """All that both runs measured, and the margin of the first. `alone` is in one run only."""

    margin: float
    compared: tuple[Compared, ...]
    alone: tuple[str, ...]

    @property
    def lines(self) -> list[str]:
        """What is said of it, a line each."""
        said = []
        for one in self.compared:
            of = one.comparison
            said.append(
                f"{' / '.join(one.sides):16} {one.workload:22} {of.ratio:.3f} "
                f"({of.interval.low:.3f} to {of.interval.high:.3f}): {self._outcome(one)}"
            )
        said += [f"{name}: in one of the runs only" for name in self.alone]
        return said

    def _outcome(self, one: Compared) -> str:
        outcome = one.comparison.outcome(self.margin)
        return f"A is {outcome.value} of B" if outcome is Outcome.WITHIN else outcome.value

    @property
    def exit_status(self) -> int:
        """1 if A is worse in anything by more than the margin, 3 if anything is unclear, else 0."""
        outcomes = {
            one.comparison.outcome(self.margin) for one in self.compared if one.contest != NOISE
        }
        if Outcome.WORSE in outcomes:
            return 1
        return 3 if Outcome.UNCLEAR in outcomes or not outcomes else 0


def compare_runs(first: Kept, second: Kept) -> ComparedRuns:
    """Compare what both runs measured. Raises UnreadableSeries if that is nothing."""
    margin = first.plan().margin
    second.plan()
    ones, others = _by_name(first), _by_name(second)
    both = [name for name in ones if name in others]
    if not both:
        raise UnreadableSeries(
            f"{first.folder} and {second.folder} have measured nothing in common; expected two "
            "runs of one preset"
        )
    return ComparedRuns(
        margin=margin,
        compared=tuple(_compared(ones[name], others[name]) for name in both),
        alone=tuple(".".join(name) for name in sorted(ones.keys() ^ others.keys())),
    )


def _by_name(kept: Kept) -> dict[tuple[str, str], Found]:
    return {
        (one.contest, one.workload): one
        for one in kept.found()
        if len(one.series.pairs) >= FEWEST_PAIRS
    }


def _compared(one: Found, other: Found) -> Compared:
    found = compare_comparisons(one.series.logs, other.series.logs)
    return Compared(one.contest, one.workload, one.series.heading.sides, found)
