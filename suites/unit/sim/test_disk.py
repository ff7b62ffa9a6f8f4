"""Disks' bytes: what is written is read, and what lies on a disk is told from its bytes alone."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sbsim.sim.disk import lvm_label, partitions, signatures
from sbsim.sim.disk.lvm_label import PhysicalVolume
from sbsim.sim.disk.partitions import Partition
from sbsim.sim.disk.probing import signatures as found_on
from sbsim.sim.disk.probing import wipe
from sbsim.sim.disk.space import OutOfRange, Space

MIB = 2**20
ID = uuid.UUID("12345678-1234-5678-1234-567812345678")
SMALL = 3 * 4096 + 100

write = st.integers(0, SMALL).flatmap(
    lambda place: st.tuples(st.just(place), st.binary(max_size=min(9000, SMALL - place)))
)


@given(st.lists(write, max_size=12))
def test_space_holds_what_was_written_last(writes: list[tuple[int, bytes]]) -> None:
    space, wanted = Space(SMALL), bytearray(SMALL)
    for place, data in writes:
        space.write(place, data)
        wanted[place : place + len(data)] = data
    assert space.read(0, SMALL) == bytes(wanted)
    rebuilt = bytearray(SMALL)
    for place, data in space.extents():
        rebuilt[place : place + len(data)] = data
    assert rebuilt == wanted


@given(write, st.integers(0, SMALL), st.integers(0, SMALL))
def test_zeros_are_written_and_take_no_room(one: tuple[int, bytes], start: int, end: int) -> None:
    start, end = min(start, end), max(start, end)
    space, wanted = Space(SMALL), bytearray(SMALL)
    place, data = one
    space.write(place, data)
    wanted[place : place + len(data)] = data
    space.zero(start, end - start)
    wanted[start:end] = bytes(end - start)
    assert space.read(0, SMALL) == bytes(wanted)
    space.zero(0, SMALL)
    assert space.used == 0


@pytest.mark.parametrize(("offset", "count"), [(-1, 1), (0, SMALL + 1), (SMALL, 1), (1, -1)])
def test_what_does_not_lie_on_the_disk_is_refused(offset: int, count: int) -> None:
    with pytest.raises(OutOfRange):
        Space(SMALL).read(offset, count)


@given(st.integers())
def test_power_cut_loses_only_what_was_not_flushed(seed: int) -> None:
    space = Space(64 * 4096, write_cache=True)
    space.write(0, b"a" * 4096)
    space.flush()
    for page in range(64):
        space.write(page * 4096, b"b" * 4096)
    space.lose_power(random.Random(seed))
    assert space.read(0, 4096) in (b"a" * 4096, b"b" * 4096)
    rest = {space.read(page * 4096, 4096) for page in range(1, 64)}
    assert rest <= {b"b" * 4096, bytes(4096)}


def test_space_without_a_cache_loses_nothing() -> None:
    space = Space(4096)
    space.write(0, b"a")
    space.lose_power(random.Random(1))
    assert space.read(0, 1) == b"a"


def test_smaller_space_loses_its_end() -> None:
    space = Space(SMALL)
    space.write(0, b"x" * SMALL)
    space.resize(5000)
    space.resize(SMALL)
    assert space.read(0, SMALL) == b"x" * 5000 + bytes(SMALL - 5000)


def test_equal_bytes_have_equal_digests() -> None:
    one, other = Space(MIB), Space(MIB)
    one.write(5000, b"x" * 10)
    other.write(4990, b"y" * 20)
    assert one.digest() != other.digest()
    other.write(4990, bytes(10) + b"x" * 10)
    assert one.digest() == other.digest()
    assert one.digest(0, 5000) == Space(MIB).digest()


KINDS: dict[str, tuple[Callable[[Space], None], list[tuple[int, str]]]] = {
    "ext4": (lambda one: signatures.write_ext4(one, ID, "name"), [(0x438, "ext4")]),
    "xfs": (lambda one: signatures.write_xfs(one, ID, "name"), [(0, "xfs")]),
    "raid": (lambda one: signatures.write_raid(one, ID, "name"), [(4096, "linux_raid_member")]),
    "dos": (lambda one: partitions.write_dos(one, [Partition(1, 2048, 4096)], 7), [(510, "dos")]),
    "gpt": (
        lambda one: partitions.write_gpt(one, [Partition(1, 2048, 4096)], ID),
        [(510, "PMBR"), (512, "gpt"), (64 * MIB - 512, "gpt")],
    ),
    "lvm": (
        lambda one: lvm_label.write_label(one, a_pv(one.size)),
        [(512 + 24, "LVM2_member")],
    ),
}


def a_pv(size: int) -> PhysicalVolume:
    return PhysicalVolume("abcdefghijklmnopqrstuvwxyzABCDEF", size, 4 * MIB, 4096, 4 * MIB - 4096)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_on_a_disk_is_told_until_it_is_wiped(kind: str) -> None:
    space = Space(64 * MIB)
    assert found_on(space) == ()
    make, wanted = KINDS[kind]
    make(space)
    found = found_on(space)
    assert [(one.offset, one.type) for one in found] == wanted
    for one in found:
        assert space.read(one.offset, len(one.magic)) == one.magic
        wipe(space, one)
    assert found_on(space) == ()


starts = st.lists(st.integers(2048, 100_000), min_size=1, max_size=4, unique=True)


@given(starts, st.sampled_from(["dos", "gpt"]))
def test_partitions_are_read_as_they_were_written(places: list[int], kind: str) -> None:
    space = Space(64 * MIB)
    wanted = [Partition(number, start, 8) for number, start in enumerate(places, start=1)]
    if kind == "dos":
        partitions.write_dos(space, wanted, 1)
    else:
        partitions.write_gpt(space, wanted, ID)
    assert partitions.read_table(space) == (kind, tuple(wanted))


def test_damaged_gpt_is_read_from_its_copy() -> None:
    space = Space(64 * MIB)
    partitions.write_gpt(space, [Partition(1, 2048, 4096)], ID)
    space.write(600, b"damage")
    table = partitions.read_table(space)
    assert table
    assert table[0] == "gpt"
    space.write(space.size - 500, b"damage")
    assert partitions.read_table(space) == ("dos", (Partition(1, 1, space.size // 512 - 1),))


@given(st.lists(st.binary(min_size=1, max_size=3000).map(lambda one: one.replace(b"\0", b"0"))))
def test_ring_of_metadata_gives_the_last_text(texts: list[bytes]) -> None:
    space = Space(MIB)
    pv = PhysicalVolume("a" * 32, MIB, 16384, 4096, 12288)
    lvm_label.write_label(space, pv)
    lvm_label.write_empty_area(space, pv)
    assert lvm_label.read_label(space) == pv
    assert lvm_label.read_text(space, pv) is None
    for text in texts:
        lvm_label.write_text(space, pv, text)
        assert lvm_label.read_text(space, pv) == text


def test_text_that_does_not_fit_twice_is_refused_and_nothing_is_lost() -> None:
    space = Space(MIB)
    pv = PhysicalVolume("a" * 32, MIB, 16384, 4096, 12288)
    lvm_label.write_label(space, pv)
    lvm_label.write_text(space, pv, b"before")
    with pytest.raises(ValueError, match="do not fit"):
        lvm_label.write_text(space, pv, b"x" * 6000)
    assert lvm_label.read_text(space, pv) == b"before"


def test_damaged_label_and_damaged_text_are_not_taken() -> None:
    space = Space(MIB)
    pv = PhysicalVolume("a" * 32, MIB, 16384, 4096, 12288)
    lvm_label.write_label(space, pv)
    lvm_label.write_text(space, pv, b"text")
    space.write(4096 + 512, b"T")
    assert lvm_label.read_text(space, pv) is None
    space.write(512 + 40, b"b")
    assert lvm_label.read_label(space) is None
