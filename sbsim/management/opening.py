"""The management plane of a deployment, opened on its machines and its store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sbsim.initiator import multipath
from sbsim.kvm.configure import configure
from sbsim.kvm.folders import Folders
from sbsim.machines.packages import Packages
from sbsim.management import owner
from sbsim.management.deployed import Deployed
from sbsim.management.journal import Journal
from sbsim.management.management import Management
from sbsim.management.store import Store
from sbsim.sharedblock.profiles import profile

# What the platform puts on a host when it takes it over (R2.5); parted brings partprobe.
HOST_PACKAGES = ("lvm2", "lvm2-lockd", "sanlock", "multipath-tools", "parted")


def host_packages(deployed: Deployed) -> tuple[str, ...]:
    """The packages that taking a host of this deployment over brings, by Debian's names."""
    # With several paths multipath is set up before any host is taken over (the guide's 3.4).
    there = multipath.PACKAGES if deployed.is_multipath else ()
    return tuple(name for name in HOST_PACKAGES if name not in there)


def open_management(deployed: Deployed, store: Path, progress: Callable[[str], None]) -> Management:
    """The management plane of `deployed`, its memory in the file `store`.

    Raises UsageError if that file cannot serve.
    """
    kept = Store(store, deployed.clock)
    wanted, hosts = host_packages(deployed), deployed.deployment.hosts
    version = profile(deployed.deployment.profile)

    def install(host: str) -> tuple[str, ...]:
        progress(f"installing what {host} lacks")
        machine = deployed.machines[host]
        installed = Packages(machine).install(wanted)
        for line in configure(machine):
            progress(f"{host}: {line}")
        return installed

    return Management(
        store=kept,
        journal=Journal(kept, str(owner.this_process()), owner.alive, deployed.ids, deployed.time),
        agents={host.name: deployed.pool(host) for host in hosts},
        install=install,
        ids=deployed.ids,
        now=deployed.time,
        progress=progress,
        volume_agents={host.name: deployed.volumes(host) for host in hosts},
        instance_agents={host.name: deployed.instances(host) for host in hosts},
        folder_agents={host.name: Folders(deployed.machines[host.name]) for host in hosts},
        volume_format=version.volume_format,
        thin=version.thin,
    )
