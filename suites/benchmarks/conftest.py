"""Aims beside what was reached, told after the benchmarks' own table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Reached:
    """What is aimed at, and what was reached; in a unit of which less is better, or more."""

    what: str
    aim: float
    reached: float
    unit: str
    more: bool = False

    @property
    def line(self) -> str:
        """As it is told."""
        met = self.reached >= self.aim if self.more else self.reached <= self.aim
        sign, word = "≥" if self.more else "≤", "reached" if met else "MISSED"
        return f"{self.what}: aim {sign} {self.aim:g} {self.unit}, {word} {self.reached:.3g}"


ALL = pytest.StashKey[list[Reached]]()


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Callable[[Reached], None]:
    """Keep an aim and what was reached, to be told at the end; nothing fails by it."""

    def keep(one: Reached) -> None:
        request.config.stash.setdefault(ALL, []).append(one)

    return keep


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Benchmarks take minutes: only who asks for them gets them."""
    if not config.getoption("benchmark_only", False):
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.skip("a benchmark; ask for it with --benchmark-only"))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Tell what was reached."""
    if told := config.stash.get(ALL, []):
        terminalreporter.section("aims (2 cores, nothing else running)")
        for one in told:
            terminalreporter.write_line(one.line)
