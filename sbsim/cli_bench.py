"""`sbsim bench` and `sbsim bench compare`: how much of the disk's performance reaches a volume."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from typer.core import TyperGroup

from sbsim.acceptance.platform import make_platform
from sbsim.backends import LabBackend
from sbsim.bench import page
from sbsim.bench.compare_runs import compare_runs
from sbsim.bench.job_file import parse_job_file
from sbsim.bench.run import MARGIN, Kept, bench, plan_for, verdicts_of
from sbsim.bench.verdict import exit_status
from sbsim.bench.workloads import PRESETS, Workload
from sbsim.bundle import default_deployment
from sbsim.cli_lab import teller
from sbsim.deployment import load
from sbsim.errors import UsageError
from sbsim.initiator.chap import chap_of
from sbsim.management.deployed import Deployed
from sbsim.management.provision import provision
from sbsim.report.folder import BENCH_REPORT

out = Console(emoji=False, highlight=False, soft_wrap=True)

DEFAULT_OUT = Path("sbsim-bench")


class _RunUnlessNamed(TyperGroup):
    """`sbsim bench [FILE]` is `sbsim bench run [FILE]`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or args[0] not in {*self.commands, "-h", "--help"}:
            args = ["run", *args]
        return super().parse_args(ctx, args)


bench_app = typer.Typer(
    cls=_RunUnlessNamed, help="Measure what Shared Block costs, and whether the claim holds."
)


@bench_app.command("run")
def run(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="The description; the guide's own if none."),
    ] = None,
    preset: Annotated[str, typer.Option(help=f"What is measured: {', '.join(PRESETS)}.")] = "quick",
    job: Annotated[
        Path | None, typer.Option(help="A fio job file that says how I/O is done instead.")
    ] = None,
    host: Annotated[str | None, typer.Option(help="On which host, if not the first.")] = None,
    storage: Annotated[str | None, typer.Option(help="Which storage, if not the first.")] = None,
    margin: Annotated[
        float, typer.Option(min=0.001, max=0.5, help="How much may be lost: 0.05 is 5 %.")
    ] = MARGIN,
    seed: Annotated[int, typer.Option(help="Of whatever is drawn by chance.")] = 0,
    folder: Annotated[
        Path, typer.Option("--out", help="Where measurements and report go.")
    ] = DEFAULT_OUT,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with what --out holds already.")
    ] = False,
    lab: Annotated[str | None, typer.Option("--lab", help="The lab's name.")] = None,
) -> int:
    """Bring a lab up to "Connected", measure its layers in pairs, and judge the claim."""
    if preset not in PRESETS:
        raise UsageError(f"--preset {preset!r} is not known; expected one of {', '.join(PRESETS)}")
    path = (file or default_deployment()).absolute()
    deployment = load(path)
    chap = chap_of(deployment, True, path.parent)
    workloads = (_own(job),) if job else ()
    measured_on = _named("host", host, [one.name for one in deployment.hosts])
    measured = _named("storage", storage, [one.name for one in deployment.primary_storages])
    kept, progress = Kept(folder), teller()
    kept.check(resume)
    backend = LabBackend(deployment, name=lab)
    try:
        backend.up(progress)
        plan = plan_for(
            deployment,
            backend.traits,
            host=measured_on,
            storage=measured,
            preset=preset,
            workloads=workloads,
            margin=margin,
            seed=seed,
            command=_command(file, preset, job, host, storage, margin, seed, folder),
        )
        kept.begin(plan)
        deployed = Deployed(deployment, backend.machines, chap, backend.clock, backend.hypervisor)
        provision(deployed, progress)
        platform = make_platform(deployed, backend, progress, keep=backend.owned)
        bench(plan, platform.deployed, platform.management, kept, progress)
    finally:
        try:
            backend.down()
        finally:
            if kept.begun:
                page.write(kept)
    return _summarise(kept)


@bench_app.command("compare")
def compare(
    first: Annotated[Path, typer.Argument(metavar="A", help="The folder of a run.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="The folder of another.")],
) -> int:
    """Compare two runs, A against B, by the same statistics: 1 if A is worse, 3 if unclear."""
    found = compare_runs(Kept(first), Kept(second))
    for line in found.lines:
        out.print(line, markup=False)
    return found.exit_status


@bench_app.command("report")
def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a run.")],
) -> int:
    """Rebuild a run's report from what was measured."""
    page.write(Kept(folder))
    _summarise(Kept(folder))
    return 0


def _summarise(kept: Kept) -> int:
    """Print the verdicts first, then every comparison, then where to read on."""
    plan, found = kept.plan(), kept.found()
    verdicts = verdicts_of(plan, found)
    out.print()
    for one in verdicts:
        out.print(f"[bold]{one.name}: {one.status}[/bold]  ", end="")
        out.print(one.sentence, markup=False)
    for each in found:
        sides = " / ".join(each.series.heading.sides)
        if each.comparison is None:
            shown = each.why_none
        else:
            of = each.comparison
            shown = (
                f"{of.ratio:.3f}  ({of.interval.low:.3f} to {of.interval.high:.3f}, "
                f"{of.pairs} pairs)"
            )
        out.print(f"  {sides:16} {each.workload:22} {shown}", markup=False)
    out.print(f"report: {kept.folder / BENCH_REPORT}", markup=False)
    return exit_status(verdicts)


def _own(job: Path) -> Workload:
    try:
        text = job.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{job}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{job}: expected a fio job file, found bytes") from None
    return parse_job_file(text, str(job))


def _named(what: str, value: str | None, known: list[str]) -> str:
    if not known:
        raise UsageError(f"the description has no {what}; there is nothing to measure")
    if value is not None and value not in known:
        raise UsageError(f"--{what} {value!r} is not described; expected {', '.join(known)}")
    return value or known[0]


def _command(
    file: Path | None,
    preset: str,
    job: Path | None,
    host: str | None,
    storage: str | None,
    margin: float,
    seed: int,
    folder: Path,
) -> str:
    words = ["sbsim", "bench", *([str(file)] if file else [])]
    words += ["--job", str(job)] if job else []
    for name, value in (("host", host), ("storage", storage)):
        words += [f"--{name}", value] if value else []
    words += ["--preset", preset, "--margin", f"{margin:g}", "--seed", str(seed)]
    return shlex.join([*words, "--out", str(folder)])
