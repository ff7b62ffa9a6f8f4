"""`sbsim ps …`, `sbsim host …`, `sbsim cluster …`: the management plane by hand."""

from __future__ import annotations

from typing import Annotated

import typer

from sbsim.cli_answers import (
    AsJson,
    LabName,
    Yes,
    confirm,
    open_management,
    show_value,
    steps,
    telling,
)
from sbsim.errors import SbsimError, UsageError
from sbsim.management import (
    attachment,
    growth,
    inventory,
    local_storage,
    operating,
    primary_storage,
    reconnection,
    tables,
)
from sbsim.management.asking import listed
from sbsim.management.candidates import candidates as candidates_of
from sbsim.management.entities import Cluster, PrimaryStorage, Zone
from sbsim.management.finding import find
from sbsim.management.hosts import add_host
from sbsim.management.management import Management
from sbsim.management.primary_storage import NewStorage

ps_app = typer.Typer(no_args_is_help=True, help="Add, attach, look at and delete storages.")
host_app = typer.Typer(no_args_is_help=True, help="Add hosts and look at them.")
cluster_app = typer.Typer(no_args_is_help=True, help="Look at clusters.")

Storage = Annotated[str, typer.Argument(metavar="NAME", help="The storage's name or uuid.")]
ClusterName = Annotated[str, typer.Option("--cluster", help="The cluster's name or uuid.")]


@ps_app.command("list")
def list_storages(lab: LabName = None, as_json: AsJson = False) -> None:
    """List the storages."""
    found = inventory.storages(open_management(lab))
    show_value(found, [tables.storages(found)] if found else [], "no storage is added", as_json)


@ps_app.command()
def show(name: Storage, lab: LabName = None, as_json: AsJson = False) -> None:
    """Show one storage: its disks, and each host's place in it."""
    _show_storage(open_management(lab), name, as_json)


@ps_app.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called.")],
    disk: Annotated[
        list[str], typer.Option("--disk", help="The id of a LUN; the first holds the locks.")
    ],
    cluster: Annotated[
        list[str] | None, typer.Option("--cluster", help="Attach it to this cluster at once.")
    ] = None,
    zone: Annotated[str | None, typer.Option(help="Its zone, if not the clusters'.")] = None,
    wipe: Annotated[bool, typer.Option("--wipe", help="Clear what is on the LUNs.")] = False,
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    yes: Yes = False,
    lab: LabName = None,
    as_json: AsJson = False,
) -> None:
    """Add a storage of LUNs, and attach it to clusters."""
    management = telling(lab)
    clusters = tuple(cluster or ())
    new = NewStorage(
        name, _zone(management, zone, clusters), tuple(disk), description=description, wipe=wipe
    )
    if wipe:
        confirm(yes, f"what is on {', '.join(disk)} would be cleared when {name} is attached")
    added = primary_storage.add_and_attach(management, new, clusters)
    _show_storage(management, added.uuid, as_json)


@ps_app.command("add-local")
def add_local(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called.")],
    path: Annotated[str, typer.Option(help="The folder on each host.")],
    cluster: Annotated[
        str | None, typer.Option("--cluster", help="Attach it to this cluster at once.")
    ] = None,
    zone: Annotated[str | None, typer.Option(help="Its zone, if not the cluster's.")] = None,
    lab: LabName = None,
    as_json: AsJson = False,
) -> None:
    """Add a local storage: a folder of each host, beside a Shared Block storage."""
    management = telling(lab)
    clusters = (cluster,) if cluster else ()
    added = local_storage.add_local(management, name, _zone(management, zone, clusters), path)
    if cluster:
        try:
            attachment.attach_to_cluster(management, added.uuid, cluster)
        except SbsimError:
            primary_storage.delete(management, added.uuid)
            raise
    _show_storage(management, added.uuid, as_json)


@ps_app.command()
def attach(
    name: Storage, cluster: ClusterName, lab: LabName = None, as_json: AsJson = False
) -> None:
    """Attach a storage to a cluster: all of its hosts connect, or none."""
    management = telling(lab)
    attachment.attach_to_cluster(management, name, cluster)
    _show_storage(management, name, as_json)


@ps_app.command()
def detach(
    name: Storage,
    cluster: ClusterName,
    yes: Yes = False,
    lab: LabName = None,
    as_json: AsJson = False,
) -> None:
    """Detach a storage from a cluster: its hosts are disconnected, the LUNs stay as they are."""
    management = telling(lab)
    storage, place = find(management, PrimaryStorage, name), find(management, Cluster, cluster)
    confirm(yes, f"every host of {place.name} would be disconnected from {storage.name}")
    attachment.detach_from_cluster(management, storage.uuid, place.uuid)
    _show_storage(management, storage.uuid, as_json)


