"""Judge a deployment that is broken on purpose, after it was provisioned and before it is judged.

On the simulator the deployment is brought to its state first. A lab is one that is up and in that
state already. `--applied` are the ids that are judged with changing it; none: all, without.
"""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

from sbsim.acceptance import Run
from sbsim.acceptance.options import BACKENDS, Options
from sbsim.acceptance.platform import make_platform
from sbsim.faults import breaks
from sbsim.faults.scene import Scene
from sbsim.management.provision import provision

# What is judged on a broken state: all that can be, without changing it.
JUDGED = {"provisioned": ("2", "3.1", "3.2", "3.3", "3.4"), "connected": ("1", "3.5", "4")}


def judge(options: Options, names: list[str], state: str) -> None:
    """Run the acceptance on it; the evidence and the report lie in `options.out` afterwards."""

    class Broken(Run):
        def prepare(self) -> None:
            if options.backend == "sim" or options.apply:
                provision(self.deployed, self.progress)
            if options.backend == "sim" and state == "connected":
                make_platform(self.deployed, self.backend, self.progress, keep=False)
            for name in names:
                breaks.find(name)(Scene(self.deployed, self.backend))

    accept = importlib.import_module("sbsim.acceptance.accept")
    accept.Run = Broken  # type: ignore[attr-defined]
    accept.accept(options)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("deployment", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--breaks", default="", help="names with + between them")
    parser.add_argument("--state", choices=JUDGED, default="provisioned")
    parser.add_argument("--applied", default="", help="ids with + between them")
    parser.add_argument("--backend", choices=BACKENDS, default="sim")
    parser.add_argument("--lab")
    parser.add_argument("--profile")
    parser.add_argument("--io-timeout", type=int)
    given = parser.parse_args()
    applied = tuple(filter(None, given.applied.split("+")))
    options = Options(
        given.deployment,
        given.backend,
        given.out,
        profile=given.profile,
        io_timeout=given.io_timeout,
        apply=bool(applied),
        lab=given.lab,
        only=applied or JUDGED[given.state],
    )
    judge(options, list(filter(None, given.breaks.split("+"))), given.state)


if __name__ == "__main__":
    main()
