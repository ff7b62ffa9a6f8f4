"""`sbsim contract record`: what real kernels and tools say, kept as data for the simulator."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from sbsim.backends import LabBackend
from sbsim.bundle import bundle_folder, default_deployment
from sbsim.cli_lab import teller
from sbsim.contract import configfs_recording, rtslib_recording, tool_cases
from sbsim.deployment import load
from sbsim.errors import UsageError
from sbsim.report.recorded import read

out = Console(emoji=False, highlight=False, soft_wrap=True)
contract_app = typer.Typer(no_args_is_help=True, help="Hold the simulator against the real world.")

Into = Annotated[
    Path | None, typer.Option("--into", help="The checkout to write to; else the one that runs.")
]


@contract_app.callback()
def contract() -> None:
    """Hold the simulator against the real world."""


@contract_app.command("record")
def record_command(into: Into = None) -> None:
    """Boot a lab and keep what its kernel's configfs answers to every operation of the contract."""
    deployment = load(default_deployment())
    server = next(one for one in deployment.storage_servers if any(t.luns for t in one.targets))
    luns = [lun for target in server.targets for lun in target.luns if lun.backing == "block"]
    backend = LabBackend(deployment, name=f"contract-{deployment.name}")
    progress = teller()
    backend.up(progress)
    try:
        progress(f"playing on {server.name}")
        machine = backend.machines[server.name]
        recording = configfs_recording.record(machine, tuple(lun.device for lun in luns))
        taken = rtslib_recording.record(machine, luns[0].device)
    finally:
        backend.down()
    root = into or bundle_folder()
    trees, operations = root / "sbsim/sim/lio/kernels", root / "suites/contract/recorded"
    for folder in (trees, operations):
        folder.mkdir(parents=True, exist_ok=True)
    recording.save(trees, operations)
    taken.save(operations)
    refused = sum(answer[0] == "error" for _, answer in recording.played)
    out.print(
        f"Linux {recording.kernel}: {len(recording.played)} operations, {refused} of them refused; "
        f"{len(recording.tree)} nodes; {len(taken.steps)} steps of rtslib"
    )


@contract_app.command("cases")
def cases_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a run on the lab.")],
    name: Annotated[str, typer.Option("--name", help="What the cases are called.")],
    into: Into = None,
) -> None:
    """Keep what tools answered in a run of `sbsim accept --backend lab`, verdicts and end."""
    run = read(folder).run
    if run.simulated:
        raise UsageError(f"{folder} is of a simulated run; expected one of real machines")
    about = {
        "deployment": str(run.deployment["name"]), "profile": run.profile,
        "io_timeout": run.deployment["lab"]["io_timeout"], "matrix": tool_cases.matrix(folder),
        "end_state": tool_cases.end_state(folder),
    }  # fmt: skip
    cases = tool_cases.kept(tool_cases.cases_of(folder))
    to = (into or bundle_folder()) / "suites/contract/recorded/tools" / f"{name}.json"
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text(tool_cases.to_json(cases, about))
    shapes = len({one.shape for one in cases})
    out.print(f"{to}: {len(cases)} cases of {shapes} shapes")
