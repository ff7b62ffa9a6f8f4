"""One run: the description, the backend, the evidence, and where in the run we are."""

from __future__ import annotations

import contextlib
import importlib.metadata
import platform
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from sbsim import __version__
from sbsim.acceptance.end_state import read_end_state
from sbsim.acceptance.judging import Judging
from sbsim.acceptance.options import Options
from sbsim.acceptance.platform import Platform, make_platform, open_platform
from sbsim.backends import Backend, LabBackend, SimBackend
from sbsim.backends.backend import Progress
from sbsim.bundle import bundle_folder
from sbsim.checks.diagnosis import Diagnosis, diagnose, diagnose_pool
from sbsim.deployment import Deployment
from sbsim.errors import SbsimError, UsageError
from sbsim.initiator.chap import ChapSettings, chap_of
from sbsim.machines import Clock, Machine, parallel
from sbsim.machines.recorded import CommandRecord, RecordedMachine
from sbsim.management import inventory
from sbsim.management.deployed import Deployed
from sbsim.management.entities import StorageKind
from sbsim.management.provision import provision
from sbsim.report import write
from sbsim.report.evidence import Evidence
from sbsim.report.records import Session
from sbsim.report.requirements import load as load_catalogue
from sbsim.report.result import Result
from sbsim.sharedblock.profiles import profile

# Under this name `sbsim accept` hands the run that it made and checked to the plugin.
HANDED_OVER = "sbsim-run"

# The state in which every test begins: provisioned, nothing broken.
PROVISIONED = "provisioned"


