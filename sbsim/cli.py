"""The command line. Every command prints what a person wants to know and ends with its status.

Exit status: 0 pass or done, 1 fail, 2 bad usage or bad description, 3 inconclusive,
130 interrupted.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Sized
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from sbsim import __version__
from sbsim.bundle import default_deployment
from sbsim.cli_accept import accept, report
from sbsim.cli_bench import bench_app
from sbsim.cli_contract import contract_app
from sbsim.cli_lab import lab_app
from sbsim.cli_manage import cluster_app, host_app, ps_app
from sbsim.cli_provision import provision_command, teardown_command
from sbsim.cli_vm import image_app, offering_app, snapshot_app, vm_app, volume_app
from sbsim.deployment import report as check_report
from sbsim.deployment import schema
from sbsim.doctor import examine
from sbsim.errors import SbsimError, UsageError

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Builds, checks, breaks and measures ZStack Shared Block primary storage.",
)
app.add_typer(lab_app, name="lab")
app.add_typer(ps_app, name="ps")
app.add_typer(host_app, name="host")
app.add_typer(cluster_app, name="cluster")
app.add_typer(vm_app, name="vm")
app.add_typer(volume_app, name="volume")
app.add_typer(snapshot_app, name="snapshot")
app.add_typer(image_app, name="image")
app.add_typer(contract_app, name="contract")
app.add_typer(bench_app, name="bench")
app.add_typer(offering_app, name="offering")
app.command("provision")(provision_command)
app.command("teardown")(teardown_command)
app.command()(accept)
app.command()(report)

INTERRUPTED = 130

errors = Console(stderr=True, emoji=False, highlight=False, soft_wrap=True)

DescriptionFile = Annotated[
    Path | None,
    typer.Argument(metavar="[FILE]", help="The deployment's description; the guide's own if none."),
]


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"sbsim {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Say which.")
    ] = False,
) -> None:
    """Carry the options that stand before a command."""


@app.command()
def check(
    file: DescriptionFile = None,
    as_schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of descriptions instead.")
    ] = False,
) -> None:
    """Check a description and list everything that is wrong with it."""
    if as_schema:
        print(json.dumps(schema(), indent=2))
        return
    path = file or default_deployment()
    findings, deployment = check_report(path)
    for finding in findings:
        print(f"{path}: {finding}")
    if deployment is None:
        raise UsageError(f"{path}: {_counted(findings, 'finding')}; nothing was changed")
    told = (
        _counted(deployment.hosts, "host"),
        _counted(deployment.storage_servers, "storage server"),
        _counted(deployment.targets, "target"),
        _counted(deployment.luns, "LUN"),
    )
    print(f"{path}: sound. {', '.join(told)}")


def _counted(things: Sized, word: str) -> str:
    return f"{len(things)} {word}{'' if len(things) == 1 else 's'}"


@app.command()
def doctor() -> int:
    """Say for each backend what this machine lacks, and the command that mends it."""
    lacking = 0
    for item in examine():
        lacking += not item.ok
        mark = "ok     " if item.ok else "LACKING"
        print(f"{item.backend:4} {mark} {item.what}: {item.found}")
        if not item.ok:
            print(f"             mend it: {item.mend}")
    print("nothing is lacking" if not lacking else f"{lacking} lacking")
    return 1 if lacking else 0


NO_BACKEND = (
    "sbsim: --backend is an option of `sbsim accept` alone: a simulated world lives only inside "
    "one run. Every other command works on a lab that is up (`sbsim lab up`, `sbsim provision`)"
)


def main() -> NoReturn:
    """Run the command line and end with its exit status."""
    # A polite end is an interrupt: what is open is closed the same way. Not by sending ourselves
    # the other signal: shells have what they start in the background ignore it.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        status = app(standalone_mode=False)
    except (typer.Abort, KeyboardInterrupt):
        status = INTERRUPTED
    except SbsimError as error:
        errors.print("[bold]sbsim:[/bold] ", end="")
        errors.print(str(error), markup=False)
        status = error.exit_status
    except Exception as error:
        status = _usage(error)
    # Newer typers return this status for an interrupt, older ones raise.
    if status == INTERRUPTED:
        errors.print("interrupted")
        sys.stdout.flush()
        # At once: threads may still be waiting for machines that are gone.
        os._exit(INTERRUPTED)
    sys.exit(status if isinstance(status, int) else 0)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _usage(error: Exception) -> int:
    """Show a usage error of the command line as such; anything else is a defect of ours."""
    if getattr(error, "option_name", None) == "--backend":
        errors.print(NO_BACKEND, markup=False)
        return UsageError.exit_status
    show = getattr(error, "show", None)
    if show is None:
        raise error
    show(sys.stderr)
    return int(getattr(error, "exit_code", 2))
