"""Findings of keys and types.

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


LINKS = section("[[links]]", "[chap]")
CLUSTERS = section("[[clusters]]", "[[hosts]]")
CONTROLLERS = section("[[storage_servers.con", "[[storage_servers.tar")
HOST_1 = '[[hosts]]\nname = "host-1"'
SERVER = "[[storage_servers]]\n"
PASSWORD = 'password = {env = "HOSTS_PASSWORD", lab_default = "canary-of-hosts"}'
LUN_A = "storage_servers[0].targets[0].luns[0]"
# What is missing at the top is reported for the first line.
FIRST_LINE = ("# A small valid", "# HERE A small valid")

UNKNOWN_KEYS = [
    case(
        "mistyped key at the top",
        "profil",
        "unknown key 'profil'|did you mean 'profile'?",
        'profile = "stock"',
        'profil = "stock" # HERE',
    ),
    case(
        "mistyped key in a table of an array",
        "hosts[1].adress",
        "unknown key 'adress'|[[hosts]]|did you mean 'address'?",
        'address = "10.1.0.12"',
        'adress = "10.1.0.12" # HERE',
    ),
    case(
        "unknown key like no other",
        "clusters[0].colour",
        "unknown key 'colour'|known keys are name",
        'name = "cluster-1"',
        'name = "cluster-1"\ncolour = "red" # HERE',
    ),
    case(
        "key of the top after a table's header",
        "clusters[0].os_release",
        "unknown key|to the top of the file, before the first [table]",
        'os_release = "debian-12"',
        "",
        'name = "cluster-1"',
        'name = "cluster-1"\nos_release = "debian-12" # HERE',
    ),
    case(
        "unknown table",
        "lib",
        "unknown key 'lib'|did you mean 'lab'?",
        "[management_node]",
        "[lib] # HERE\nx = 1\n[management_node]",
    ),
    case(
        "unknown key in an inline table",
        "storage_servers[0].controllers[1].portals[0].prt",
        "did you mean 'port'?",
        "port = 3260}]",
        "prt = 3260}] # HERE",
    ),
    case(
        "unknown key in a password",
        "chap.password.value",
        "unknown key 'value'|env, file, lab_default",
        'env = "HOSTS_PASSWORD", lab_default = "canary-of-hosts"}',
        'env = "HOSTS_PASSWORD", value = "canary-of-hosts"} # HERE',
    ),
    case(
        "unknown key with odd characters",
        r"clusters[0].'a\n b'",
        r"unknown key 'a\n b'",
        'name = "cluster-1"',
        'name = "cluster-1"\n"a\\n b" = 1 # HERE',
    ),
]

MISSING_KEYS = [
    case(
        "missing key of a host",
        "hosts[0].initiator",
        "found nothing|iSCSI initiator name|add for example initiator = ",
        HOST_1,
        '[[hosts]] # HERE\nname = "host-1"',
        'initiator = "iqn.2016-05.org.example:host-1"\n',
        "",
    ),
    case("missing zone", "zone", "zone's name", 'zone = "zone-1"\n', "", *FIRST_LINE),
    case("missing links", "links", "nothing|[[links]]", LINKS, "", *FIRST_LINE),
    case(
        "missing controllers",
        "storage_servers[0].controllers",
        "nothing|portal groups|[[storage_servers.controllers]]",
        SERVER,
        "[[storage_servers]] # HERE\n",
        CONTROLLERS,
        "",
    ),
    case(
        "missing part of the lab's scale",
        "lab.scale.memory",
        "nothing|most memory",
        "[management_node]\n",
        "[lab.scale] # HERE\ncpus = 1\n[management_node]\n",
    ),
    case(
        "missing password",
        "chap.password",
        "nothing|where the password is kept|{env = ",
        "[chap]",
        "[chap] # HERE",
        PASSWORD,
        "",
    ),
]

WRONG_TYPES = [
    case("number as name", "zone", "found 5|in quotes", '"zone-1"', "5 # HERE"),
    case(
        "text as number",
        "hosts[0].cpus",
        "'four'|a whole number from 1 to 1024|for example 4",
        'cpus = 4\nmemory = "8 GiB"\ninitiator = "iqn.2016-05.org.example:host-1"',
        'cpus = "four" # HERE\nmemory = 8589934592\ninitiator = "iqn.2016-05.org.example:host-1"',
    ),
    case("truth as number", "management_node.cpus", "true|whole", "cpus = 2", "cpus = true # HERE"),
    case(
        "fraction as number", "management_node.cpus", "2.5|whole", "cpus = 2", "cpus = 2.5 # HERE"
    ),
    case("text as truth", "links[1].storage", "'no'|true or false", "false", '"no" # HERE'),
    case(
        "date as text",
        "zone",
        "a date or time|in quotes",
        '"zone-1"',
        "2026-01-01 # HERE",
    ),
    case(
        "table instead of an array of tables",
        "clusters",
        "a table|an array of tables|[[clusters]]",
        CLUSTERS,
        '[clusters] # HERE\nname = "cluster-1"\n',
    ),
    case(
        "text instead of an array",
        "primary_storages[0].luns",
        "'lun-a'|an array|luns = [",
        'luns = ["lun-a"]',
        'luns = "lun-a" # HERE',
    ),
    case(
        "text instead of a table",
        "lab",
        "'small'|a table with the keys io_timeout, scale|[lab]",
        'zone = "zone-1"',
        'zone = "zone-1"\nlab = "small" # HERE',
    ),
    case(
        "text among tables",
        "storage_servers[0].controllers[0].portals[0]",
        "'10.1.0.21'|a table with the keys address, port|[[storage_servers.controllers.portals]]",
        'portals = [{address = "10.1.0.21"}]',
        'portals = ["10.1.0.21"] # HERE',
    ),
    case(
        "array as address",
        "management_node.address",
        "an array|an IPv4 or IPv6 address|quotes",
        'address = "10.1.0.1"',
        'address = ["10.1.0.1"] # HERE',
    ),
    case(
        "table as size",
        f"{LUN_A}.size",
        "a table|number of bytes",
        '"20 GiB"',
        "{gib = 20} # HERE",
    ),
    case(
        "number in an array of texts",
        "primary_storages[1].luns[1]",
        "7|in quotes",
        '"lun-b"]',
        '"lun-b",\n7] # HERE',
    ),
]


@pytest.mark.parametrize(("field", "words", "edits"), [*UNKNOWN_KEYS, *MISSING_KEYS, *WRONG_TYPES])
def test_key_or_type_is_found(
    only_finding: Callable[..., None], field: str, words: str, edits: tuple[str, ...]
) -> None:
    only_finding(field, words, edits)
