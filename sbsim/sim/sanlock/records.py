"""sanlock's records on a disk, byte for byte as sanlock 3.8 writes them.

A lock space is 2000 delta leases, one sector for each host id. A resource is one paxos lease: a
leader sector, a request sector, and a sector for each host, in which it tells what it proposed and,
128 bytes in, whether it holds the lease shared. Both take 1 MiB at 512 bytes a sector.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from sbsim.sim.disk.crc import CASTAGNOLI, Crc32
from sbsim.sim.disk.space import Storage

SECTOR = 512
ALIGN = 2**20
HOSTS = 2000
DELTA_MAGIC, DELTA_VERSION = 0x12212010, 0x00030004
PAXOS_MAGIC, PAXOS_VERSION = 0x06152010, 0x00060004
REQUEST_MAGIC, REQUEST_VERSION = 0x08292011, 0x00010001
ALIGNED_1M = 0x10
FREE = 0
RELEASED = 1
SHARED = 1
_LEADER = struct.Struct("<IIIIQQQQQ48s48sQQIHHQQQ")
_CHECKED_OF_LEADER = 168
_PROPOSAL = struct.Struct("<QQQQQQII")
_CHECKED_OF_PROPOSAL = 48
_MODE = struct.Struct("<IIQ")
_MODE_AT = 128


class Damaged(Exception):
    """A record that is none, or whose checksum is not that of its bytes."""


# Sanlock's CRC-32C has a seed of its own.
checksum = Crc32(CASTAGNOLI, seed=0xFFFFFFFE)


@dataclass(frozen=True)
class Leader:
    """Who has a lease. `timestamp` is the owner's clock in seconds, 0 while nobody has it.

    Of a delta lease `resource` is the owner's host name; of a paxos lease `version` counts its
    owners, and the last three fields tell who wrote the record.
    """

    space: str
    resource: str = ""
    owner: int = 0
    generation: int = 0
    version: int = 0
    timestamp: int = FREE
    io_timeout: int = 0
    writer: int = 0
    writer_generation: int = 0
    written: int = 0
    delta: bool = False

    @property
    def free(self) -> bool:
        """Whether nobody has it."""
        return self.timestamp == FREE

    def to_bytes(self) -> bytes:
        """The sector."""
        magic, version = (
            (DELTA_MAGIC, DELTA_VERSION) if self.delta else (PAXOS_MAGIC, PAXOS_VERSION)
        )
        hosts, most = (0, 1) if self.delta else (HOSTS, HOSTS)

        def packed(crc: int) -> bytes:
            return _LEADER.pack(
                magic, version, ALIGNED_1M, SECTOR, hosts, most, self.owner, self.generation,
                self.version, self.space.encode(), self.resource.encode(), self.timestamp, 0, crc,
                0, self.io_timeout, self.writer, self.writer_generation, self.written,
            )  # fmt: skip

        return packed(checksum(packed(0)[:_CHECKED_OF_LEADER])).ljust(SECTOR, b"\0")


def read_leader(data: bytes) -> Leader:
    """A leader of either kind. Raises Damaged."""
    fields = _LEADER.unpack_from(data)
    magic, _, _, _, _, _, owner, generation, version, space, resource, timestamp = fields[:12]
    _, crc, _, io_timeout, writer, writer_generation, written = fields[12:]
    if magic not in (DELTA_MAGIC, PAXOS_MAGIC):
        raise Damaged(f"magic is {magic:#x}, expected {DELTA_MAGIC:#x} or {PAXOS_MAGIC:#x}")
    if crc != checksum(data[:_CHECKED_OF_LEADER]):
        raise Damaged(f"checksum is {crc:#x}, expected {checksum(data[:_CHECKED_OF_LEADER]):#x}")
    return Leader(
        _text(space), _text(resource), owner, generation, version, timestamp, io_timeout, writer,
        writer_generation, written, magic == DELTA_MAGIC,
    )  # fmt: skip


def _text(field: bytes) -> str:
    return field.rstrip(b"\0").decode("utf-8", "surrogateescape")


@dataclass(frozen=True)
class Proposal:
    """What a host has proposed for a lease: paxos' ballots, the owner, and for which version."""

    ballot: int = 0
    accepted: int = 0
    owner: int = 0
    generation: int = 0
    timestamp: int = 0
    version: int = 0
    released: bool = False
    shared: int = 0

    def to_bytes(self) -> bytes:
        """The sector; `shared` is the generation of the host that holds it shared, 0 for none."""
        body = _PROPOSAL.pack(
            self.ballot, self.accepted, self.owner, self.generation, self.timestamp, self.version,
            0, 0,
        )[:_CHECKED_OF_PROPOSAL]  # fmt: skip
        crc = checksum(body) if self.ballot else 0
        body += struct.pack("<II", crc, RELEASED if self.released else 0)
        mode = _MODE.pack(SHARED if self.shared else 0, 0, self.shared)
        return (body.ljust(_MODE_AT, b"\0") + mode).ljust(SECTOR, b"\0")


def read_proposal(data: bytes) -> Proposal:
    """A host's sector of a paxos lease. Raises Damaged."""
    ballot, accepted, owner, generation, timestamp, version, crc, flags = _PROPOSAL.unpack_from(
        data
    )
    if (ballot or crc) and crc != checksum(data[:_CHECKED_OF_PROPOSAL]):
        raise Damaged(f"checksum is {crc:#x}, expected {checksum(data[:_CHECKED_OF_PROPOSAL]):#x}")
    shared, _, holder = _MODE.unpack_from(data, _MODE_AT)
    return Proposal(
        ballot, accepted, owner, generation, timestamp, version, bool(flags & RELEASED),
        holder if shared & SHARED else 0,
    )  # fmt: skip


# --- where they lie -------------------------------------------------------------------------------


def host_at(offset: int, host_id: int) -> int:
    """Where a host's delta lease lies in a lock space. `host_id` is 1 to 2000."""
    return offset + (host_id - 1) * SECTOR


def proposal_at(offset: int, host_id: int) -> int:
    """Where a host's sector lies in a paxos lease."""
    return offset + (host_id + 1) * SECTOR


def format_lock_space(storage: Storage, offset: int, name: str, io_timeout: int) -> None:
    """Make a lock space in which nobody is. Raises OSError."""
    sector = Leader(name, io_timeout=io_timeout, delta=True).to_bytes()
    storage.write(offset, (sector * HOSTS).ljust(ALIGN, b"\0"))


def format_lease(storage: Storage, offset: int, space: str, name: str) -> None:
    """Make a lease that nobody has. Raises OSError."""
    request = struct.pack("<II", REQUEST_MAGIC, REQUEST_VERSION).ljust(SECTOR, b"\0")
    storage.write(offset, (Leader(space, name).to_bytes() + request).ljust(ALIGN, b"\0"))
