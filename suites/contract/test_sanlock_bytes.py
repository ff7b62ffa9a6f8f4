"""Simulated leases beside the real sanlock's: the same bytes after the same steps.

`record_sanlock.py` has recorded them from a real daemon.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sbsim.sim.disk.space import Space
from sbsim.sim.sanlock.daemon import Daemon, Lease
from sbsim.sim.sanlock.records import (
    ALIGN,
    SECTOR,
    Damaged,
    Leader,
    Proposal,
    format_lease,
    format_lock_space,
    host_at,
    proposal_at,
    read_leader,
    read_proposal,
)
from sbsim.sim.scheduler import Scheduler

HOST_ID, IO_TIMEOUT = 3, 1
RECORDED = json.loads((Path(__file__).parent / "recorded" / "sanlock-3.8.5.json").read_text())
STEPS: dict[str, dict[str, dict[str, str]]] = RECORDED["steps"]

numbers = st.integers(0, 2**63)
words = st.from_regex(r"[a-z0-9_.-]{1,48}", fullmatch=True)


def sector(step: str, what: str, place: int) -> bytes:
    """A recorded sector by its place in bytes."""
    return bytes.fromhex(STEPS[step][what][str(place // SECTOR)]).ljust(SECTOR, b"\0")


def kept(space: Space, most: int) -> dict[str, str]:
    """The sectors that hold something, as they are recorded."""
    found = {str(n): space.read(n * SECTOR, SECTOR).rstrip(b"\0").hex() for n in range(most)}
    return {number: text for number, text in found.items() if text}


def test_lock_space_is_formatted_as_sanlock_does_it() -> None:
    space = Space(2 * ALIGN)
    format_lock_space(space, 0, "SPACE", IO_TIMEOUT)
    assert kept(space, 8) == STEPS["formatted"]["space"]
    whole = space.read(0, ALIGN)
    assert whole == (whole[:SECTOR] * 2000).ljust(ALIGN, b"\0")
    assert space.read(ALIGN, ALIGN) == bytes(ALIGN)


def test_lease_is_formatted_as_sanlock_does_it() -> None:
    space = Space(ALIGN)
    format_lease(space, 0, "SPACE", "LEASE")
    assert kept(space, ALIGN // SECTOR) == STEPS["formatted"]["lease"]


def test_host_that_joined_is_read_and_written_alike() -> None:
    recorded = sector("joined", "space", host_at(0, HOST_ID))
    leader = read_leader(recorded)
    assert leader == Leader(
        "SPACE", "host-one", owner=HOST_ID, generation=1, timestamp=leader.timestamp,
        io_timeout=IO_TIMEOUT, delta=True,
    )  # fmt: skip
    assert not leader.free
    assert leader.to_bytes() == recorded
    left = sector("left", "space", host_at(0, HOST_ID))
    assert replace(leader, timestamp=0).to_bytes() == left


@pytest.mark.parametrize(
    ("step", "free", "version", "shared"),
    [
        ("exclusive", False, 1, 0),
        ("exclusive released", True, 1, 0),
        ("shared", True, 2, 1),
        ("shared released", True, 2, 0),
    ],
)
def test_lease_is_read_and_written_alike(step: str, free: bool, version: int, shared: int) -> None:
    recorded = sector(step, "lease", 0)
    leader = read_leader(recorded)
    assert (leader.free, leader.version, leader.owner) == (free, version, HOST_ID)
    assert leader.to_bytes() == recorded
    recorded = sector(step, "lease", proposal_at(0, HOST_ID))
    proposal = read_proposal(recorded)
    assert (proposal.owner, proposal.version) == (HOST_ID, version)
    assert (proposal.released, proposal.shared) == (step != "exclusive", shared)
    assert proposal.to_bytes() == recorded


@given(words, words, st.lists(numbers, min_size=7, max_size=7), st.integers(0, 2**16 - 1),
       st.booleans())  # fmt: skip
def test_leader_is_read_as_it_was_written(
    space: str, resource: str, given: list[int], io_timeout: int, delta: bool
) -> None:
    owner, generation, version, timestamp, *last = given
    leader = Leader(
        space, resource, owner, generation, version, timestamp, io_timeout, *last, delta
    )
    assert read_leader(leader.to_bytes()) == leader


@given(st.integers(1, 2**63), st.lists(numbers, min_size=5, max_size=5), st.booleans(), numbers)
def test_proposal_is_read_as_it_was_written(
    ballot: int, given: list[int], released: bool, shared: int
) -> None:
    proposal = Proposal(ballot, *given, released=released, shared=shared)
    assert read_proposal(proposal.to_bytes()) == proposal


@pytest.mark.parametrize("place", [0, 0x20, 0x38, 0x98, 0xA8])
def test_damaged_record_is_told(place: int) -> None:
    data = bytearray(sector("exclusive", "lease", 0))
    data[place] ^= 1
    with pytest.raises(Damaged, match="expected"):
        read_leader(bytes(data))
    proposal = bytearray(sector("exclusive", "lease", proposal_at(0, HOST_ID)))
    proposal[min(place, 0x28)] ^= 1
    with pytest.raises(Damaged, match="expected"):
        read_proposal(bytes(proposal))


def test_daemon_writes_what_the_real_one_writes() -> None:
    clock, space, lease = Scheduler(), Space(ALIGN), Space(ALIGN)
    format_lock_space(space, 0, "SPACE", IO_TIMEOUT)
    format_lease(lease, 0, "SPACE", "LEASE")
    daemon = Daemon(clock, "host-one")
    place = Lease("SPACE", "LEASE", lease, 0)

    def alike(step: str) -> None:
        """Both disks as recorded, but for the times."""
        ours = (
            timeless(read_leader(space.read(host_at(0, HOST_ID), SECTOR))),
            timeless(read_leader(lease.read(0, SECTOR))),
            replace(read_proposal(lease.read(proposal_at(0, HOST_ID), SECTOR)), timestamp=0),
        )
        proposal = STEPS[step]["lease"].get(str(proposal_at(0, HOST_ID) // SECTOR), "")
        assert ours == (
            timeless(read_leader(sector(step, "space", host_at(0, HOST_ID)))),
            timeless(read_leader(sector(step, "lease", 0))),
            replace(read_proposal(bytes.fromhex(proposal).ljust(SECTOR, b"\0")), timestamp=0),
        )

    daemon.join("SPACE", HOST_ID, space, 0)
    alike("joined")
    for shared, step in ((False, "exclusive"), (True, "shared")):
        clock.sleep(3)
        daemon.acquire(place, shared)
        alike(step)
        clock.sleep(3)
        daemon.release(place)
        alike(f"{step} released")
    daemon.leave("SPACE")
    alike("left")


def timeless(leader: Leader) -> Leader:
    """A leader without its times; whether it is free stays to be seen."""
    return replace(leader, timestamp=int(not leader.free), written=int(leader.written > 0))
