"""A run of measurements: a volume of its own, the contests of a preset, and what is kept of it.

The folder of a run holds ``run.json``, what was asked for and where, and ``series/``, every pair
that was measured. All else is worked out from these, so a run that was interrupted goes on, and a
report can be made again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sbsim import __version__
from sbsim.backends.backend import Traits
from sbsim.bench import series
from sbsim.bench.comparison import Comparison, compare_ratios
from sbsim.bench.errors import TooFewPairs, UnreadableSeries, WroteBeside
from sbsim.bench.fio import Fio
from sbsim.bench.layers import GUARD_BYTES, Layer, Stack, layers_of, neighbours
from sbsim.bench.loopback import loopback
from sbsim.bench.measuring import Contest, Measuring, Progress, Turns
from sbsim.bench.series import Heading, Series
from sbsim.bench.steady_state import steady_window, why_not
from sbsim.bench.stopping import Goal
from sbsim.bench.verdict import Judged, Name, Verdict, verdict
from sbsim.bench.workloads import PRESETS, Preset, Workload, filling
from sbsim.deployment import Deployment, Host
from sbsim.machines import Machine
from sbsim.management import volumes
from sbsim.management.deployed import Deployed
from sbsim.management.entities import PrimaryStorage, Volume
from sbsim.management.finding import find
from sbsim.management.management import Management
from sbsim.management.volumes import NewDataVolume
from sbsim.report.folder import RUN, SERIES
from sbsim.sharedblock.volumes import Use

SCHEMA = 1
VOLUME = "sbsim-bench"
REGION_BYTES = 126 * 2**20
# Pairs of what is shown and not judged.
SHOWN_PAIRS = 12
# How much may be lost for the claim to hold, if nothing else is said.
MARGIN = 0.05

QUICK = "quick"

NOISE = "noise"
ADDED = "added"
CLAIM = "claim"


@dataclass(frozen=True)
class Plan:
    """What is measured: where, how, and the margin within which the claim holds.

    `kind` and `capabilities` say what the numbers are worth there. `machine` is what the series
    carry as a fingerprint; `command` makes the run again.
    """

    deployment: str
    host: str
    storage: str
    preset: str
    workloads: tuple[Workload, ...]
    margin: float
    seed: int
    kind: str
    capabilities: tuple[str, ...]
    machine: dict[str, Any]
    command: str

    @property
    def of(self) -> Preset:
        """The preset."""
        return PRESETS[self.preset]


@dataclass(frozen=True)
class Found:
    """One contest under one workload: its series, and what it shows; `why_none` if nothing."""

    contest: str
    workload: str
    series: Series
    comparison: Comparison | None
    why_none: str = ""


def plan_for(
    deployment: Deployment,
    traits: Traits,
    *,
    host: str,
    storage: str,
    preset: str,
    command: str,
    workloads: tuple[Workload, ...] = (),
    margin: float = MARGIN,
    seed: int = 0,
) -> Plan:
    """The plan of a run on a backend that is up; the preset's workloads if none are given."""
    return Plan(
        deployment=deployment.name,
        host=host,
        storage=storage,
        preset=preset,
        workloads=workloads or PRESETS[preset].workloads,
        margin=margin,
        seed=seed,
        kind="emulated" if traits.emulated else "measured",
        capabilities=tuple(sorted(traits.capabilities)),
        machine={
            "sbsim": __version__,
            "profile": deployment.profile,
            "backend": traits.backend,
            **traits.facts,
        },
        command=command,
    )


