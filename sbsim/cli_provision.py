"""`sbsim provision` and `sbsim teardown`: a deployment set up to be used, and taken away again."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from sbsim.acceptance.platform import make_platform
from sbsim.backends import LabBackend
from sbsim.bundle import default_deployment
from sbsim.cli_lab import File, LabName, teller, the_lab
from sbsim.deployment import Deployment, Host, load
from sbsim.errors import UsageError
from sbsim.initiator.chap import ChapSettings, chap_of
from sbsim.initiator.multipath import Multipath
from sbsim.lab.folder import LabFolder
from sbsim.machines import parallel
from sbsim.management.deployed import Deployed
from sbsim.management.described import remove_storages
from sbsim.management.management import Management
from sbsim.management.opening import open_management
from sbsim.management.provision import Progress, provision
from sbsim.management.recovery import recover

out = Console(emoji=False, highlight=False, soft_wrap=True)


def provision_command(file: File = None, lab: LabName = None) -> None:
    """Bring a deployment up to "primary storage Connected" and leave it up."""
    path = (file or default_deployment()).absolute()
    deployment = load(path)
    chap = chap_of(deployment, True, path.parent)  # a missing password is told before any boot
    progress = teller()
    backend = LabBackend(deployment, name=lab, keep=True)
    backend.up(progress)
    _remember(LabFolder(lab or deployment.name), path)
    deployed = _on(backend, deployment, chap)
    try:
        provision(deployed, progress)
        make_platform(deployed, backend, progress, keep=False)
    except BaseException:
        progress("the lab stays up: the same command goes on from here, `sbsim lab down` ends it")
        raise
    _tell_how_to_reach(deployment, lab)


def teardown_command(lab: LabName = None) -> None:
    """Undo `provision`: storages, initiators and targets, then the lab itself."""
    found = the_lab(lab)
    progress = teller()
    if found.folder.description.exists():
        deployed, management = reopen(found.name, progress)
        for line in remove_storages(deployed, management):
            progress(line)
        _remove_san(deployed, progress)
    found.down()
    progress(f"the lab {found.name} is down; nothing of it is left")


def reopen(lab: str | None, progress: Progress) -> tuple[Deployed, Management]:
    """The deployment that `provision` left in a lab. UsageError if there is none."""
    found = the_lab(lab)
    path = found.folder.description
    if not path.exists():
        raise UsageError(f"nothing was provisioned in the lab {found.name}; do it: sbsim provision")
    path = path.resolve()
    deployment = load(path)
    backend = LabBackend.attached(found)
    chap = chap_of(deployment, True, path.parent)
    deployed = _on(backend, deployment, chap)
    management = open_management(deployed, backend.store, progress)
    recover(management)
    return deployed, management


def _on(backend: LabBackend, deployment: Deployment, chap: ChapSettings) -> Deployed:
    return Deployed(deployment, backend.machines, chap, backend.clock, backend.hypervisor)


def _remember(folder: LabFolder, description: Path) -> None:
    aside = folder.path / ".deployment.toml"
    aside.unlink(missing_ok=True)
    aside.symlink_to(description)
    aside.replace(folder.description)


def _remove_san(deployed: Deployed, progress: Progress) -> None:
    deployment = deployed.deployment

    def leave(name: str) -> None:
        deployed.transport.log_out(deployed.machines[name], deployed.clock, deployment)

    def take_off(host: Host) -> None:
        Multipath(deployed.machines[host.name], deployed.clock).remove()
        leave(host.name)

    parallel(deployment.hosts, take_off)
    progress("initiators: logged out, their configuration is the original again")
    parallel(deployment.storage_servers, lambda one: leave(one.name))
    parallel(deployment.storage_servers, lambda one: deployed.target_server(one).remove())
    progress("targets: removed")


def _tell_how_to_reach(deployment: Deployment, lab: str | None) -> None:
    option = f" --lab {lab}" if lab else ""
    out.print("look around:")
    out.print(f"  sbsim ps list{option}")
    out.print(f"  sbsim lab ssh{option} {deployment.hosts[0].name} vgs")
    out.print(f"take it away again:\n  sbsim teardown{option}")
