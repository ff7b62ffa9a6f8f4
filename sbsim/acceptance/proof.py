"""How a test says what it saw: one recorded probe per fact, machine and requirement."""

from __future__ import annotations

from typing import Any, NoReturn

from _pytest.outcomes import Skipped

from sbsim.acceptance.run import Run
from sbsim.report.records import DEPLOYMENT


class Blocked(Skipped):
    """The test could not judge anything; why is in the message."""


class NotAsWanted(AssertionError):
    """A probe saw something else than was wanted."""


class Proof:
    """Records the probes of one test; each is a fact that an id needs to pass.

    Example: ``proves("R3.9", "lun_list", host.name, seen=devices, wanted=expected)``
    """

    def __init__(self, run: Run, test: str) -> None:
        self._run = run
        self._test = test

    def __call__(
        self, requirement: str, probe: str, machine: str | None, seen: Any, wanted: Any
    ) -> None:
        """Record what was seen beside what was wanted; raise NotAsWanted if they differ.

        `machine` None is the deployment as a whole. `seen` and `wanted` must be plain data. What
        an id out of scope would need is not judged: a test may check several.
        """
        self._record(requirement, probe, machine, seen, wanted, bool(seen == wanted))

    def at_least(
        self, requirement: str, probe: str, machine: str | None, seen: int, wanted: int
    ) -> None:
        """Record a quantity of which there must be enough."""
        self._record(requirement, probe, machine, seen, wanted, seen >= wanted)

    def _record(
        self, requirement: str, probe: str, machine: str | None, seen: Any, wanted: Any, ok: bool
    ) -> None:
        known = {item.fact for item in self._run.catalogue.requirement(requirement).probes}
        if probe not in known:
            raise ValueError(f"requirements.toml gives {requirement} no probe {probe!r}")
        if not self._run.in_scope(requirement):
            return
        self._run.evidence.probe(
            test=self._test,
            requirement=requirement,
            probe=probe,
            machine=machine,
            seen=seen,
            wanted=wanted,
            ok=ok,
        )
        if not ok:
            place = machine or DEPLOYMENT
            raise NotAsWanted(
                f"{requirement}, {probe} of {place}\n  wanted: {wanted!r}\n  seen:   {seen!r}"
            )

    def blocked(self, reason: str) -> NoReturn:
        """Say that nothing can be judged here, and why."""
        raise Blocked(f"blocked: {reason}")

    def finding(self, id: str, text: str, where: str | None = None) -> None:
        """Record something that the reader should know, though it fails nothing."""
        self._run.evidence.finding(id=id, severity="warning", text=text, where=where)