class Kept:
    """The folder of a run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def begun(self) -> bool:
        """Whether a run was begun in it."""
        return (self.folder / RUN).exists()

    def check(self, resume: bool) -> None:
        """Raise UnreadableSeries unless a run can begin in the folder, or go on in it."""
        if self.begun and not resume:
            raise UnreadableSeries(
                f"{self.folder} holds measurements already; go on with them by --resume, or name "
                "another folder with --out"
            )
        if self.begun:
            self.plan()
        if resume and not self.begun:
            raise UnreadableSeries(f"{self.folder} holds no run to go on with; leave --resume out")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UnreadableSeries(
                f"{self.folder} cannot be made ({error.strerror}); name another folder with --out"
            ) from None

    def begin(self, plan: Plan) -> None:
        """Note what the run is. Raises UnreadableSeries if the folder holds a different one."""
        if self.begun:
            if (there := self.plan()) != plan:
                raise UnreadableSeries(
                    f"{self.folder} holds a run of something else, or of another machine "
                    f"({there.command}); name another folder with --out"
                )
            return
        text = json.dumps({"schema": SCHEMA, **asdict(plan)}, indent=2)
        (self.folder / RUN).write_text(text + "\n", encoding="utf-8")

    def plan(self) -> Plan:
        """What the run was asked for. Raises UnreadableSeries."""
        path = self.folder / RUN
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
            if value.pop("schema") != SCHEMA:
                raise ValueError("another schema")
            value["workloads"] = tuple(
                Workload(**{**one, "extra": tuple(map(tuple, one["extra"]))})
                for one in value["workloads"]
            )
            value["capabilities"] = tuple(value["capabilities"])
            return Plan(**value)
        except OSError as error:
            raise UnreadableSeries(
                f"{self.folder}: expected the folder of a run of `sbsim bench`: {RUN}: "
                f"{error.strerror}"
            ) from None
        except (ValueError, KeyError, TypeError) as error:
            raise UnreadableSeries(f"{path}: expected what `sbsim bench` keeps: {error}") from None

    def path(self, contest: str, workload: str) -> Path:
        """Where the pairs of a contest under a workload are kept."""
        return self.folder / SERIES / f"{contest}.{workload}.jsonl"

    def found(self) -> list[Found]:
        """All that was measured so far, and what it shows."""
        plan = self.plan()
        paths = sorted((self.folder / SERIES).glob("*.jsonl"))
        return [judge(path, plan.of.steady) for path in paths]


def judge(path: Path, steady: bool) -> Found:
    """Read a kept series and compare its sides. Raises UnreadableSeries."""
    read = series.load(path)
    contest, _, workload = path.stem.partition(".")
    counted = read.logs
    if steady:
        values = read.values(read.heading.sides[1])
        window = steady_window(values)
        if window is None:
            return Found(contest, workload, read, None, f"no steady state: {why_not(values)}")
        counted = counted[window.first - 1 :]
    try:
        return Found(contest, workload, read, compare_ratios(counted))
    except TooFewPairs as error:
        return Found(contest, workload, read, None, str(error))


def verdicts_of(plan: Plan, found: list[Found]) -> tuple[Verdict, Verdict]:
    """Both verdicts: what Shared Block adds, and the claim.

    A workload that shows nothing, or was not come to, keeps either from passing.
    """

    def of(name: Name, contest: str) -> Verdict:
        shown = {
            one.workload: one.comparison
            for one in found
            if one.contest == contest and one.comparison is not None
        }
        judged = [Judged(workload, comparison) for workload, comparison in shown.items()]
        missing = [one.name for one in plan.workloads if one.name not in shown]
        return verdict(name, judged, plan.margin, plan.capabilities, missing)

    return of("added", ADDED), of("claim", CLAIM)


def contests_of(layers: tuple[Layer, ...], preset: Preset) -> tuple[Contest, ...]:
    """What is compared: a layer with itself, the volume with what carries it, and with the disk.

    Beyond the preset `quick` every two neighbours are.
    """
    top, under, bottom = layers[-1], layers[-2], layers[0]
    contests = [
        Contest(NOISE, under, under),
        Contest(ADDED, top, under),
        Contest(CLAIM, top, bottom),
    ]
    if preset.name != QUICK:
        contests += [
            Contest(f"{upper.name}-{lower.name}", upper, lower)
            for upper, lower in neighbours(layers)
            if (upper, lower) != (top, under)
        ]
    return tuple(contests)


def bench(
    plan: Plan, deployed: Deployed, management: Management, kept: Kept, progress: Progress
) -> None:
    """Measure all that the plan says on a volume made for it, which is deleted afterwards.

    Raises NoFio, NoSuchLayer, FioFailed; WroteBeside if bytes beside the region have changed.
    """
    host = deployed.deployment.host(plan.host)
    with _volume(management, plan.storage, progress) as volume:
        storage = find(management, PrimaryStorage, plan.storage)
        with deployed.volumes(host).using(storage.uuid, volume.lv, Use.EXCLUSIVE):
            found = layers_of(deployed, host, storage.uuid, volume.lv)
            with _layers(plan, deployed, found) as layers:
                _measure_all(plan, deployed, host, layers, kept, progress)


@contextmanager
def _layers(plan: Plan, deployed: Deployed, found: Stack) -> Iterator[tuple[Layer, ...]]:
    """The layers that the preset measures: all, but for `quick`, which leaves LIO alone out."""
    if plan.preset == QUICK:
        yield found.layers
        return
    server = deployed.machines[found.server.name]
    with loopback(server, deployed.clock, found.lun) as device:
        yield found.with_loopback(device)


def _measure_all(
    plan: Plan,
    deployed: Deployed,
    host: Host,
    layers: tuple[Layer, ...],
    kept: Kept,
    progress: Progress,
) -> None:
    machine, top = deployed.machines[host.name], layers[-1]
    fios = {layer.machine: Fio(deployed.machines[layer.machine]) for layer in layers}
    for fio in fios.values():
        fio.version()
    progress(f"writing the region once: {top.place().size // 2**20} MiB of {top.device}")
    fios[host.name].run(filling(top.place()), seconds=120)
    before = _guards(machine, top)
    measuring = Measuring(fios, deployed.clock, progress)
    for contest in contests_of(layers, plan.of):
        for workload in plan.workloads:
            heading = Heading(workload.name, contest.sides, plan.kind, plan.machine)
            path = kept.path(contest.name, workload.name)
            measuring.measure(contest, workload, _turns(plan, contest), path, heading)
    if _guards(machine, top) != before:
        raise WroteBeside(f"{host.name}: bytes of {top.device} outside the region have changed")


def _turns(plan: Plan, contest: Contest) -> Turns:
    """The verdicts need narrow intervals; the rest is shown, and the fewest pairs do for that."""
    of, most = plan.of, 2000
    if contest.name == NOISE:
        most = of.pairs
    elif contest.name != ADDED and "measured_io" not in plan.capabilities:
        most = SHOWN_PAIRS
    goal = Goal(of.half_width, of.budget_seconds, min(of.pairs, most), most)
    return Turns(round(of.seconds * 1000), goal, plan.seed)


def _guards(machine: Machine, layer: Layer) -> tuple[str, ...]:
    """Digests of the volume's first and last bytes, which nothing writes."""
    last = (layer.size - GUARD_BYTES) // GUARD_BYTES
    return tuple(
        hashlib.sha256(
            machine.run(
                "dd", f"if={layer.device}", f"bs={GUARD_BYTES}", "count=1", f"skip={skip}",
                "iflag=direct", "status=none",
            ).stdout.encode(errors="surrogateescape")
        ).hexdigest()
        for skip in (0, last)
    )  # fmt: skip


@contextmanager
def _volume(management: Management, storage: str, progress: Progress) -> Iterator[Volume]:
    """A volume that nobody else uses; one that an earlier run had to leave is removed before."""
    with management.store.transaction() as rows:
        left = [one.name for one in rows.all(Volume) if one.name == VOLUME]
    for name in left:
        progress(f"deleting the volume {name} of a run that was cut off")
        volumes.delete(management, name)
    size = REGION_BYTES + 2 * GUARD_BYTES
    volume = volumes.create(management, NewDataVolume(VOLUME, size, storage, shareable=True))
    try:
        yield volume
    finally:
        volumes.delete(management, volume.uuid)
