"""Rounds to draw from: what A/A runs on the lab have shown, one side against itself.

Each file of fixtures/captured/debian12/fio/rounds/ is a kept series of such a run. A drawn series
is a stretch of a recorded one, rounds and their order as they were, so that drift stays in it;
which of the two sides is called the first is drawn per round, as both are the same thing.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from sbsim.bench.series import load
from sbsim.bundle import bundle_folder

FOLDER = bundle_folder() / "fixtures" / "captured" / "debian12" / "fio" / "rounds"


@dataclass(frozen=True)
class Recorded:
    """An A/A run: its name, and the logarithms of its pairs' ratios in their order."""

    name: str
    logs: tuple[float, ...]

    def draw(self, number: int, draw: random.Random) -> list[float]:
        """So many pairs as one run of the method would have seen them."""
        start = draw.randrange(len(self.logs))
        stretch = [self.logs[(start + place) % len(self.logs)] for place in range(number)]
        return [log * draw.choice((1, -1)) for log in stretch]


def recorded() -> list[Recorded]:
    """Every recorded A/A run; those of the generator below while none is there."""
    found = [Recorded(path.stem, tuple(load(path).logs)) for path in sorted(FOLDER.glob("*.jsonl"))]
    return found or [_generated(spread) for spread in GENERATED_SPREADS]


# Until rounds of the method itself are recorded: pairs with the spreads of their logarithms that a
# first look at the lab has shown (both sides at once, one after the other).
GENERATED_SPREADS = (0.014, 0.030, 0.067, 0.128)


def _generated(spread: float) -> Recorded:
    draw = random.Random(f"rounds {spread}")
    logs = tuple(draw.gauss(0, spread) for _ in range(400))
    return Recorded(f"generated-{spread}", logs)


def slowed(logs: list[float], share: float) -> list[float]:
    """The same pairs with the first side slower by a share of its own."""
    return [log + math.log(1 - share) for log in logs]
