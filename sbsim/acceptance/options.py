"""What a run was asked for: the command line's options and pytest's are both read into this."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

BackendName = Literal["lab"]
BACKENDS: tuple[BackendName, ...] = ("lab",)


@dataclass(frozen=True)
class Options:
    """One run's options. `profile` None: the description's own. `lab` None: the lab of its name.

    `only` names the chapters and requirements that are judged; none named: all.
    """

    deployment: Path
    backend: BackendName
    out: Path
    profile: str | None = None
    seed: int = 0
    apply: bool = True
    lab: str | None = None
    only: tuple[str, ...] = ()

    @property
    def command(self) -> str:
        """The command that runs it again."""
        words = ["sbsim", "accept", str(self.deployment), "--backend", self.backend]
        if self.profile:
            words += ["--profile", self.profile]
        words += ["--seed", str(self.seed), "--out", str(self.out)]
        for one in self.only:
            words += ["--only", one]
        return " ".join(words + ([] if self.apply else ["--no-apply"]))
