"""`sbsim vm|volume|snapshot|image|offering …`: instances and their volumes by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sbsim.cli_answers import (
    AsJson,
    LabName,
    Yes,
    confirm,
    open_management,
    out,
    show_value,
    telling,
)
from sbsim.cli_provision import reopen
from sbsim.deployment.size import parse_size
from sbsim.errors import UsageError
from sbsim.kvm.domain import serial_log
from sbsim.kvm.guest import guest_image
from sbsim.lab.folder import cache_folder
from sbsim.management import (
    images,
    instance_inventory,
    instances,
    migration,
    snapshots,
    tables,
    volume_attachment,
    volumes,
)
from sbsim.management.entities import Host, Snapshot, VmInstance, Volume
from sbsim.management.finding import find
from sbsim.management.instances import NewInstance
from sbsim.management.management import Management
from sbsim.management.volumes import NewDataVolume

vm_app = typer.Typer(no_args_is_help=True, help="Make, start, stop and move VM instances.")
volume_app = typer.Typer(no_args_is_help=True, help="Make, attach, detach and delete volumes.")
snapshot_app = typer.Typer(no_args_is_help=True, help="Take snapshots, and revert to them.")
image_app = typer.Typer(no_args_is_help=True, help="Add images that instances are made from.")
offering_app = typer.Typer(no_args_is_help=True, help="Say how large instances and volumes are.")

Instance = Annotated[str, typer.Argument(metavar="NAME", help="The instance's name or uuid.")]
VolumeName = Annotated[str, typer.Argument(metavar="NAME", help="The volume's name or uuid.")]
SnapshotName = Annotated[str, typer.Argument(metavar="NAME", help="The snapshot's name or uuid.")]
OnHost = Annotated[str | None, typer.Option("--host", help="The host; else the one with fewest.")]
New = Annotated[str, typer.Argument(metavar="NAME", help="What it is called.")]
StorageName = Annotated[
    str | None, typer.Option("--storage", help="The storage's name or uuid, where several are.")
]


def _size(text: str) -> int:
    try:
        return parse_size(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no size: {error}; expected such as '64 MiB'") from error


# --- instances --------------------------------------------------------------------------------


@vm_app.command("list")
def list_instances(lab: LabName = None, as_json: AsJson = False) -> None:
    """List the VM instances."""
    found = instance_inventory.instances(open_management(lab))
    show_value(found, [tables.instances(found)] if found else [], "there is no instance", as_json)


@vm_app.command("show")
def show_instance(name: Instance, lab: LabName = None, as_json: AsJson = False) -> None:
    """Show one instance and its volumes."""
    _show_instance(open_management(lab), name, as_json)


@vm_app.command("create")
def create_instance(
    name: New,
    image: Annotated[str, typer.Option(help="The image's name or uuid.")],
    offering: Annotated[str, typer.Option(help="The instance offering's name or uuid.")],
    storage: StorageName = None,
    cluster: Annotated[str | None, typer.Option(help="Its cluster, if not the first.")] = None,
    host: OnHost = None,
    never_stop: Annotated[
        bool, typer.Option("--never-stop", help="The platform starts it again when it ends.")
    ] = False,
    start: Annotated[bool, typer.Option(help="Start it at once.")] = True,
    lab: LabName = None,
    as_json: AsJson = False,
) -> None:
    """Make an instance from an image, and start it."""
    management = telling(lab)
    new = NewInstance(name, image, offering, storage, cluster, host, never_stop, start)
    _show_instance(management, instances.create(management, new).uuid, as_json)


@vm_app.command("start")
def start_instance(
    name: Instance, host: OnHost = None, lab: LabName = None, as_json: AsJson = False
) -> None:
    """Start an instance."""
    management = telling(lab)
    _show_instance(management, instances.start(management, name, host).uuid, as_json)


@vm_app.command("stop")
def stop_instance(
    name: Instance,
    force: Annotated[bool, typer.Option("--force", help="Cut its power at once.")] = False,
    stop_ha: Annotated[bool, typer.Option("--stop-ha", help="Though it is NeverStop.")] = False,
    lab: LabName = None,
    as_json: AsJson = False,
) -> None:
    """Stop an instance by its power button; after a minute by its power."""
    management = telling(lab)
    _show_instance(management, instances.stop(management, name, force, stop_ha).uuid, as_json)


@vm_app.command("reboot")
def reboot_instance(name: Instance, lab: LabName = None, as_json: AsJson = False) -> None:
    """Stop an instance and start it again on its host."""
    management = telling(lab)
    _show_instance(management, instances.reboot(management, name).uuid, as_json)


@vm_app.command("migrate")
def migrate_instance(
    name: Instance, host: OnHost = None, lab: LabName = None, as_json: AsJson = False
) -> None:
    """Move a running instance to another host."""
    management = telling(lab)
    _show_instance(management, migration.migrate(management, name, host).uuid, as_json)


@vm_app.command("destroy")
def destroy_instance(
    name: Instance, yes: Yes = False, lab: LabName = None, as_json: AsJson = False
) -> None:
    """Delete an instance with its root volume; its data volumes stay."""
    management = telling(lab)
    found = find(management, VmInstance, name)
    confirm(yes, f"the instance {found.name} ({found.uuid}) and its root volume would be deleted")
    instances.destroy(management, found.uuid)
    show_value({"destroyed": found.uuid}, [], f"{found.name} is destroyed", as_json)


@vm_app.command()
def console(
    name: Instance,
    lines: Annotated[int, typer.Option(help="How many of the last lines.", min=1)] = 10,
    lab: LabName = None,
) -> None:
    """Show what an instance wrote to its serial line, on the host where it is."""
    deployed, management = reopen(lab, lambda _text: None)
    found = find(management, VmInstance, name)
    if found.host_uuid is None:
        raise UsageError(f"{found.name} is {found.state}; only a running instance has a console")
    host = find(management, Host, found.host_uuid)
    tail = deployed.machines[host.name].run("tail", f"--lines={lines}", serial_log(found.uuid))
    out.print(tail.stdout, end="", markup=False)


# --- volumes ----------------------------------------------------------------------------------


@volume_app.command("list")
def list_volumes(lab: LabName = None, as_json: AsJson = False) -> None:
    """List the volumes."""
    found = instance_inventory.volumes(open_management(lab))
    show_value(found, [tables.volumes(found)] if found else [], "there is no volume", as_json)


@volume_app.command("show")
def show_volume(name: VolumeName, lab: LabName = None, as_json: AsJson = False) -> None:
    """Show one volume."""
    _show_volume(open_management(lab), name, as_json)


@volume_app.command("create")
def create_volume(
    name: New,
    size: Annotated[
        str | None, typer.Option(help="Such as '64 MiB'; or give a disk offering.")
    ] = None,
    offering: Annotated[str | None, typer.Option(help="A disk offering's name or uuid.")] = None,
    storage: StorageName = None,
    shared: Annotated[
        bool, typer.Option("--shared", help="Several instances may have it at once.")
    ] = False,
    thin: Annotated[
        bool, typer.Option("--thin", help="It takes its space as it is written (zstack-5).")
    ] = False,
    lab: LabName = None,
    as_json: AsJson = False,
) -> None:
    """Make a data volume; without a storage its space is made when it is first attached."""
    management = telling(lab)
    if (size is None) == (offering is None):
        raise UsageError("say how large it is: either --size or --offering")
    number = _size(size) if size is not None else images.disk_size(management, offering or "")
    made = volumes.create(management, NewDataVolume(name, number, storage, shared, thin))
    _show_volume(management, made.uuid, as_json)


@volume_app.command("attach")
def attach_volume(
    name: VolumeName,
    to: Annotated[str, typer.Option("--to", help="The instance's name or uuid.")],
    lab: LabName = None,
    as_json: AsJson = False,
) -> None:
    """Attach a volume to an instance, which may be running."""
    management = telling(lab)
    volume_attachment.attach(management, name, to)
    _show_volume(management, name, as_json)


@volume_app.command("detach")
def detach_volume(
    name: VolumeName,
    of: Annotated[str | None, typer.Option("--from", help="Which instance, if several.")] = None,
    lab: LabName = None,
    as_json: AsJson = False,
) -> None:
    """Detach a volume from an instance."""
    management = telling(lab)
    volume_attachment.detach(management, name, of)
    _show_volume(management, name, as_json)


@volume_app.command("resize")
def resize_volume(
    name: VolumeName,
    size: Annotated[str, typer.Option(help="Such as '64 MiB'; larger than it is.")],
    lab: LabName = None,
    as_json: AsJson = False,
) -> None:
    """Make a volume larger; its instance may be running."""
    management = telling(lab)
    _show_volume(management, volumes.resize(management, name, _size(size)).uuid, as_json)


@volume_app.command("extend")
def extend_volume(name: VolumeName, lab: LabName = None, as_json: AsJson = False) -> None:
    """Give a thin volume that is full more space; an instance that waits for it goes on."""
    management = telling(lab)
    _show_volume(management, volumes.extend(management, name).uuid, as_json)


@volume_app.command("delete")
def delete_volume(
    name: VolumeName, yes: Yes = False, lab: LabName = None, as_json: AsJson = False
) -> None:
    """Delete a volume with its snapshots."""
    management = telling(lab)
    found = find(management, Volume, name)
    confirm(yes, f"the volume {found.name} ({found.uuid}) and its snapshots would be deleted")
    volumes.delete(management, found.uuid)
    show_value({"deleted": found.uuid}, [], f"{found.name} is deleted", as_json)


# --- snapshots --------------------------------------------------------------------------------


@snapshot_app.command("list")
def list_snapshots(
    volume: Annotated[str | None, typer.Option("--volume", help="Of this volume alone.")] = None,
    lab: LabName = None,
    as_json: AsJson = False,
) -> None:
    """List the snapshots."""
    found = instance_inventory.snapshots(open_management(lab), volume)
    show_value(found, [tables.snapshots(found)] if found else [], "there is no snapshot", as_json)


@snapshot_app.command("take")
def take_snapshot(
    name: New,
    volume: Annotated[str, typer.Option("--volume", help="The volume's name or uuid.")],
    lab: LabName = None,
    as_json: AsJson = False,
) -> None:
    """Keep what a volume holds now; its instance may be running."""
    management = telling(lab)
    snapshots.take(management, volume, name)
    _show_snapshots(management, volume, as_json)


@snapshot_app.command("revert")
def revert_to_snapshot(
    name: SnapshotName, yes: Yes = False, lab: LabName = None, as_json: AsJson = False
) -> None:
    """Have a volume hold again what it held at a snapshot."""
    management = telling(lab)
    found = find(management, Snapshot, name)
    confirm(yes, f"what its volume holds that is in no snapshot would be lost ({found.name})")
    _show_volume(management, snapshots.revert(management, found.uuid).uuid, as_json)


@snapshot_app.command("delete")
def delete_snapshot(
    name: SnapshotName, yes: Yes = False, lab: LabName = None, as_json: AsJson = False
) -> None:
    """Delete a snapshot; its volume, and other snapshots, keep what they hold."""
    management = telling(lab)
    found = find(management, Snapshot, name)
    confirm(yes, f"the snapshot {found.name} ({found.uuid}) would be deleted")
    snapshots.delete(management, found.uuid)
    show_value({"deleted": found.uuid}, [], f"{found.name} is deleted", as_json)


# --- images and offerings ---------------------------------------------------------------------


@image_app.command("list")
def list_images(lab: LabName = None, as_json: AsJson = False) -> None:
    """List the images."""
    found = instance_inventory.images(open_management(lab))
    show_value(found, [tables.images(found)] if found else [], "there is no image", as_json)


@image_app.command("add")
def add_image(
    name: New,
    file: Annotated[
        Path | None, typer.Argument(help="A raw or qcow2 file; sbsim's own test guest if none.")
    ] = None,
    lab: LabName = None,
    as_json: AsJson = False,
) -> None:
    """Add an image that instances can be made from."""
    management = telling(lab)
    added = images.add_image(management, name, file or guest_image(cache_folder() / "guests"))
    show_value({"uuid": added.uuid, "name": name}, [], f"{name} is added", as_json)


@image_app.command("delete")
def delete_image(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The image's name or uuid.")],
    yes: Yes = False,
    lab: LabName = None,
    as_json: AsJson = False,
) -> None:
    """Forget an image, and remove it from every storage; its file stays."""
    management = telling(lab)
    confirm(yes, f"the image {name} would be removed from every storage")
    images.delete_image(management, name)
    show_value({"deleted": name}, [], f"{name} is deleted", as_json)


@offering_app.command("list")
def list_offerings(lab: LabName = None, as_json: AsJson = False) -> None:
    """List the offerings."""
    found = instance_inventory.offerings(open_management(lab))
    show_value(found, [tables.offerings(found)] if found else [], "there is no offering", as_json)


@offering_app.command("add-instance")
def add_instance_offering(
    name: New,
    memory: Annotated[str, typer.Option(help="Such as '32 MiB'.")],
    cpus: Annotated[int, typer.Option(help="Processors.")] = 1,
    lab: LabName = None,
    as_json: AsJson = False,
) -> None:
    """Add an offering for instances."""
    added = images.add_instance_offering(open_management(lab), name, cpus, _size(memory))
    show_value({"uuid": added.uuid, "name": name}, [], f"{name} is added", as_json)


@offering_app.command("add-disk")
def add_disk_offering(
    name: New,
    size: Annotated[str, typer.Option(help="Such as '64 MiB'.")],
    lab: LabName = None,
    as_json: AsJson = False,
) -> None:
    """Add an offering for data volumes."""
    added = images.add_disk_offering(open_management(lab), name, _size(size))
    show_value({"uuid": added.uuid, "name": name}, [], f"{name} is added", as_json)


def _show_instance(management: Management, name: str, as_json: bool) -> None:
    found = instance_inventory.instance(management, name)
    show_value(found, tables.instance(found), "", as_json)


def _show_volume(management: Management, name: str, as_json: bool) -> None:
    found = instance_inventory.volume(management, name)
    show_value(found, tables.volume(found), "", as_json)


def _show_snapshots(management: Management, volume: str, as_json: bool) -> None:
    found = instance_inventory.snapshots(management, volume)
    show_value(found, [tables.snapshots(found)], "", as_json)
