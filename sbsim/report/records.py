"""What a run leaves behind, line by line: the types of the files under `evidence/`.

    evidence/run.json         Run          one object, written when the run starts
    evidence/end.json         End          one object, written when it ends: a killed run has none
    evidence/requirements.json             the catalogue as it was
    evidence/tests.jsonl      Check        one per test
    evidence/probes.jsonl     Observation  one per fact, machine and requirement
    evidence/commands.jsonl   Command      one per command, outputs under evidence/blobs/<sha256>
    evidence/findings.jsonl   Finding
    evidence/phases.jsonl     Phase
    evidence/sessions.json    [Session]
    evidence/end_state.json                how the deployment stood, where a run went over all of it

Times are seconds since the epoch by the run's own clock, durations are seconds.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Outcome = Literal["passed", "failed", "blocked", "skipped", "error"]
Severity = Literal["error", "warning", "info"]

DEPLOYMENT = "deployment"
"""The machine of an observation that concerns the deployment as a whole."""


class Record(BaseModel):
    """A line of evidence. Keys that a later sbsim adds are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Run(Record):
    """What was run, on what, and what the backend could do.

    `only` are the chapters and ids that were asked for, none if all were. `variants` are the ids
    that are judged on another description, by its name: a run of its own. `deployment` is the
    description as JSON, secrets as `***`; `machine` the computer that sbsim ran on: cpus, memory
    (bytes), kvm and whatever else is known; `command` runs it again.
    """

    backend: str
    profile: str
    seed: int | None = None
    emulated: bool
    simulated: bool
    no_apply: bool = False
    capabilities: tuple[str, ...]
    only: tuple[str, ...] = ()
    variants: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    deployment: dict[str, Any]
    command: str
    versions: dict[str, str] = Field(default_factory=dict)
    machine: dict[str, Any] = Field(default_factory=dict)
    started: float


class End(Record):
    """The end of a run that was not killed; `interrupted` when the user stopped it."""

    seconds: float
    interrupted: bool = False


class Check(Record):
    """A test's outcome. `machine` is None where the test looks at several."""

    test: str
    requirements: tuple[str, ...] = ()
    machine: str | None = None
    outcome: Outcome
    reason: str | None = None
    seconds: float = 0.0


class Observation(Record):
    """One probe: what was seen and what was wanted. `ok` None: looked at, could not be told."""

    test: str
    requirement: str
    probe: str
    machine: str | None
    seen: Any = None
    wanted: Any = None
    ok: bool | None

    @property
    def place(self) -> str:
        """The machine, or DEPLOYMENT."""
        return self.machine or DEPLOYMENT


class Command(Record):
    """One command on one machine. `stdout`, `stderr`: sha256 of the output, None when empty.

    `status` is None where the command never ended by itself (time-out, lost machine).
    """

    at: float
    test: str | None
    phase: str | None
    machine: str
    argv: tuple[str, ...]
    status: int | None
    seconds: float
    stdout: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
    stderr: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")


class Finding(Record):
    """Something the acceptance engineer should know, though it fails nothing by itself.

    `mend` says what to do about it, where that is known.
    """

    id: str
    severity: Severity
    text: str
    where: str | None = None
    mend: str | None = None


class Phase(Record):
    """A part of the run and how long it took."""

    name: str
    seconds: float


class Session(Record):
    """An iSCSI session as a host states it. `portal` as `address:port`, `state` as LOGGED_IN."""

    host: str
    portal: str
    target: str
    state: str
