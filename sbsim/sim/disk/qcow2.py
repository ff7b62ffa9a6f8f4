"""qcow2 images, version 3, in storage that may be larger than they are: made, read and written.

A guest's clusters of 64 KiB are found by a table of tables (L1, L2); what an image does not have it
reads from the one behind it. Every cluster of the file has a reference count. Internal snapshots,
encryption and compression are not known here.

Source: docs/interop/qcow2.txt of QEMU.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from sbsim.sim.disk.space import Storage

MAGIC = b"QFI\xfb"
CLUSTER_BITS = 16
CLUSTER = 1 << CLUSTER_BITS
PER_TABLE = CLUSTER // 8
PER_COUNTS = CLUSTER // 2
HEADER = struct.Struct(">4sIQIIQIIQQIIQQQQII")
HEADER_BYTES = 112
BACKING_FORMAT, FEATURE_NAMES, END = 0xE2792ACA, 0x6803F857, 0
COPIED, ZERO = 1 << 63, 1
PLACE = 0x00FFFFFFFFFFFE00


class NotQcow2(ValueError):
    """The storage holds no qcow2 image that is known here."""


class Reader(Protocol):
    """What lies behind an image: its bytes as a guest sees them."""

    @property
    def size(self) -> int:
        """Its bytes."""

    def read(self, offset: int, count: int) -> bytes:
        """So many bytes."""


@dataclass(frozen=True)
class Header:
    """What an image says of itself. `virtual` is its guest's bytes; `backing` what lies behind."""

    virtual: int
    l1: int
    l1_entries: int
    counts: int
    counts_clusters: int
    backing: str = ""
    backing_format: str = ""


