"""Findings of names, numbers and serials that are not unique, and of references.

Each case changes the valid description small.toml; the comment `# HERE` marks the line that must
be reported.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sbsim.deployment import Finding


def case(name: str, field: str, words: str, *edits: str) -> Any:
    """Edits are old and new texts in turn; `words` (split by |) must be in the finding."""
    return pytest.param(field, words, edits, id=name)


LUN_B = "storage_servers[0].targets[0].luns[1]"

DUPLICATES = [
    case(
        "server name",
        "hosts[1].name",
        "'host-1'|another server|hosts[0].name",
        'name = "host-2"',
        'name = "host-1" # HERE',
        '"host-1", "host-2"]',
        '"host-1"]',
    ),
    case(
        "server name in another case",
        "storage_servers[0].name",
        "'MN'|management_node.name",
        'name = "array"\naddress',
        'name = "MN" # HERE\naddress',
    ),
    case("link name", "links[1].name", "'lan'|link", 'name = "office"', 'name = "lan" # HERE'),
    case(
        "cluster name",
        "clusters[1].name",
        "'cluster-1'|cluster",
        'name = "cluster-2"',
        'name = "cluster-1" # HERE',
    ),
    case(
        "primary storage name",
        "primary_storages[1].name",
        "'pool-1'|primary storage",
        'name = "pool-2"',
        'name = "pool-1" # HERE',
    ),
    case(
        "controller name",
        "storage_servers[0].controllers[1].name",
        "'left'|controller",
        'name = "right"',
        'name = "left" # HERE',
    ),
    case(
        "LUN name",
        f"{LUN_B}.name",
        "'lun-a'|LUN",
        'name = "lun-b"',
        'name = "lun-a" # HERE',
        'luns = ["lun-b"]',
        'luns = ["lun-c"]',
        '[[storage_servers.targets]]\niqn = "iqn.2015-05.org.example:two"',
        '[[storage_servers.targets.luns]]\nlun = 2\nname = "lun-c"\nsize = "9 GiB"\n'
        'serial = "c"\n[[storage_servers.targets]]\niqn = "iqn.2015-05.org.example:two"',
    ),
    case(
        "address",
        "hosts[1].address",
        "'10.1.0.11', which host-1 already has|every machine its own address",
        'address = "10.1.0.12"',
        'address = "10.1.0.11" # HERE',
    ),
    case(
        "further address written otherwise",
        "storage_servers[0].addresses[2]",
        "'fd00:1::12', which host-2 already has",
        '"10.3.0.21"]',
        '"10.3.0.21",\n "FD00:1:0::12"] # HERE',
    ),
    case(
        "initiator",
        "hosts[1].initiator",
        "'iqn.2016-05.org.example:host-1', which host-1 already has",
        '"iqn.2016-05.org.example:host-2"',
        '"iqn.2016-05.org.example:host-1" # HERE',
    ),
    case(
        "target",
        "storage_servers[0].targets[1].iqn",
        "another target|storage_servers[0].targets[0].iqn",
        "example:two",
        'example:one" # HERE\n#',
    ),
    case(
        "LUN number in a target",
        f"{LUN_B}.lun",
        "found 0, which lun-a already has in this target",
        "lun = 1",
        "lun = 0 # HERE",
    ),
    case(
        "portal",
        "storage_servers[0].controllers[1].portals[0].address",
        "'10.1.0.21' port 3260|controllers[0].portals[0]",
        'portals = [{address = "10.1.0.22", port = 3260}]',
        'portals = [{address = "10.1.0.21", port = 3260}] # HERE',
    ),
    case(
        "serial",
        f"{LUN_B}.serial",
        "'ser-0a', which lun-a already has",
        '"ser-0b"',
        '"ser-0a" # HERE',
    ),
    case(
        "tag",
        "storage_servers[0].controllers[1].tag",
        "the tag 1, which left already has|its position",
        'name = "right"',
        'name = "right"\ntag = 1 # HERE',
    ),
    case(
        "tag that meets another's position",
        "storage_servers[0].controllers[1].tag",
        "the tag 2, which left already has",
        'name = "left"',
        'name = "left"\ntag = 2',
        '[[storage_servers.controllers]]\nname = "right"',
        '[[storage_servers.controllers]] # HERE\nname = "right"',
    ),
    case(
        "host in a target's list",
        "storage_servers[0].targets[0].initiators[1]",
        "'host-1' a second time",
        '"host-1", "host-2"]',
        '"host-1",\n"host-1"] # HERE',
    ),
    case(
        "cluster in a primary storage's list",
        "primary_storages[1].clusters[1]",
        "'cluster-1' a second time",
        'clusters = ["cluster-1"]\nluns = ["lun-b"]',
        'clusters = ["cluster-1", "cluster-1"] # HERE\nluns = ["lun-b"]',
    ),
    case(
        "LUN in a primary storage's list",
        "primary_storages[1].luns[1]",
        "'lun-b' a second time",
        '"lun-b"]',
        '"lun-b",\n"lun-b"] # HERE',
    ),
    case(
        "LUN in two primary storages",
        "primary_storages[1].luns[1]",
        "'lun-a', which the primary storage pool-1 already has",
        '"lun-b"]',
        '"lun-b",\n"lun-a"] # HERE',
    ),
]

SERIALS = [
    case(
        "serials of one WWID",
        f"{LUN_B}.serial",
        "'s-E-r-0-A'|36001405e0a0|'ser-0a' of lun-a|only the hex digits of a serial count",
        '"ser-0b"',
        '"s-E-r-0-A" # HERE',
    ),
    case(
        "serial that zeros make equal",
        f"{LUN_B}.serial",
        "36001405e0a0000000000000000000000|'ser-0a' of lun-a|only the hex digits",
        '"ser-0b"',
        '"e0a00" # HERE',
    ),
    case("serial without hex digits", f"{LUN_B}.serial", "hex digits", '"ser-0b"', '"xyz" # HERE'),
    case("empty serial", f"{LUN_B}.serial", "found ''|1 to 253", '"ser-0b"', '"" # HERE'),
    case("serial with a blank", f"{LUN_B}.serial", "blanks", '"ser-0b"', '"a b" # HERE'),
]

T10 = 'inquiry = {designator = "t10"}'
ARRAY = 'addresses = ["10.1.0.22", "10.3.0.21"]'


@pytest.mark.parametrize("serial", ["xyz", "s-E-r-0-A"])
def test_t10_id_holds_the_whole_serial(
    findings_of: Callable[[str], list[Finding]], small: str, serial: str
) -> None:
    text = small.replace('"ser-0b"', f'"{serial}"')
    assert len(findings_of(text)) == 1
    assert findings_of(text.replace(ARRAY, f"{ARRAY}\n{T10}")) == []


REFERENCES = [
    case(
        "cluster of a host",
        "hosts[1].cluster",
        "'cluster-3'|the name of a cluster|did you mean 'cluster-",
        'cluster = "cluster-1"\naddress = "10.1.0.12"',
        'cluster = "cluster-3" # HERE\naddress = "10.1.0.12"',
    ),
    case(
        "initiator of a target",
        "storage_servers[0].targets[0].initiators[1]",
        "'hots-2'|the name of a host|did you mean 'host-2'?",
        '"host-1", "host-2"]',
        '"host-1",\n"hots-2"] # HERE',
    ),
    case(
        "LUN of a primary storage",
        "primary_storages[1].luns[1]",
        "'lun-x9'|the name of a LUN|'lun-",
        '"lun-b"]',
        '"lun-b",\n"lun-x9"] # HERE',
    ),
    case(
        "cluster of a primary storage",
        "primary_storages[1].clusters[0]",
        "'nowhere'|use one of 'cluster-1', 'cluster-2'",
        'clusters = ["cluster-1"]\nluns = ["lun-b"]',
        'clusters = ["nowhere"] # HERE\nluns = ["lun-b"]',
    ),
]


@pytest.mark.parametrize(("field", "words", "edits"), [*DUPLICATES, *SERIALS, *REFERENCES])
def test_name_or_reference_is_found(
    only_finding: Callable[..., None], field: str, words: str, edits: tuple[str, ...]
) -> None:
    only_finding(field, words, edits)
