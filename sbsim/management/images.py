"""Images, and the offerings that say how large instances and volumes are.

An image's bytes lie in a file; the first instance that is made from it on a storage brings them
into a logical volume there, of which every further one is made.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from sbsim.errors import UsageError
from sbsim.management.entities import (
    DiskOffering,
    Host,
    Image,
    ImageCache,
    InstanceOffering,
    PrimaryStorage,
    Volume,
)
from sbsim.management.errors import (
    BAD_ARGUMENT,
    DELETE_REFUSED,
    Refused,
)
from sbsim.management.failing import undone_by
from sbsim.management.finding import find_in
from sbsim.management.management import Management
from sbsim.management.operation import Operation, Progress
from sbsim.management.recovery import ends, recover
from sbsim.management.rules import Act, require
from sbsim.management.words import check_name, check_size
from sbsim.sharedblock.volumes import NewVolume

CACHE_IMAGE = "cache image"
LARGEST_BYTES = 2**30
_QCOW2 = b"QFI\xfb"
_QCOW2_SIZE = slice(24, 32)
SMALLEST_MEMORY = 16 * 2**20
LARGEST_CPUS = 64


def add_image(management: Management, name: str, path: Path) -> Image:
    """Make an image known: a raw or qcow2 file, which must stay where it is.

    Raises Refused (SYS.1007) for a name that is taken, UsageError for a file that cannot be one.
    """
    check_name("image", name)
    data = _read(path)
    is_qcow2 = data.startswith(_QCOW2)
    virtual = int.from_bytes(data[_QCOW2_SIZE]) if is_qcow2 else -(-len(data) // 512) * 512
    with management.store.transaction() as rows:
        if rows.one(Image, name=name):
            raise Refused(BAD_ARGUMENT, f"an image {name} is there already; choose another name")
        return rows.add(
            Image(
                uuid=management.ids(),
                name=name,
                format="qcow2" if is_qcow2 else "raw",
                size=len(data),
                virtual=virtual,
                path=str(path.resolve()),
                digest=hashlib.sha256(data).hexdigest(),
                created=management.now(),
            )
        )


def delete_image(management: Management, name: str) -> None:
    """Forget an image that nothing goes on from, and remove it from every storage."""
    recover(management)
    with management.store.transaction() as rows:
        image = find_in(rows, Image, name)
        used = rows.all(Volume, image_uuid=image.uuid)
        if used:
            names = ", ".join(volume.name for volume in used)
            raise Refused(
                DELETE_REFUSED,
                f"{image.name} cannot be deleted: these volumes go on from it: {names}",
            )
        storages = [one.primary_storage_uuid for one in rows.all(ImageCache, image_uuid=image.uuid)]
    for storage in storages:
        _drop(management, storage, image)
    with management.store.transaction() as rows:
        rows.remove(image)


def cached(management: Management, host: Host, storage: PrimaryStorage, image: Image) -> None:
    """See that a storage holds an image, by way of a host.

    Raises Refused while another operator brings it in, ManagementError if it cannot be brought in.
    """
    with management.store.transaction() as rows:
        if rows.one(ImageCache, primary_storage_uuid=storage.uuid, image_uuid=image.uuid):
            return
        operation = management.journal.claim(
            rows, CACHE_IMAGE, f"{image.uuid}@{storage.uuid}",
            storage=storage.uuid, image=image.uuid, host=host.uuid,
        )  # fmt: skip
    with management.journal.answering_for(operation):
        what = f"the image {image.name} could not be brought into {storage.name}"
        with undone_by(_undo, management, operation, what):
            management.progress(f"bringing the image {image.name} into {storage.name}")
            data = _read(Path(image.path))
            if hashlib.sha256(data).hexdigest() != image.digest:
                raise UsageError(f"{image.path} has changed since it was added as {image.name}")
            volumes = management.volumes(host)
            volumes.make(storage.uuid, NewVolume(image.uuid, len(data), "raw", image=True))
            volumes.fill(storage.uuid, image.uuid, data)
        with management.store.transaction() as rows:
            rows.add(ImageCache(storage.uuid, image.uuid))
            management.journal.end(rows, operation, Progress.DONE)


@ends(CACHE_IMAGE)
def _undo(management: Management, operation: Operation, why: str) -> None:
    """Remove what was brought in, for it may be a part only."""
    arguments = json.loads(operation.arguments)
    with management.store.transaction() as rows:
        host = rows.one(Host, uuid=arguments["host"])
    if host is not None:
        management.volumes(host).delete(arguments["storage"], arguments["image"])
    with management.store.transaction() as rows:
        management.journal.end(rows, operation, Progress.UNDONE, why)


def _drop(management: Management, storage: str, image: Image) -> None:
    """Remove an image from one storage."""
    with management.store.transaction() as rows:
        place = find_in(rows, PrimaryStorage, storage)
        host = require(rows, place, Act.DELETE_VOLUME)[0]
    management.volumes(host).delete(storage, image.uuid)
    with management.store.transaction() as rows:
        rows.remove(ImageCache(storage, image.uuid))


def add_instance_offering(
    management: Management, name: str, cpus: int, memory: int
) -> InstanceOffering:
    """Make an instance offering known; memory in bytes."""
    check_name("instance offering", name)
    check_size("the memory", memory, least=SMALLEST_MEMORY)
    if not 1 <= cpus <= LARGEST_CPUS:
        raise Refused(BAD_ARGUMENT, f"{cpus} processors; expected 1 to {LARGEST_CPUS}")
    with management.store.transaction() as rows:
        if rows.one(InstanceOffering, name=name):
            raise Refused(BAD_ARGUMENT, f"an instance offering {name} is there already")
        now = management.now()
        return rows.add(InstanceOffering(management.ids(), name, cpus, memory, now))


def add_disk_offering(management: Management, name: str, size: int) -> DiskOffering:
    """Make a disk offering known; its size in bytes."""
    check_name("disk offering", name)
    check_size("the size", size)
    with management.store.transaction() as rows:
        if rows.one(DiskOffering, name=name):
            raise Refused(BAD_ARGUMENT, f"a disk offering {name} is there already")
        return rows.add(DiskOffering(management.ids(), name, size, management.now()))


def disk_size(management: Management, offering: str) -> int:
    """The size of a disk offering, by name or uuid, in bytes."""
    with management.store.transaction() as rows:
        return find_in(rows, DiskOffering, offering).size


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if not path.is_file() or not 0 < size <= LARGEST_BYTES:
            raise UsageError(
                f"{path}: {size} bytes; expected a file of 1 byte to {LARGEST_BYTES} bytes"
            )
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read as an image: {error.strerror}") from error
