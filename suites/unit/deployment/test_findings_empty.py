"""Findings of empty lists. Other findings may follow from them.

Each case changes the valid description small.toml; the comment `# HERE` marks the line that must
be reported.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SMALL = (Path(__file__).parent / "small.toml").read_text()


def section(first: str, after: str = "") -> str:
    """Return the part of the description from `first` up to `after`."""
    start = SMALL.index(first)
    return SMALL[start : SMALL.index(after, start) if after else None]


def case(name: str, field: str, words: str, *edits: str) -> Any:
    """Edits are old and new texts in turn; `words` (split by |) must be in the finding."""
    return pytest.param(field, words, edits, id=name)


CLUSTERS = section("[[clusters]]", "[[hosts]]")
CONTROLLERS = section("[[storage_servers.con", "[[storage_servers.tar")
LINKS = section("[[links]]", "[chap]")
HOSTS = section("[[hosts]]", "[[storage_servers]]")
SERVERS = section("[[storage_servers]]", "[[primary_storages]]")


def at_top(line: str) -> tuple[str, str]:
    """Return the edit that puts a line before the first table."""
    return 'zone = "zone-1"', f'zone = "zone-1"\n{line} # HERE'


EMPTY = [
    case("hosts", "hosts", "[[hosts]]", *at_top("hosts = []"), HOSTS, ""),
    case("links", "links", "[[links]]", *at_top("links = []"), LINKS, ""),
    case("clusters", "clusters", "[[clusters]]", *at_top("clusters = []"), CLUSTERS, ""),
    case(
        "storage servers",
        "storage_servers",
        "[[storage_servers]]",
        *at_top("storage_servers = []"),
        SERVERS,
        "",
    ),
    case("subnets", "links[1].subnets", "subnets = [", '["10.3.0.0/16"]', "[] # HERE"),
    case(
        "controllers",
        "storage_servers[0].controllers",
        "[[storage_servers.controllers]]",
        CONTROLLERS,
        "controllers = [] # HERE\n",
    ),
    case(
        "portals",
        "storage_servers[0].controllers[0].portals",
        "portals = [",
        '[{address = "10.1.0.21"}]',
        "[] # HERE",
    ),
    case(
        "initiators",
        "storage_servers[0].targets[0].initiators",
        "initiators = [",
        '["host-1", "host-2"]',
        "[] # HERE",
    ),
    case("LUNs of a pool", "primary_storages[1].luns", "luns = [", '["lun-b"]', "[] # HERE"),
    case(
        "clusters of a pool",
        "primary_storages[1].clusters",
        "clusters = [",
        'clusters = ["cluster-1"]\nluns = ["lun-b"]',
        'clusters = [] # HERE\nluns = ["lun-b"]',
    ),
]


@pytest.mark.parametrize(("field", "words", "edits"), EMPTY)
def test_empty_list_is_found(
    finding_among: Callable[..., None], field: str, words: str, edits: tuple[str, ...]
) -> None:
    finding_among(field, f"found an empty array|at least one|{words}", edits)
