"""`sbsim accept` and `sbsim report`: the main job and its report."""

from __future__ import annotations

import textwrap
from collections import Counter
from pathlib import Path
from typing import Annotated, cast

import typer
from rich.console import Console

from sbsim.acceptance.accept import accept as run_acceptance
from sbsim.acceptance.options import BACKENDS, BackendName, Options
from sbsim.acceptance.run import default_out
from sbsim.bundle import default_deployment, default_variants
from sbsim.deployment import PROFILES
from sbsim.errors import UsageError
from sbsim.report import rebuild
from sbsim.report.result import Result

WHERE = " or ".join(BACKENDS)
# The report has every reason whole.
REASON_LIMIT = 400
out = Console(emoji=False, highlight=False, soft_wrap=True)


def accept(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="The description; the guide's own if none."),
    ] = None,
    backend: Annotated[
        str, typer.Option(help=f"Where the machines are: {' or '.join(BACKENDS)}.")
    ] = BACKENDS[0],
    profile: Annotated[
        str | None, typer.Option(help="The product version that counts, if not the description's.")
    ] = None,
    io_timeout: Annotated[
        int | None,
        typer.Option(min=1, max=120, help="sanlock's, in seconds, if not the profile's."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of whatever is drawn by chance.")] = 0,
    folder: Annotated[
        Path | None, typer.Option("--out", help="Where report and evidence go.")
    ] = None,
    no_apply: Annotated[
        bool, typer.Option("--no-apply", help="Provision nothing: check what is there.")
    ] = False,
    lab: Annotated[str | None, typer.Option("--lab", help="The lab's name.")] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Judge this chapter (3.5) or requirement (R3.9) only; may be repeated."),
    ] = None,
    also: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Judge on this description what FILE itself lacks; may be repeated. "
            "The guide's own deployment has two: two paths to every LUN, and Fibre Channel.",
        ),
    ] = None,
) -> int:
    """Bring a deployment up, provision it, check every requirement, and report."""
    alone = file or lab or no_apply
    options = Options(
        deployment=file or default_deployment(),
        backend=cast(BackendName, _one_of("backend", backend, BACKENDS)),
        out=folder or default_out(),
        profile=_one_of("profile", profile, PROFILES) if profile else None,
        io_timeout=io_timeout,
        seed=seed,
        apply=not no_apply,
        lab=lab,
        only=tuple(only or ()),
        also=tuple(also or (() if alone else default_variants())),
    )
    result = run_acceptance(options)
    summarise(result, options.out)
    return result.exit_status


def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a run.")],
) -> int:
    """Rebuild report.html from a run's result.json and evidence."""
    result = rebuild(folder)
    summarise(result, folder)
    return 0


def summarise(result: Result, folder: Path) -> None:
    """Print the verdict first, then what stands in its way, then where to read on."""
    counts = Counter(result.requirements[id].status for id in result.scope)
    parts = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    out.print(f"\n[bold]verdict: {result.verdict}[/bold]  ({len(result.scope)} requirements in "
              f"scope: {parts}; {result.seconds:.0f} s)")  # fmt: skip
    for id in result.with_status("fail", "inconclusive", "untested"):
        judged = result.requirements[id]
        out.print(f"  {id} {judged.status}: {_short(judged.reason or '')}", markup=False)
    if blocked := result.with_status("blocked"):
        # One cause blocks many, and is told once: by the first of them.
        reason = _short(result.requirements[blocked[0]].reason or "")
        out.print(f"  blocked: {', '.join(blocked)}\n    {blocked[0]}: {reason}", markup=False)
    out.print(f"report: {folder / 'report.html'}", markup=False)


def _short(reason: str) -> str:
    return textwrap.shorten(reason, REASON_LIMIT, placeholder=" … (all of it in the report)")


def _one_of(what: str, value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise UsageError(f"--{what} {value!r} is not known; expected one of {', '.join(known)}")
    return value
