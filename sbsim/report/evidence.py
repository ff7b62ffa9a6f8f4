"""The evidence of one run, written as it happens, so that a killed run still has a report."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from sbsim.errors import SbsimError
from sbsim.report import folder as out
from sbsim.report.records import (
    Check,
    Command,
    End,
    Finding,
    Observation,
    Outcome,
    Phase,
    Run,
    Session,
    Severity,
)
from sbsim.report.redaction import Redaction
from sbsim.report.requirements import Catalogue


class Evidence:
    """Writes a run's evidence into `folder`/evidence; safe to use from several threads.

    Every record is on its way to the disk when its method returns. Nothing registered with
    `redact` before is written: its value becomes `***` in everything but names and ids.

    >>> evidence = Evidence(Path("out"))                                    # doctest: +SKIP
    >>> evidence.reset()                                                    # doctest: +SKIP
    >>> evidence.probe(test="t", requirement="R3.9", probe="lun_list", machine="host1",
    ...                seen=[0, 1], wanted=[0, 1], ok=True)                 # doctest: +SKIP
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._evidence = folder / out.EVIDENCE
        self._redaction = Redaction()
        self._lock = threading.Lock()

    def reset(self) -> None:
        """Make the folder ready for a new run: an earlier run's files go.

        UsageError, with nothing removed, when it holds anything that sbsim did not write.
        """
        out.clear(self.folder)
        self._make(self._evidence / out.BLOBS)

    def redact(self, *secrets: str) -> None:
        """Register secret values: from now on each is written as `***`. Empty ones are ignored."""
        self._redaction.add(*secrets)

    def run(
        self,
        *,
        backend: str,
        profile: str,
        seed: int | None,
        emulated: bool,
        simulated: bool,
        no_apply: bool,
        capabilities: Iterable[str],
        only: Iterable[str] = (),
        variants: Mapping[str, Sequence[str]] | None = None,
        deployment: Mapping[str, Any],
        command: str | Sequence[str],
        versions: Mapping[str, str],
        machine: Mapping[str, Any],
        started: float,
    ) -> None:
        """Record what is run; see `records.Run`. May be called again when more is known."""
        run = Run(
            backend=backend,
            profile=profile,
            seed=seed,
            emulated=emulated,
            simulated=simulated,
            no_apply=no_apply,
            capabilities=tuple(sorted(set(capabilities))),
            only=tuple(only),
            variants={name: tuple(ids) for name, ids in (variants or {}).items()},
            deployment=self._redaction.values(deployment),
            command=self._redaction.text(out.command_line(command)),
            versions=dict(versions),
            machine=self._redaction.values(machine),
            started=started,
        )
        self._replace(out.RUN, run.model_dump(mode="json"))

    def catalogue(self, catalogue: Catalogue) -> None:
        """Keep the catalogue beside the evidence: a report is rebuilt without the suites."""
        self._replace(out.CATALOGUE, catalogue.model_dump(mode="json", exclude_defaults=True))

    def command(
        self,
        *,
        at: float,
        test: str | None,
        phase: str | None,
        machine: str,
        argv: Sequence[str],
        status: int | None,
        seconds: float,
        stdout: str | bytes | None = None,
        stderr: str | bytes | None = None,
    ) -> None:
        """Record one command and keep its outputs; see `records.Command`."""
        command = Command(
            at=at,
            test=test,
            phase=phase,
            machine=machine,
            argv=tuple(self._redaction.text(argument) for argument in argv),
            status=status,
            seconds=seconds,
            stdout=self._blob(stdout),
            stderr=self._blob(stderr),
        )
        self._append(out.COMMANDS, command)

    def consoles(self, folder: Path) -> None:
        """Keep what machines printed on their consoles: `folder` has a file of each, `*.log`."""
        kept = self._evidence / out.CONSOLES
        self._make(kept)
        with out.explained(kept):
            for path in sorted(folder.glob("*.log")):
                text = self._redaction.text(path.read_text("utf-8", "replace"))
                (kept / path.name).write_text(text, "utf-8")

    def probe(
        self,
        *,
        test: str,
        requirement: str,
        probe: str,
        machine: str | None,
        seen: Any,
        wanted: Any,
        ok: bool | None,
    ) -> None:
        """Record one observed fact. `machine` None: of the deployment as a whole.

        `ok` None says that it was looked at and could not be told: the id is then inconclusive.
        """
        observation = Observation(
            test=test,
            requirement=requirement,
            probe=probe,
            machine=machine,
            seen=self._redaction.values(seen),
            wanted=self._redaction.values(wanted),
            ok=ok,
        )
        self._append(out.PROBES, observation)

    def test(
        self,
        *,
        test: str,
        requirements: Iterable[str],
        machine: str | None,
        outcome: Outcome,
        reason: str | None,
        seconds: float,
    ) -> None:
        """Record a test's outcome; twice for one test means the worse of both counts."""
        check = Check(
            test=test,
            requirements=tuple(requirements),
            machine=machine,
            outcome=outcome,
            reason=None if reason is None else self._redaction.text(reason),
            seconds=seconds,
        )
        self._append(out.TESTS, check)

    def finding(
        self,
        *,
        id: str,
        severity: Severity,
        text: str,
        where: str | None = None,
        mend: str | None = None,
    ) -> None:
        """Record a finding; `mend` says what to do about it."""
        text = self._redaction.text(text)
        found = Finding(id=id, severity=severity, text=text, where=where, mend=mend)
        self._append(out.FINDINGS, found)

    def phase(self, *, name: str, seconds: float) -> None:
        """Record how long a phase took; a name given twice is added up."""
        self._append(out.PHASES, Phase(name=name, seconds=seconds))

    def sessions(self, sessions: Iterable[Session]) -> None:
        """Record the sessions as they stand, replacing what was recorded before."""
        self._replace(out.SESSIONS, [session.model_dump(mode="json") for session in sessions])

    def end_state(self, state: Mapping[str, Any]) -> None:
        """Keep how the deployment stands at the end, as `acceptance.end_state` reads it."""
        self._replace(out.END_STATE, self._redaction.values(state))

    def end(self, *, seconds: float, interrupted: bool = False) -> None:
        """Record that the run ended by itself; without it the run counts as cut short."""
        end = End(seconds=seconds, interrupted=interrupted)
        self._replace(out.END, end.model_dump(mode="json"))

    def _blob(self, output: str | bytes | None) -> str | None:
        if not output:
            return None
        data = self._redaction.data(output)
        name = hashlib.sha256(data).hexdigest()
        path = self._evidence / out.BLOBS / name
        if not path.exists():
            self._write_atomically(path, data)
        return name

    def _append(self, name: str, record: BaseModel) -> None:
        """Append one line with one write: several threads and processes may do so at once."""
        line = _encode(record.model_dump(mode="json")) + b"\n"
        path = self._evidence / name
        with self._lock, out.explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab", buffering=0) as file:
                if file.write(line) != len(line):
                    raise SbsimError(f"{path}: written in part only; is the disk full?")

    def _replace(self, name: str, value: object) -> None:
        data = json.dumps(value, indent=1, ensure_ascii=False).encode(errors="backslashreplace")
        self._write_atomically(self._evidence / name, data + b"\n")

    def _write_atomically(self, path: Path, data: bytes) -> None:
        with out.explained(path):
            self._make(path.parent)
            out.write_atomically(path, data)

    @staticmethod
    def _make(folder: Path) -> None:
        with out.explained(folder):
            folder.mkdir(parents=True, exist_ok=True)


def _encode(value: object) -> bytes:
    # A lone surrogate (bytes that were no UTF-8) becomes \udcXX, which is JSON's own escape.
    return json.dumps(value, ensure_ascii=False).encode(errors="backslashreplace")