class Run:
    """What the tests of one run share. `start` before the first of them, `end` after the last."""

    def __init__(self, options: Options, progress: Progress = print) -> None:
        """Check all that was asked for. Raises UsageError; nothing has been touched then."""
        self.options = options
        self.progress = progress
        self.deployment = options.load()
        self.catalogue = load_catalogue(bundle_folder() / "fixtures" / "requirements.toml")
        self._check_asked()
        self.backend: Backend = self._backend()
        self.chap = self._chap()
        self.evidence = Evidence(options.out)
        self.evidence.redact(*_secrets(self.deployment, self.chap))
        self.judging = Judging(self.catalogue)
        self.machines: dict[str, Machine] = {}
        self.broken: SbsimError | None = None
        self.result: Result | None = None
        self._platform: Platform | SbsimError | None = None
        self._phase: str | None = None
        self._in_phases = 0.0
        self._test: str | None = None
        # Every command that was run on a machine, by its program.
        self._programs: list[str] = []
        # What is judged on variants of the deployment, by their names.
        self.variants: dict[str, tuple[str, ...]] = {}
        self._began = time.monotonic()

    def _check_asked(self) -> None:
        chapters = [chapter.id for chapter in self.catalogue.chapters]
        for one in self.options.only:
            if one not in chapters and one not in self.catalogue:
                raise UsageError(
                    f"there is no chapter or requirement {one!r}; expected one of "
                    f"{', '.join(chapters)}, or an id such as {self.catalogue.requirements[0].id}"
                )

    def _backend(self) -> Backend:
        if self.options.backend == "sim":
            if self.options.lab is not None:
                raise UsageError("--lab names a lab of real kernels; say --backend lab with it")
            return SimBackend(self.deployment, self.options.seed)
        return LabBackend(self.deployment, name=self.options.lab)

    def _chap(self) -> ChapSettings:
        # A test password may serve on machines that sbsim made itself, and nowhere else.
        disposable = "disposable" in self.backend.traits.capabilities
        return chap_of(self.deployment, disposable, self.options.deployment.parent)

    @property
    def deployed(self) -> Deployed:
        """The deployment on its machines; once they are up."""
        return Deployed(
            self.deployment,
            self.machines,
            self.chap,
            self.clock,
            self.backend.hypervisor,
            self.backend.ids,
            self.backend.time,
        )

    @property
    def lab_name(self) -> str:
        """The lab's name, for whoever wants to look at the same machines."""
        return self.options.lab or self.deployment.name

    @property
    def capabilities(self) -> frozenset[str]:
        """What the backend can do, and ``apply`` where the run may change the deployment."""
        able = self.backend.traits.capabilities
        return able | {"apply"} if self.options.apply else able

    def in_scope(self, requirement: str) -> bool:
        """Whether the run can do all that a requirement needs."""
        return self.capabilities.issuperset(self.catalogue.requirement(requirement).needs)

    @property
    def keeps_states(self) -> bool:
        """Whether machines may be brought to states that other runs kept, and theirs be kept.

        Only machines that this run has booted, and no state that holds somebody's password.
        """
        lasting = self.backend.owned and "kept_states" in self.backend.traits.capabilities
        return lasting and not _secrets(self.deployment, self.chap)

    @property
    def clock(self) -> Clock:
        """The clock that the machines live by."""
        return self.backend.clock

    def platform(self) -> Platform:
        """The management plane, its hosts taken over and its storages attached; made once.

        A run that only looks makes nothing. Raises what making it raised, every time.
        """
        if self._platform is None:
            began, before = self.clock.now(), len(self._programs)
            with self.phase("platform"):
                try:
                    self._platform = self._make_platform()
                except SbsimError as error:
                    self._platform = error
            self._tell_effort(self._programs[before:], self.clock.now() - began)
            self._diagnose_pools()
        if isinstance(self._platform, SbsimError):
            raise self._platform
        return self._platform

    def _make_platform(self) -> Platform:
        for text in profile(self.deployment.profile).not_applicable:
            self.evidence.finding(id="not-applicable", severity="info", text=text)
        if not self.options.apply:
            return open_platform(self.deployed, self.backend, self.progress)
        return make_platform(self.deployed, self.backend, self.progress, self.keeps_states)

    # --- start and end ----------------------------------------------------------------------

    def start(self) -> None:
        """Bring the machines up and provision them, unless the run only looks.

        What goes wrong is kept in `broken`: every test that needs machines is then blocked by it.
        """
        self._begin()
        try:
            with self.phase("machines"):
                self.backend.up(self.progress)
            self._record_run()
            self._wrap_machines()
            self.prepare()
        except SbsimError as error:
            self.broken = error
            self.evidence.finding(id="deployment-broken", severity="error", text=str(error))
            self.progress(str(error))
        if self.machines:
            with self.phase("diagnosis"):
                self._found(diagnose(self.deployed))

    def _tell_effort(self, programs: list[str], seconds: float) -> None:
        """Say what building the pools took (R1.5); nothing where they were there already."""
        if "vgcreate" in programs:
            hosts = len(self.deployment.hosts)
            text = (
                f"Taking {hosts} hosts over and attaching the storages took {len(programs)} "
                f"commands and {seconds:.0f} s, packages and sanlock's own waiting included."
            )
            self.evidence.finding(id="pool-effort", severity="info", text=text)

    def prepare(self) -> None:
        """Bring the machines to the state that is judged; they stay as found if it only looks."""
        if self.options.apply:
            with self.phase("provision"):
                provision(self.deployed, self.progress)

    def _diagnose_pools(self) -> None:
        """Say what is wrong with the storages, also where making the platform failed half way."""
        with self.phase("diagnosis"):
            platform = open_platform(self.deployed, self.backend, self.progress)
            for storage in inventory.storages(platform.management):
                if storage.kind is StorageKind.SHARED_BLOCK:
                    self._found(diagnose_pool(self.deployed, storage))

    def _found(self, diagnoses: Iterable[Diagnosis]) -> None:
        for one in diagnoses:
            self.evidence.finding(
                id=one.name, severity=one.severity, text=one.what, where=one.where, mend=one.mend
            )

    def end_without_tests(self) -> Result:
        """Write the report of a run in which there is nothing to ask: no machine is needed."""
        self._begin()
        self.evidence.end(seconds=time.monotonic() - self._began, interrupted=False)
        self.result = write(self.options.out, self.catalogue)
        return self.result

    def _begin(self) -> None:
        self._began = time.monotonic()
        self.evidence.reset()
        self.evidence.catalogue(self.catalogue)
        self._record_run()

    def end(self, interrupted: bool = False) -> Result:
        """Take down what the run brought up and write the report."""
        if self.machines and not interrupted:
            self._record_sessions()
            self._record_end_state()
        seconds = time.monotonic() - self._began
        self.evidence.phase(name="tests", seconds=seconds - self._in_phases)
        if self.backend.console_logs is not None:
            self.evidence.consoles(self.backend.console_logs)
        try:
            self.backend.down()
        finally:
            self.evidence.end(seconds=time.monotonic() - self._began, interrupted=interrupted)
        self.result = write(self.options.out, self.catalogue)
        return self.result

    def _record_sessions(self) -> None:
        """Keep how every host's sessions stand, for the picture of the topology."""
        hosts = self.deployment.hosts
        try:
            sessions = parallel(hosts, lambda host: self.deployed.san(host).logins())
        except SbsimError as error:
            self.evidence.finding(id="sessions-not-read", severity="warning", text=str(error))
            return
        self.evidence.sessions(
            Session(host=host, portal=one.place, target=one.target_name, state=one.state)
            for host, found in sessions.items()
            for one in found
        )

    def _record_end_state(self) -> None:
        """Keep how the whole stands, where the run has gone over all of it."""
        whole = self.options.apply and not self.options.only
        if not whole or not isinstance(self._platform, Platform):
            return
        with self.phase("end-state"):
            try:
                self.evidence.end_state(read_end_state(self._platform))
            except SbsimError as error:
                self.evidence.finding(id="end-state-not-read", severity="warning", text=str(error))

    def _wrap_machines(self) -> None:
        self.machines = {
            name: RecordedMachine(machine, self._observe)
            for name, machine in self.backend.machines.items()
        }

    def _record_run(self) -> None:
        traits = self.backend.traits
        self.evidence.run(
            backend=traits.backend,
            profile=self.deployment.profile,
            seed=self.options.seed,
            emulated=traits.emulated,
            simulated=traits.simulated,
            no_apply=not self.options.apply,
            capabilities=self.capabilities,
            only=self.options.only,
            variants=self.variants,
            deployment=self.deployment.model_dump(mode="json"),
            command=self.options.command,
            versions=_versions(),
            machine=traits.facts,
            started=time.time() - (time.monotonic() - self._began),
        )

    # --- where we are -----------------------------------------------------------------------

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Everything inside belongs to a named part of the run, whose seconds are recorded."""
        outer, self._phase = self._phase, name
        began = time.monotonic()
        try:
            yield
        finally:
            self._phase = outer
            seconds = time.monotonic() - began
            self._in_phases += seconds
            self.evidence.phase(name=name, seconds=seconds)

    @contextlib.contextmanager
    def test(self, name: str) -> Iterator[None]:
        """Every command inside belongs to this test."""
        self._test = name
        try:
            yield
        finally:
            self._test = None

    def _observe(self, record: CommandRecord) -> None:
        self._programs.append(record.argv[0])
        self.evidence.command(
            at=record.at,
            test=self._test,
            phase=self._phase,
            machine=record.machine,
            argv=record.argv,
            status=record.status,
            seconds=record.seconds,
            stdout=record.stdout.encode("utf-8", "surrogateescape"),
            stderr=record.stderr.encode("utf-8", "surrogateescape"),
        )


def _secrets(deployment: Deployment, chap: ChapSettings) -> set[str]:
    """The texts to keep out of the evidence: what the description itself tells is no secret."""
    described = deployment.chap
    if described is None:
        return set()
    told = [described.password.lab_default]
    told += [described.mutual.password.lab_default] if described.mutual else []
    used = {one.reveal() for one in (chap.password, chap.mutual_password) if one is not None}
    return used - {one.reveal() for one in told if one is not None}


def _versions() -> dict[str, str]:
    names = ("rtslib-fb", "libvirt-python", "paramiko", "pytest")
    found = {name: importlib.metadata.version(name) for name in names}
    return {"sbsim": __version__, "python": platform.python_version(), **found}


def default_out() -> Path:
    """Where a run leaves its report if it is not told."""
    return Path("sbsim-out")
