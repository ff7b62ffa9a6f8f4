"""From machines that answer to machines that are set up as the guide says, and back.

Every step is idempotent and reports only what it changed. `sbsim provision` and `sbsim accept`
use the same functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from sbsim.deployment import Host
from sbsim.initiator.multipath import PACKAGES, Multipath
from sbsim.initiator.paths import has_several, several_paths
from sbsim.machines import Machine, parallel
from sbsim.machines.packages import Packages
from sbsim.machines.server import Server
from sbsim.management.deployed import Deployed

Progress = Callable[[str], None]


def provision(deployed: Deployed, progress: Progress) -> list[str]:
    """Set up names, targets, initiators and multipath; return what was changed, one line each."""
    deployment = deployed.deployment
    changes: list[str] = []

    def told(step: str, made: Mapping[str, Iterable[str]]) -> None:
        lines = [f"{name}: {line}" for name, done in made.items() for line in done]
        changes.extend(lines)
        progress(f"{step}: {len(lines)} change{'s' if len(lines) != 1 else ''}")

    machines, servers = deployed.machines.values(), deployment.storage_servers
    told("names and hosts files", parallel(machines, lambda one: name_server(deployed, one)))
    told("targets", parallel(servers, lambda one: apply_target(deployed, one.name)))
    told("initiators", parallel(deployment.hosts, lambda one: apply_initiator(deployed, one)))
    if several := [host for host in deployment.hosts if has_several(deployment, host)]:
        told("multipath", parallel(several, lambda one: apply_multipath(deployed, one)))
    return changes


def name_server(deployed: Deployed, machine: Machine) -> list[str]:
    """Give a server its host name and every server's entry in its hosts file (R2.1, R2.4)."""
    server = Server(machine)
    changes = []
    if server.set_host_name(machine.name):
        changes.append(f"host name is {machine.name}")
    entries = {item.name: str(item.address) for item in deployed.deployment.machines}
    if server.set_hosts(entries):
        changes.append(f"hosts file names {len(entries)} servers")
    return changes


def apply_target(deployed: Deployed, name: str) -> list[str]:
    """Make the storage server of that name show what the description says (R3.1 to R3.3)."""
    server, machine = deployed.deployment.storage_server(name), deployed.machines[name]
    made = deployed.target_server(server).apply(deployed.wanted(server))
    # Its ports come after its targets: see initiator.fc.configure.
    opened = deployed.transport.open_array(machine, deployed.clock, deployed.deployment, server)
    return [*(str(change) for change in made.changes), *opened]


def apply_initiator(deployed: Deployed, host: Host) -> list[str]:
    """Have a host see its LUNs: over iSCSI named, with CHAP and logged in (R3.5 to R3.8)."""
    machine, deployment = deployed.machines[host.name], deployed.deployment
    transport = deployed.transport
    return list(transport.log_in(machine, deployed.clock, deployment, host, deployed.chap))


def apply_multipath(deployed: Deployed, host: Host) -> list[str]:
    """Gather a host's paths to each LUN into one device, installing what that takes (R3.13)."""
    machine = deployed.machines[host.name]
    multipath = Multipath(machine, deployed.clock)
    changes = [f"installed {name}" for name in Packages(machine).install(PACKAGES)]
    changes += multipath.enable()
    multipath.settle(several_paths(deployed.deployment, host))
    return changes
