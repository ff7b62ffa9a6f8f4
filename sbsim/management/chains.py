"""What lies behind a volume, and under which locks a host uses it all.

The volume's own logical volume is taken exclusively, or shared if several instances use it; what
it goes on from is never written, so it is shared whoever reads it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

from sbsim.kvm.domain import Drive
from sbsim.management.entities import (
    Image,
    Snapshot,
    VmInstance,
    Volume,
    VolumeRef,
)
from sbsim.management.errors import OPERATION_FAILED, ManagementError
from sbsim.management.store import Transaction
from sbsim.sharedblock.qemu_img import Format
from sbsim.sharedblock.volumes import Use, path_of


@dataclass(frozen=True)
class Layer:
    """One logical volume of a chain, and the format of what is in it."""

    lv: str
    format: Format


@dataclass(frozen=True)
class Chain:
    """A volume that is there: its storage's volume group, its layers, the newest first."""

    vg: str
    volume: Volume
    layers: tuple[Layer, ...]

    @property
    def top(self) -> str:
        """The logical volume that is written."""
        return self.layers[0].lv

    @property
    def behind(self) -> tuple[str, ...]:
        """The logical volumes that are only read."""
        return tuple(layer.lv for layer in self.layers[1:])

    @property
    def use(self) -> Use:
        """How a host uses the top while an instance of it has the volume."""
        return Use.SHARED if self.volume.shareable else Use.EXCLUSIVE

    def drive(self, number: int) -> Drive:
        """The volume as an instance's disk."""
        top = self.layers[0]
        shared = self.volume.shareable
        return Drive(number, path_of(self.vg, top.lv), top.format, self.volume.uuid, shared)


def chain_of(rows: Transaction, volume: Volume) -> Chain:
    """The layers of a volume that is there."""
    top = Layer(volume.lv, cast(Format, volume.format))
    behind = chain_at(rows, volume, volume.base)
    return replace(behind, layers=(top, *behind.layers))


def chain_at(rows: Transaction, volume: Volume, snapshot: str | None) -> Chain:
    """The layers of a volume at one of its snapshots; without one, of its image alone."""
    assert volume.primary_storage_uuid is not None, f"{volume.name} is not instantiated"
    layers = (*_snapshots(rows, snapshot), *_image_behind(rows, volume))
    return Chain(volume.primary_storage_uuid, volume, layers)


def _snapshots(rows: Transaction, base: str | None) -> tuple[Layer, ...]:
    """The layers of a snapshot and of its parents."""
    layers = []
    while base is not None:
        snapshot = rows.one(Snapshot, uuid=base)
        if snapshot is None:
            raise ManagementError(OPERATION_FAILED, f"the snapshot {base} is not on record")
        layers.append(Layer(snapshot.lv, cast(Format, snapshot.format)))
        base = snapshot.parent_uuid
    return tuple(layers)


def _image_behind(rows: Transaction, volume: Volume) -> tuple[Layer, ...]:
    image = rows.one(Image, uuid=volume.image_uuid) if volume.image_uuid else None
    return (Layer(image.uuid, cast(Format, image.format)),) if image else ()


def chains_of(rows: Transaction, instance: VmInstance) -> dict[int, Chain]:
    """The chains of an instance's volumes by their numbers, the root volume's first."""
    refs = rows.all(VolumeRef, vm_instance_uuid=instance.uuid)
    volumes = {one.uuid: one for one in rows.all(Volume, uuid=[ref.volume_uuid for ref in refs])}
    return {
        ref.number: chain_of(rows, volumes[ref.volume_uuid])
        for ref in sorted(refs, key=lambda one: one.number)
    }


def still_read(rows: Transaction, host: str, but: str) -> set[str]:
    """The logical volumes that instances on a host have, one instance left out."""
    return {
        layer.lv
        for instance in rows.all(VmInstance, host_uuid=host)
        if instance.uuid != but
        for chain in chains_of(rows, instance).values()
        for layer in chain.layers
    }