@ps_app.command()
def reconnect(name: Storage, lab: LabName = None, as_json: AsJson = False) -> None:
    """Connect a storage's hosts again, and refresh what is known of it."""
    management = telling(lab)
    done = reconnection.reconnect(management, name)
    if done.errors:
        steps.print(f"not connected: {listed(done.errors)}", markup=False)
    _show_storage(management, name, as_json)


@ps_app.command("add-disk")
def add_disk(
    name: Storage,
    disk: Annotated[str, typer.Option("--disk", help="The id of the LUN.")],
    wipe: Annotated[bool, typer.Option("--wipe", help="Clear by force what is on it.")] = False,
    yes: Yes = False,
    lab: LabName = None,
    as_json: AsJson = False,
) -> None:
    """Add a LUN to a storage while it is in use."""
    management = telling(lab)
    if wipe:
        confirm(yes, f"whatever {disk} holds would be cleared")
    growth.add_disk(management, name, disk, wipe)
    _show_storage(management, name, as_json)


@ps_app.command()
def refresh(name: Storage, lab: LabName = None, as_json: AsJson = False) -> None:
    """See LUNs that have grown on the array, and grow the storage with them."""
    management = telling(lab)
    growth.refresh(management, name)
    _show_storage(management, name, as_json)


@ps_app.command()
def enable(name: Storage, lab: LabName = None, as_json: AsJson = False) -> None:
    """Let a storage be used again, after it was disabled or in maintenance."""
    management = telling(lab)
    _show_storage(management, operating.enable(management, name).uuid, as_json)


@ps_app.command()
def disable(name: Storage, lab: LabName = None, as_json: AsJson = False) -> None:
    """Refuse new instances, volumes and snapshots on a storage; what runs, runs on."""
    management = telling(lab)
    _show_storage(management, operating.disable(management, name).uuid, as_json)


@ps_app.command()
def maintain(name: Storage, yes: Yes = False, lab: LabName = None, as_json: AsJson = False) -> None:
    """Enter maintenance: every instance that has a volume on the storage is stopped."""
    management = telling(lab)
    users = operating.running_users(management, name)
    if users:
        confirm(yes, f"these instances would be stopped: {', '.join(users)}")
    _show_storage(management, operating.maintain(management, name).uuid, as_json)


@ps_app.command()
def delete(name: Storage, yes: Yes = False, lab: LabName = None, as_json: AsJson = False) -> None:
    """Forget a storage that is attached to no cluster; what is on its LUNs stays."""
    management = telling(lab)
    storage = find(management, PrimaryStorage, name)
    confirm(yes, f"the storage {storage.name} ({storage.uuid}) would be forgotten")
    primary_storage.delete(management, storage.uuid)
    show_value({"deleted": storage.uuid}, [], f"{storage.name} is deleted", as_json)


@ps_app.command()
def candidates(cluster: ClusterName, lab: LabName = None, as_json: AsJson = False) -> None:
    """List the LUNs that every host of a cluster sees and no storage has."""
    found = list(candidates_of(open_management(lab), cluster))
    shown = [tables.candidates(found)] if found else []
    show_value(found, shown, f"no LUN is free that every host of {cluster} sees", as_json)


@host_app.command("list")
def list_hosts(lab: LabName = None, as_json: AsJson = False) -> None:
    """List the hosts."""
    found = inventory.hosts(open_management(lab))
    show_value(found, [tables.hosts(found)] if found else [], "no host is added", as_json)


@host_app.command("add")
def add_one_host(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The machine's name.")],
    cluster: ClusterName,
    address: Annotated[str, typer.Option(help="Its address; its name if not given.")] = "",
    lab: LabName = None,
    as_json: AsJson = False,
) -> None:
    """Take a host over: install what it lacks, and connect it to its cluster's storages."""
    management = telling(lab)
    done = add_host(management, name, cluster, lambda: management.install(name), address)
    value = {"uuid": done.host.uuid, "name": name, "installed": done.installed}
    what = f"installed {', '.join(done.installed)}" if done.installed else "nothing was missing"
    show_value(value, [], f"{name} is a host of {cluster}; {what}", as_json)


@cluster_app.command("list")
def list_clusters(lab: LabName = None, as_json: AsJson = False) -> None:
    """List the clusters."""
    found = inventory.clusters(open_management(lab))
    show_value(found, [tables.clusters(found)] if found else [], "no cluster is added", as_json)


def _zone(management: Management, zone: str | None, clusters: tuple[str, ...]) -> str:
    """The zone of a new storage: as given, else its first cluster's, else the only one."""
    if zone is not None:
        return zone
    if clusters:
        return find(management, Cluster, clusters[0]).zone_uuid
    with management.store.transaction() as rows:
        zones = rows.all(Zone)
    if len(zones) != 1:
        raise UsageError(f"there are {len(zones)} zones; say which with --zone, or give --cluster")
    return zones[0].uuid


def _show_storage(management: Management, name: str, as_json: bool) -> None:
    found = inventory.storage(management, name)
    show_value(found, tables.storage(found), "", as_json)
