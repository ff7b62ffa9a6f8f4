"""What a run was asked for: the command line's options and pytest's are both read into this."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sbsim.deployment import Deployment, load

BackendName = Literal["lab", "sim"]
# The first one is taken where none is named.
BACKENDS: tuple[BackendName, ...] = ("sim", "lab")


@dataclass(frozen=True)
class Options:
    """One run's options. `profile` None: the description's own. `lab` None: the lab of its name.

    `io_timeout` is sanlock's in seconds, the description's or the profile's own if None. `only`
    names the chapters and requirements that are judged; none named: all. `also` are variants of the
    deployment, on which `accept` judges what the deployment itself lacks.
    """

    deployment: Path
    backend: BackendName
    out: Path
    profile: str | None = None
    io_timeout: int | None = None
    seed: int = 0
    apply: bool = True
    lab: str | None = None
    only: tuple[str, ...] = ()
    also: tuple[Path, ...] = ()

    @property
    def described(self) -> list[str]:
        """The words of the command line that say which deployment it is."""
        words = [str(self.deployment)]
        if self.profile:
            words += ["--profile", self.profile]
        if self.io_timeout is not None:
            words += ["--io-timeout", str(self.io_timeout)]
        return words

    def load(self) -> Deployment:
        """The deployment as the options change it. Raises UsageError."""
        deployment = load(self.deployment)
        if self.profile:
            deployment = deployment.model_copy(update={"profile": self.profile})
        if self.io_timeout is not None:
            lab = deployment.lab.model_copy(update={"io_timeout": self.io_timeout})
            deployment = deployment.model_copy(update={"lab": lab})
        return deployment

    @property
    def command(self) -> str:
        """The command that runs it again."""
        words = ["sbsim", "accept", *self.described, "--backend", self.backend]
        words += ["--seed", str(self.seed), "--out", str(self.out)]
        for variant in self.also:
            words += ["--also", str(variant)]
        for one in self.only:
            words += ["--only", one]
        return " ".join(words + ([] if self.apply else ["--no-apply"]))
