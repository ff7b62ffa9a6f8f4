"""Judge a simulated deployment that was broken on purpose.

Usage: python broken.py BREAKS DESCRIPTION OUT

BREAKS are the names of breaks with "+" between them; empty for none."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from sbsim.acceptance import Run
from sbsim.acceptance.options import Options
from sbsim.faults import breaks
from sbsim.faults.scene import Scene
from sbsim.management.provision import provision

JUDGED = ("2", "3.1", "3.2", "3.3", "3.4")


def main(names: str, description: Path, out: Path) -> None:
    """Provision, break, and judge without changing anything any more."""

    class Broken(Run):
        def start(self) -> None:
            super().start()
            provision(self.deployed, self.progress)
            for name in filter(None, names.split("+")):
                breaks.find(name)(Scene(self.deployed, self.backend))

    accept = importlib.import_module("sbsim.acceptance.accept")
    accept.Run = Broken  # type: ignore[attr-defined]
    accept.accept(Options(description, "sim", out, apply=False, only=JUDGED))


if __name__ == "__main__":
    which, path, folder = sys.argv[1:]
    main(which, Path(path), Path(folder))
