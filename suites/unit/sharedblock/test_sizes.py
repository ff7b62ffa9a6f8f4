"""The product's size arithmetic: its own published pairs, and what real LVM said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sbsim.sharedblock.sizes import (
    EXTENT,
    FILE_ALIGNMENT,
    GIB,
    METADATA,
    MIB,
    reserved,
    usable,
    volume_size,
)

SIZES = st.integers(1, 2**46)


@pytest.mark.parametrize(
    ("virtual", "size"),
    [
        (MIB, 16 * MIB),
        (4 * MIB, 16 * MIB),
        (8 * MIB, 20 * MIB),
        (100 * MIB, 112 * MIB),
        (GIB, 1036 * MIB),
        (10 * GIB, 10260 * MIB),
    ],
)
def test_logical_volume_of_a_volume_is_as_large_as_the_product_makes_it(
    virtual: int, size: int
) -> None:
    assert volume_size(virtual) == size


@given(SIZES)
def test_volume_has_room_for_its_data_and_whole_extents(virtual: int) -> None:
    assert reserved(virtual) >= virtual + 12 * MIB
    assert volume_size(virtual) % EXTENT == 0
    assert 0 <= volume_size(virtual) - reserved(virtual) < EXTENT


@given(SIZES, SIZES)
def test_larger_volume_is_never_smaller_on_the_disk(one: int, other: int) -> None:
    small, large = sorted((one, other))
    assert volume_size(small) <= volume_size(large)


GUIDE_LUNS = (20971520000, 26239565824, 31474057216)


@pytest.mark.parametrize(("metadata", "size"), [(METADATA, 72230109184), (0, 78672560128)])
def test_pool_of_the_guides_luns_is_as_large_as_lvm_said(metadata: int, size: int) -> None:
    # vgs of LVM 2.03.16: with --metadatasize 2g, and with its own metadata size.
    assert sum(usable(lun, metadata) for lun in GUIDE_LUNS) == size


def test_data_of_a_file_backed_lun_begin_where_it_likes_them() -> None:
    # pvs of LVM 2.03.16, on a LUN of LIO's fileio that tells an optimal I/O size of 8 MiB.
    assert usable(9663676416, METADATA, FILE_ALIGNMENT) == 7507804160


def test_lun_that_holds_no_more_than_metadata_brings_nothing() -> None:
    assert usable(METADATA) == 0