def create(storage: Storage, virtual: int, backing: str = "", backing_format: str = "") -> None:
    """Write an empty image of so many bytes; `backing` is the name of what lies behind it."""
    l1_entries = max(1, -(-virtual // (CLUSTER * PER_TABLE)))
    l1_clusters = -(-l1_entries * 8 // CLUSTER)
    header = Header(virtual, 3 * CLUSTER, l1_entries, CLUSTER, 1, backing, backing_format)
    used = 3 + l1_clusters
    storage.write(CLUSTER, struct.pack(">Q", 2 * CLUSTER).ljust(CLUSTER, b"\0"))
    storage.write(2 * CLUSTER, struct.pack(f">{used}H", *([1] * used)).ljust(CLUSTER, b"\0"))
    storage.write(3 * CLUSTER, bytes(l1_clusters * CLUSTER))
    storage.write(0, _header_bytes(header))


def read_header(storage: Storage) -> Header:
    """An image's header. Raises NotQcow2."""
    data = storage.read(0, 4096)
    (magic, version, name_at, name_size, bits, virtual, crypt, l1_entries, l1, counts, clusters,
     snapshots, _, incompatible, _, _, order, length) = HEADER.unpack_from(data)  # fmt: skip
    if magic != MAGIC:
        raise NotQcow2("Image is not in qcow2 format")
    if (version, bits, crypt, snapshots, incompatible, order) != (3, CLUSTER_BITS, 0, 0, 0, 4):
        raise NotQcow2("an image of this kind is not known here")
    extensions = dict(_extensions(data, length))
    backing = data[name_at : name_at + name_size].decode() if name_at else ""
    form = extensions.get(BACKING_FORMAT, b"").decode()
    return Header(virtual, l1, l1_entries, counts, clusters, backing, form)


def measure(virtual: int, clusters: int) -> int:
    """The bytes that an image of so many bytes takes that has so many clusters of its guest's.

    They lie as if none of them were beside another in vain: from the first on, without a gap.
    """
    l1_clusters = -(-max(1, -(-virtual // (CLUSTER * PER_TABLE))) * 8 // CLUSTER)
    tables = -(-virtual // (CLUSTER * PER_TABLE))
    metadata = 1 + l1_clusters + tables
    total = metadata + clusters
    counts = 0
    while True:  # the counts count themselves
        blocks = -(-(total + counts) // PER_COUNTS)
        wanted = blocks + -(-blocks * 8 // CLUSTER)
        if wanted == counts:
            return (total + counts) * CLUSTER
        counts = wanted


def _header_bytes(header: Header) -> bytes:
    """The first cluster: header, extensions, and the name of what lies behind."""
    extensions = b""
    if header.backing_format:
        extensions += _extension(BACKING_FORMAT, header.backing_format.encode())
    extensions += _extension(END, b"")
    name = header.backing.encode()
    name_at = HEADER_BYTES + len(extensions) if name else 0
    packed = HEADER.pack(
        MAGIC, 3, name_at, len(name), CLUSTER_BITS, header.virtual, 0, header.l1_entries,
        header.l1, header.counts, header.counts_clusters, 0, 0, 0, 0, 0, 4, HEADER_BYTES,
    )  # fmt: skip
    return (packed.ljust(HEADER_BYTES, b"\0") + extensions + name).ljust(CLUSTER, b"\0")


def _extension(kind: int, data: bytes) -> bytes:
    return struct.pack(">II", kind, len(data)) + data.ljust(-(-len(data) // 8) * 8, b"\0")


def _extensions(data: bytes, place: int) -> Iterator[tuple[int, bytes]]:
    while place + 8 <= len(data):
        kind, length = struct.unpack_from(">II", data, place)
        if kind == END:
            return
        yield kind, data[place + 8 : place + 8 + length]
        place += 8 + -(-length // 8) * 8


class Image:
    """An image that is open. `behind` gives what its header names, None where it names nothing.

    Raises NotQcow2, and OSError where the storage does not answer or is full.
    """

    def __init__(self, storage: Storage, behind: Reader | None = None) -> None:
        self._storage = storage
        self._behind = behind
        self.header = read_header(storage)

    @property
    def size(self) -> int:
        """Its guest's bytes."""
        return self.header.virtual

    # --- what a guest does --------------------------------------------------------------------

    def read(self, offset: int, count: int) -> bytes:
        """Bytes as the guest sees them."""
        return b"".join(
            self._read_in(number, start, size) for number, start, size in _parts(offset, count)
        )

    def write(self, offset: int, data: bytes) -> None:
        """Put bytes there; a cluster that the image did not have is copied first."""
        done = 0
        for number, start, size in _parts(offset, len(data)):
            part, place = data[done : done + size], self._place(number)
            if place is None:
                whole = self._read_in(number, 0, CLUSTER)
                whole = whole[:start] + part + whole[start + size :]
                self._set_place(number, whole)
            else:
                self._storage.write(place + start, part)
            done += size

    # --- what is done to it -------------------------------------------------------------------

    def clusters(self) -> Iterator[int]:
        """The numbers of its guest's clusters that it has itself."""
        for index in range(self.header.l1_entries):
            table = self._entry(self.header.l1 + 8 * index) & PLACE
            if not table:
                continue
            entries = struct.unpack(f">{PER_TABLE}Q", self._storage.read(table, CLUSTER))
            yield from (index * PER_TABLE + at for at, one in enumerate(entries) if one)

    def resize(self, virtual: int) -> None:
        """Another size for its guest, no smaller."""
        entries = max(1, -(-virtual // (CLUSTER * PER_TABLE)))
        if entries * 8 > -(-self.header.l1_entries * 8 // CLUSTER) * CLUSTER:
            raise NotQcow2("an image cannot grow beyond its first table here")
        self._change(virtual=virtual, l1_entries=max(entries, self.header.l1_entries))

    def put_upon(self, name: str, form: str, behind: Reader | None) -> None:
        """Lie upon another image; what its guest would see otherwise is copied first."""
        for number in range(-(-self.size // CLUSTER)):
            if self._place(number) is None and not self._is_zero(number):
                now = self._from_behind(self._behind, number, 0, CLUSTER)
                if now != self._from_behind(behind, number, 0, CLUSTER):
                    self._set_place(number, now)
        self._behind = behind
        self._change(backing=name, backing_format=form)

    # --- below --------------------------------------------------------------------------------

    def _change(self, **fields: object) -> None:
        self.header = Header(**{**vars(self.header), **fields})
        self._storage.write(0, _header_bytes(self.header))

    def _read_in(self, number: int, start: int, count: int) -> bytes:
        place = self._place(number)
        if place is not None:
            return self._storage.read(place + start, count)
        if self._is_zero(number):
            return bytes(count)
        return self._from_behind(self._behind, number, start, count)

    def _from_behind(self, behind: Reader | None, number: int, start: int, count: int) -> bytes:
        offset = number * CLUSTER + start
        if behind is None or offset >= behind.size:
            return bytes(count)
        return behind.read(offset, min(count, behind.size - offset)).ljust(count, b"\0")

    def _entry(self, place: int) -> int:
        found: int = struct.unpack(">Q", self._storage.read(place, 8))[0]
        return found

    def _lookup(self, number: int) -> int:
        """The entry of a guest's cluster; 0 where the image has none."""
        index, at = divmod(number, PER_TABLE)
        table = self._entry(self.header.l1 + 8 * index) & PLACE
        return self._entry(table + 8 * at) if table else 0

    def _place(self, number: int) -> int | None:
        entry = self._lookup(number)
        return entry & PLACE if entry & PLACE and not entry & ZERO else None

    def _is_zero(self, number: int) -> bool:
        return bool(self._lookup(number) & ZERO)

    def _set_place(self, number: int, data: bytes) -> None:
        """Give a guest's cluster one of the file's; its bytes are there before it is found."""
        index, at = divmod(number, PER_TABLE)
        table = self._entry(self.header.l1 + 8 * index) & PLACE
        if not table:
            table = self._allocate(bytes(CLUSTER))
            self._storage.write(self.header.l1 + 8 * index, struct.pack(">Q", table | COPIED))
        place = self._allocate(data)
        self._storage.write(table + 8 * at, struct.pack(">Q", place | COPIED))

    def _allocate(self, data: bytes) -> int:
        """The first cluster that nothing has, with these bytes."""
        for index in range(self.header.counts_clusters * PER_TABLE):
            entry = self.header.counts + 8 * index
            block = self._entry(entry)
            if not block:  # the counts of what lies there: their own is the first of them
                block = index * PER_COUNTS * CLUSTER
                self._storage.write(block, struct.pack(">H", 1).ljust(CLUSTER, b"\0"))
                self._storage.write(entry, struct.pack(">Q", block))
            counts = self._storage.read(block, CLUSTER)
            free = next((at for at in range(0, CLUSTER, 2) if counts[at : at + 2] == b"\0\0"), None)
            if free is not None:
                place = (index * PER_COUNTS + free // 2) * CLUSTER
                self._storage.write(place, data)
                self._storage.write(block + free, struct.pack(">H", 1))
                return place
        raise NotQcow2("an image cannot grow beyond its table of counts here")


def _parts(offset: int, count: int) -> Iterator[tuple[int, int, int]]:
    """A range cut at clusters: number, first byte in it, bytes."""
    end = offset + count
    while offset < end:
        number, start = divmod(offset, CLUSTER)
        size = min(CLUSTER - start, end - offset)
        yield number, start, size
        offset += size
