"""Judge a simulated deployment that was broken on purpose.

Usage: python broken.py BREAKS STATE APPLIED DESCRIPTION OUT

BREAKS are the names of breaks with "+" between them, empty for none. STATE is what is broken
(provisioned, connected). APPLIED are the ids that are judged with changing it; empty: all without.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from sbsim.acceptance import Run
from sbsim.acceptance.options import Options
from sbsim.acceptance.platform import make_platform
from sbsim.faults import breaks
from sbsim.faults.scene import Scene
from sbsim.management.provision import provision

# What is judged on a broken state: all that can be, without changing it.
JUDGED = {"provisioned": ("2", "3.1", "3.2", "3.3", "3.4"), "connected": ("1", "3.5", "4")}


def main(names: str, state: str, applied: str, description: Path, out: Path) -> None:
    """Bring a deployment to a state, break it, and judge it."""
    only = tuple(filter(None, applied.split("+")))

    class Broken(Run):
        def prepare(self) -> None:
            provision(self.deployed, self.progress)
            if state == "connected":
                make_platform(self.deployed, self.backend, self.progress, keep=False)
            for name in filter(None, names.split("+")):
                breaks.find(name)(Scene(self.deployed, self.backend))

    accept = importlib.import_module("sbsim.acceptance.accept")
    accept.Run = Broken  # type: ignore[attr-defined]
    accept.accept(Options(description, "sim", out, apply=bool(only), only=only or JUDGED[state]))


if __name__ == "__main__":
    which, of, ids, path, folder = sys.argv[1:]
    main(which, of, ids, Path(path), Path(folder))
